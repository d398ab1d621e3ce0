"""From the channels to the store and back: doors, worker, sender, and the simulator that stands in for channels."""
