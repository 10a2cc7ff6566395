"""A show's web page under siege: ``siege`` attacks it for a while, and says what came of it.

* a thousand connections that send a request's headers one byte at a time (slowloris);
* votes and PINs that another site's page posts, and requests for a name that was rebound to this machine;
* somebody who guesses PINs.

All the while a visitor opens the page twice a second.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import numpy as np

from installation.web.listener import raise_file_limit

SLOW, DRIP = 1000, 1.0
"""Slow connections, and the seconds between two bytes of each."""
RATE = 20.0
"""Forged requests and guesses a second, of each."""
VISITS = 2.0
"""Pages a second that the visitor opens."""
TIMEOUT = 30.0
FORM = "Content-Type: application/x-www-form-urlencoded"
ELSEWHERE = "Origin: http://elsewhere.example\r\nSec-Fetch-Site: cross-site"
VOTE = "round=1&choice=umber"

Told = Counter[str]


async def ask(port: int, method: str, path: str, headers: str = "", body: str = "", host: str = "") -> int:
    """The status of the answer; 0 where there is none."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Connection: close", headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    request = "\r\n".join(line for line in lines if line) + f"\r\n\r\n{body}"
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode())
            answer = await reader.read()
            writer.close()
            return int(answer.split(b" ", 2)[1]) if answer else 0
    except (OSError, TimeoutError):
        return 0


async def drip(port: int, told: Told) -> None:
    """Slow connections, one after another: each is begun anew when the server closes it."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            closed = asyncio.ensure_future(reader.read(1))
            for letter in b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000:
                writer.write(bytes((letter,)))
                if (await asyncio.wait((closed,), timeout=DRIP))[0]:
                    break
            told["slow ones closed"] += 1
            writer.close()
        except OSError:
            await asyncio.sleep(DRIP)


async def forge(port: int, told: Told) -> None:
    """What only a visitor or an operator may send, as another site's page would send it."""
    for status in (
        await ask(port, "POST", "/vote", f"{FORM}\r\n{ELSEWHERE}", VOTE),
        await ask(port, "POST", "/console/login", f"{FORM}\r\n{ELSEWHERE}", "pin=00000000"),
        await ask(port, "GET", "/", host="rebound.example.com"),
        await ask(port, "GET", "/console", host="rebound.example.com"),
    ):
        told["forged"] += 1
        told["forged refused"] += 400 <= status < 500


async def guess(port: int, told: Told) -> None:
    pin = f"{secrets.randbelow(10**8):08}"
    status = await ask(port, "POST", "/console/login", f"{FORM}\r\nOrigin: http://127.0.0.1:{port}", f"pin={pin}")
    told["guesses"] += 1
    told["guesses looked at"] += status != 429
    told["guesses let in"] += status == 303


async def at(rate: float, what: Callable[[], Awaitable[None]]) -> None:
    """Does something ``rate`` times a second, or as often as it can."""
    while True:
        began = time.monotonic()
        await what()
        await asyncio.sleep(max(0.0, 1.0 / rate - (time.monotonic() - began)))


async def _siege(port: int, seconds: float) -> str:
    async with asyncio.timeout(TIMEOUT):
        while await ask(port, "GET", "/") != 200:  # the show's page comes up after the show
            await asyncio.sleep(0.2)
    told, waits = Counter[str](), list[float]()

    async def visit() -> None:
        began = time.monotonic()
        told["pages"] += await ask(port, "GET", "/") == 200
        waits.append(1000.0 * (time.monotonic() - began))

    works = [drip(port, told) for _ in range(SLOW)]
    works += [at(RATE / 4, lambda: forge(port, told)), at(RATE, lambda: guess(port, told)), at(VISITS, visit)]
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    middle, worst = np.percentile(waits, (50, 99))
    return "; ".join(
        (
            f"{told['pages']} of {len(waits)} pages, p50 {middle:.0f} ms, p99 {worst:.0f} ms",
            f"{told['slow ones closed']} slow connections closed",
            f"{told['forged refused']} of {told['forged']} forged requests refused",
            f"{told['guesses']} PINs guessed, {told['guesses looked at']} looked at, {told['guesses let in']} let in",
        )
    )


def siege(port: int, seconds: float) -> str:
    """What came of it, in words."""
    raise_file_limit()
    return asyncio.run(_siege(port, seconds))
