"""What OSC costs, and what it survives: the parser, spoiled packets, a flood of messages, many knobs and surfaces.

    python -m benchmarks.osc [--seconds 5] [--rate 10000] [--packets 200000]

The flood comes from a process of its own while a loop drains 60 times a second, as a show does.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from pythonosc.osc_message_builder import build_msg

from installation.core.controls import Control
from installation.core.osc_packets import parse
from installation.engine.arbiter import Arbiter
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from tests.core.test_osc_packets import attack, bundle

ROUNDS = 20_000
FRAME = 1 / 60
CONTROLS = {
    control.address: control
    for control in [Control(f"/generator/direction/{number}", "a knob", "float", -3, 3) for number in range(50)]
}

FLOOD = """
import socket, sys, time
from pythonosc.osc_message_builder import build_msg
port, rate, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
packets = [build_msg(f"/generator/direction/{n % 50}", n / 1000).dgram for n in range(1000)]
mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mouth.connect(("127.0.0.1", port))
sent, began = 0, time.perf_counter()
while (gone := time.perf_counter() - began) < seconds:
    while sent < gone * rate:
        mouth.send(packets[sent % 1000])
        sent += 1
    time.sleep(0.0005)
print(sent)
"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=5.0, help="of flood")
    options.add_argument("--rate", type=float, default=10_000.0, help="messages a second")
    options.add_argument("--packets", type=int, default=200_000, help="spoiled ones")
    asked = options.parse_args()
    print(f"\n{platform.machine()}, CPython {platform.python_version()}, {platform.system()}\n")
    print("| what | measured |\n| --- | --- |")
    for what, measured in [*parsing(), *spoiled(asked.packets), *flood(asked.rate, asked.seconds), *crowds()]:
        print(f"| {what} | {measured} |")
    return 0


def parsing() -> Iterator[tuple[str, str]]:
    """The best of five, as the machine has other things to do."""
    one = build_msg("/walk/speed", 0.5).dgram
    cases = {
        "a float": (one, 1),
        "a text": (build_msg("/show/piece", "sitters").dgram, 1),
        "four arguments": (build_msg("/mixed", [1, 2.5, "text", True]).dgram, 1),
        "a bundle of 20 floats, each": (bundle(*[one] * 20), 20),
    }
    for name, (packet, messages) in cases.items():
        yield f"parse {name}", f"{best(parse, packet) / messages * 1e6:.2f} µs"


def best(work: Callable[[bytes], object], packet: bytes) -> float:
    def once() -> float:
        began = time.perf_counter()
        for _ in range(ROUNDS // 10):
            work(packet)
        return (time.perf_counter() - began) / (ROUNDS // 10)

    return min(once() for _ in range(10))


def spoiled(packets: int) -> Iterator[tuple[str, str]]:
    right, worst = attack(packets, seed=3)
    yield f"{packets:,} spoiled packets, still right", f"{right:,}"
    yield "the worst of them (processor time)", f"{worst * 1e3:.2f} ms"


def flood(rate: float, seconds: float) -> Iterator[tuple[str, str]]:
    inbox = Inbox(CONTROLS, {})
    server = OscServer(inbox, port=0, reply_port=0)
    command = [sys.executable, "-c", FLOOD, str(server.port), str(rate), str(seconds)]
    drains, cpu = [], time.process_time()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        while client.poll() is None:
            began = time.perf_counter()
            inbox.drain()
            drains.append(time.perf_counter() - began)
            time.sleep(FRAME)
        sent = int(client.stdout.read()) if client.stdout else 0
    time.sleep(0.5)  # what came last is still to be read
    cpu = (time.process_time() - cpu) / seconds
    server.close()
    drains.sort()
    yield f"flood of {rate:,.0f} messages a second, {seconds:g} s: lost", f"{sent - server.received:,} of {sent:,}"
    yield (
        "drain, p50 and p99",
        f"{statistics.median(drains) * 1e6:.0f} µs, {drains[len(drains) * 99 // 100] * 1e6:.0f} µs",
    )
    yield "processor time of the whole process", f"{cpu * 100:.0f} % of one core"


def crowds() -> Iterator[tuple[str, str]]:
    for moving in (0, 10, 50):
        yield from many(1000, 50, moving, 5.0)


def many(controls: int, surfaces: int, moving: int, seconds: float) -> Iterator[tuple[str, str]]:
    """What so many controls and surfaces cost a frame, in processor time: the loop's part, and the sending thread's."""
    table = {f"/generator/direction/{n}": Control(f"/generator/direction/{n}", "a knob") for n in range(controls)}
    inbox, arbiter = Inbox(table, {}), Arbiter()
    endpoints = [f"127.0.0.1:{20000 + number}" for number in range(surfaces)]
    server = OscServer(inbox, port=0, surfaces=endpoints, reply_port=0)
    loop, whole, frames = 0.0, time.process_time(), int(seconds / FRAME)
    rests: dict[str, float] = {}
    parts = {"input": 0.0, "arbiter": 0.0, "echo": 0.0}
    for frame in range(frames):
        for number in range(moving):
            inbox.put(
                f"/generator/direction/{(frame + number * 7) % controls}", frame % 100 / 100, frame * FRAME, "osc"
            )
        began = time.thread_time()
        asked = inbox.drain()
        drained = time.thread_time()
        values = arbiter.step(frame * FRAME, table, rests, {}, asked.touches)
        decided = time.thread_time()
        if frame % 2 == 0:
            server.echo(values)
        ended = time.thread_time()
        for name, took in zip(parts, (drained - began, decided - drained, ended - decided), strict=True):
            parts[name] += took
        loop += ended - began
        time.sleep(FRAME)
    whole = time.process_time() - whole - loop
    server.close()
    told = ", ".join(f"{name} {took / frames * 1e3:.2f}" for name, took in parts.items())
    what = f"{controls:,} controls, {surfaces} surfaces, {moving} moving"
    yield f"{what}: the loop, a frame", f"{loop / frames * 1e3:.2f} ms ({told})"
    yield f"{what}: all other threads, a frame", f"{whole / frames * 1e3:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
