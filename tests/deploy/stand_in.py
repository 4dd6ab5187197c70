"""A program that stands in for an engine or a service: it listens, answers 200, and notes when it was told to stop."""

import http.server
import signal
import sys
from pathlib import Path
from types import FrameType


class Answers200(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def main(name: str, port: str, note: str) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        with Path(note).open("a", encoding="utf-8") as told:
            told.write(f"{name}\n")
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write(f"{name} listens\n")
    sys.stdout.flush()
    http.server.HTTPServer(("127.0.0.1", int(port)), Answers200).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
