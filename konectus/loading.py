"""Loading a process. Its entry point imports this before anything else, and calls `over` before it works.

What modules make stays for good. Looking it through for garbage again and again was a fifth of the time to start.
"""

import gc

gc.disable()


def over() -> None:
    """What is loaded by now is never looked through; what the work makes from here on is."""
    gc.freeze()
    gc.enable()
