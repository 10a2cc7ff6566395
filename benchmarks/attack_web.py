"""What ``benchmarks.attack`` does to a show's web pages, from this machine: connections that never finish asking, posts
of another site, PINs tried, and names that lead here (DNS rebinding). Each says what came of it."""

import http.client
import random
import socket
import time
from collections import Counter
from contextlib import ExitStack, suppress

SLOW = 400
"""Connections that are held open with a byte a second each."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> int:
    """The status of an answer; 0 where there is none within 5 s."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def slowloris(port: int, seconds: float) -> str:
    """Meanwhile the show's health is asked for ten times a second, which must be answered."""
    ends, waits, missed = time.monotonic() + seconds, list[float](), 0
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW)]
        for one in sockets:
            one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        while time.monotonic() < ends:
            began = time.monotonic()
            missed += not ask(port, "GET", "/healthz")
            waits.append(time.monotonic() - began)
            for one in sockets[len(waits) % 10 :: 10]:
                with suppress(OSError):
                    one.sendall(b"a")
            time.sleep(max(0.0, 0.1 - waits[-1]))
    return f"{len(waits) - missed} of {len(waits)} answers beside {SLOW} such, slowest {1000 * max(waits):.0f} ms"


def cross_site(port: int, seconds: float) -> str:
    """Posts as a page of another site sends them, to all that takes a post of an operator or a visitor."""
    headers = FORM | {"Host": f"127.0.0.1:{port}", "Origin": "http://evil.example"}
    paths, found, ends = ("/console/login", "/console/logout", "/vote"), Counter[int](), time.monotonic() + seconds
    while time.monotonic() < ends:
        found[ask(port, "POST", paths[found.total() % 3], "pin=1&piece=0", **headers)] += 1
    return told(found)


def pins(port: int, seconds: float) -> str:
    """Eight digits by chance, as the console's own page would send them: looked at 403, not looked at 429."""
    headers = FORM | {"Host": f"127.0.0.1:{port}", "Origin": f"http://127.0.0.1:{port}"}
    dice, found, ends = random.Random(7), Counter[int](), time.monotonic() + seconds
    while time.monotonic() < ends:
        found[ask(port, "POST", "/console/login", f"pin={dice.randrange(10**8):08}", **headers)] += 1
    return told(found)


def rebinding(port: int, seconds: float) -> str:
    """The console, and its WebSocket, under another's name."""
    headers = {"Host": f"rebound.example.com:{port}", "Origin": f"http://rebound.example.com:{port}"}
    paths, found, ends = ("/console", "/console/live"), Counter[int](), time.monotonic() + seconds
    while time.monotonic() < ends:
        found[ask(port, "GET", paths[found.total() % 2], **headers)] += 1
    return told(found)


def told(found: Counter[int]) -> str:
    return "answers: " + ", ".join(f"{count:,} x {status}" for status, count in sorted(found.items()))
