"""Pictures whose own bytes carry a mark, and a server that hands them out as a channel's does; no test is here."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def picture(mark: str) -> bytes:
    """A small PNG with the mark in a comment."""
    words = PngInfo()
    words.add_text("Comment", mark)
    packed = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(packed, "PNG", pnginfo=words)
    return packed.getvalue()


@contextmanager
def channel() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server that hands out pictures by their path."""
    pictures = dict[str, bytes]()

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(pictures[self.path])))
            self.end_headers()
            self.wfile.write(pictures[self.path])

        def log_message(self, *_: object) -> None:
            """Standard error is no place for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", pictures
    finally:
        server.shutdown()
        server.server_close()
