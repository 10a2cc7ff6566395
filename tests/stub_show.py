"""A show without a picture, for tests of the supervisor: ``python -m tests.stub_show FOLDER CONDUCT [CONDUCT ...]``.

Each life takes the next conduct, the last one for ever, and writes what it was told to ``lives.jsonl``.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from installation.process.heartbeat import Heartbeat, Supervised

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def main() -> int:
    folder, conducts = Path(sys.argv[1]), sys.argv[2:-1]  # the last word is the supervisor's
    heartbeat = Supervised(folder)
    lives = folder / "lives.jsonl"
    number = len(lives.read_text().splitlines()) if lives.exists() else 0
    conduct = conducts[min(number, len(conducts) - 1)]
    beside = -1
    if conduct == "beside":
        beside = subprocess.Popen([sys.executable, "-c", STUBBORN], process_group=0).pid
    with lives.open("a") as file:
        orders = heartbeat.orders
        life = {"pid": os.getpid(), "beside": beside, "restarts": orders.restarts, "safe": orders.safe}
        file.write(json.dumps(life | {"seconds": orders.seconds, "why": orders.why}) + "\n")
    if conduct == "to mend":
        return 2
    play(heartbeat, 3)
    return act(conduct, heartbeat, folder)


def act(conduct: str, heartbeat: Heartbeat, folder: Path) -> int:
    if conduct == "dies":
        os._exit(7)
    if conduct == "hangs":
        stand_still()
    if conduct == "hangs in a driver":
        while True:  # a signal ends a sleep
            ctypes.PyDLL(None).sleep(1000)  # with the interpreter's lock held
    if conduct == "renews":
        heartbeat.renew("had grown by 1124 MB")
        return 0
    if conduct == "ends":
        heartbeat.finishing()
        return 5
    while conduct == "tells its notes" and not heartbeat.gone.is_set():
        play(heartbeat, 1)
        (folder / "notes").write_text("\n".join(heartbeat.notes))
    play(heartbeat, 10**9, "" if conduct == "is dark" else "stub")
    heartbeat.finishing()
    return 0


def play(heartbeat: Heartbeat, frames: int, piece: str = "stub") -> None:
    for number in range(frames):
        heartbeat.beat(number, piece, settled=True)
        if heartbeat.gone.wait(0.02):
            return


def stand_still() -> None:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    time.sleep(1000)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
