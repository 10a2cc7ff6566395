"""A process of its own that opens what may crash, hang or load much: a GL context, cameras, sound, a piece's generator.
It prints what it finds as lines of JSON, of which the last counts."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from installation.core.errors import VernissageError

PAINTS, LONGEST = 40, 4.0
"""How often a generator paints to be measured, and for how many seconds at most."""
WARM = 3
"""Its first paints, which do not count."""


def gl() -> Iterator[dict[str, Any]]:
    """What draws the wall."""
    from installation.stage import open_stage

    stage = open_stage("headless", (64, 64))
    yield {"renderer": stage.renderer, "software": stage.software}
    stage.close()


def devices(kind: str) -> Iterator[dict[str, Any]]:
    """What a kind of sensor could open, in words."""
    from installation.core import parts

    yield {"devices": list(parts.config("sensor", kind).devices() or ())}


def piece(name: str, device: str, show: str, folder: str) -> Iterator[dict[str, Any]]:
    """How fast a piece is painted: as it is first opened, then by the fastest runtime, which may have to be made."""
    from installation.core.contracts import Accelerates
    from installation.core.disk_cache import DiskCache
    from installation.showfile.load import load

    pieces = {one.name: one for one in load(Path(show)).pieces}
    generator = pieces[name].generator.open(device)
    walk = pieces[name].walk.open(generator, 1)
    rests = pieces[name].rests()
    found = {"device": getattr(generator, "device", ""), **_measured(generator, walk, rests)}
    found["waits"] = isinstance(generator, Accelerates)
    yield found
    if isinstance(generator, Accelerates):
        generator.accelerate(DiskCache(Path(folder) / "cache"))
        yield {**found, **_measured(generator, walk, rests), "waits": False}


def _measured(generator: Any, walk: Any, rests: Any) -> dict[str, Any]:
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < PAINTS and (len(taken) < WARM + 2 or time.perf_counter() - began < LONGEST):
        latent, start = walk.at(float(len(taken)), rests), time.perf_counter()
        pixels = generator.paint(latent, rests)
        taken.append(time.perf_counter() - start)
    middle = sorted(taken[WARM:])[len(taken[WARM:]) // 2]
    size = f"{pixels.shape[1]}x{pixels.shape[0]}"
    return {"fps": round(1.0 / middle, 1), "runtime": str(getattr(generator, "runtime", "")), "size": size}


LOOKS: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {"gl": gl, "devices": devices, "piece": piece}


def main(words: Sequence[str]) -> int:
    """Exit status: 0, and 1 where something was in the way, which is said as ``trouble``."""
    try:
        for found in LOOKS[words[0]](*words[1:]):
            print(json.dumps(found), flush=True)
    except (VernissageError, OSError, RuntimeError) as error:
        print(json.dumps({"trouble": str(error)}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
