"""Servers on this machine that take what alerts send: a web server and a mail server, each as much as a test needs."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Web(ThreadingHTTPServer):
    """Keeps the bodies of POST and the paths of GET, and answers with ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = 200
        self.posted: list[Any] = []
        self.asked: list[str] = []
        self.tries = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.posted.append(body)
        self._finish()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._finish()

    def _finish(self) -> None:
        self.server.tries += 1
        self.send_response(self.server.status)
        if self.server.status in (301, 307):
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests look at what came."""


class Mail(socketserver.ThreadingTCPServer):
    """Keeps the letters, with (sender, recipients, text); ``refuse`` is the answer to a login or a recipient."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.letters: list[tuple[str, list[str], str]] = []
        self.refuse = ""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Post(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self.say("220 stand-in")
        sender, recipients = "", list[str]()
        while line := self.rfile.readline().decode().strip():
            word = line.partition(" ")[0].upper()
            if word == "EHLO":
                self.say("250-stand-in\r\n250 AUTH PLAIN")
            elif word == "AUTH":
                self.say(self.server.refuse or "235 welcome")
            elif word == "MAIL":
                sender = line
                self.say("250 ok")
            elif word == "RCPT":
                recipients.append(line)
                self.say("250 ok")
            elif word == "DATA":
                self.say("354 go on")
                self.server.letters.append((sender, recipients, self.text()))
                self.say("250 ok")
            else:
                self.say("221 bye" if word == "QUIT" else "250 ok")

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        return "\n".join(lines)

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
