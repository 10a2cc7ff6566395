"""Files that would do harm where they are run, and what the reader says of each kind: python benchmarks/hostile.py

Reads every file of tests/training/hostile_pickles.py and hostile_files.py, and a network that is cut short, while the
interpreter's own audit events tell whether anything was opened for writing, imported, compiled, started or connected.
Prints how many were refused, and how long the slowest took. Ends with 1 where one was read, or anything happened.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.core.errors import ModelError  # noqa: E402
from installation.training.convert.containers import read  # noqa: E402
from installation.training.convert.run import recognised  # noqa: E402
from tests.training import hostile_files  # noqa: E402
from tests.training.hostile_pickles import called, odd, zips  # noqa: E402

WHOLE = ROOT / "tests" / "training" / "pickles" / "sg2-32-conditional.pkl"
SHARES = (0.0001, 0.003, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.99999)
GROUPS = {
    "call something, by every opcode that can, protocols 0 to 5": called,
    "exhaust the reader, lie about lengths, types and shapes, or are no pickle": odd,
    "zips": lambda: (*zips(), *hostile_files.zips()),
    "name storages without end, share numbers or hashes, or are networks of absurd sizes": lambda: (
        *hostile_files.pickles(),
        *hostile_files.networks(),
    ),
    "safetensors": hostile_files.safetensors,
    "a network that is cut short": lambda: ((str(share), cut(share)) for share in SHARES),
}


def cut(share: float) -> bytes:
    whole = WHOLE.read_bytes()
    return whole[: int(len(whole) * share)]


class Watch:
    """The interpreter's audit events, where one is no reading of a file."""

    def __init__(self) -> None:
        self.on, self.seen = False, Counter[str]()

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if self.on and not (event == "open" and details[1] in ("r", "rb", None)):
            self.seen[event] += 1


def refusal(raw: bytes, path: Path, watch: Watch) -> tuple[str, float]:
    """What was said of a file, empty where it was read; and the seconds that it took."""
    path.write_bytes(raw)
    began = time.process_time()
    watch.on = True
    try:
        recognised(read(path), path.name, None)
        said = ""
    except ModelError as error:
        said = str(error)
    finally:
        watch.on = False
    return said, time.process_time() - began


def main() -> int:
    for encoding in ("cp437", "raw-unicode-escape"):  # Python loads these when they are first needed
        b"a".decode(encoding)
    watch, left = Watch(), 0
    sys.addaudithook(watch)
    print("| hostile files | how many | refused in one line | events beside reading | slowest, processor s |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for what, files in GROUPS.items():
            path = Path(folder) / ("model.safetensors" if what == "safetensors" else "model.pkl")
            watch.seen.clear()
            answers = [refusal(raw, path, watch) for _, raw in files()]
            refused = sum(1 for said, _ in answers if said and said.isprintable())
            events, slowest = sum(watch.seen.values()), max(taken for _, taken in answers)
            print(f"| {what} | {len(answers)} | {refused} | {events} | {slowest:.2f} |")
            left += len(answers) - refused + events
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
