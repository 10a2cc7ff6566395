"""The portrait of the day: at closing, the picture at the place that the room likes most, kept in the state folder.

``portraits/2026-11-27.jpg`` has the picture, ``portraits/2026-11-27.json`` beside it which piece painted it, from how
many likes and passes, and where in the model's latent space it is. A thread of its own opens a generator of its own and
closes it, so that the wall goes on. Those of the last KEPT days stay.
"""

import io
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from installation.core.atomic_write import write_whole
from installation.core.contracts import Generator, Pixels
from installation.core.controls import Values
from installation.core.decision import Playback
from installation.core.errors import VernissageError
from installation.core.folders import PORTRAITS
from installation.core.latest import Latest
from installation.engine.taste import AXES, Belief, best, latent_at

log = logging.getLogger(__name__)

KEPT = 30
PULL = 2.0
"""Standard deviations from the mean that a portrait is painted at, at most."""

MORNING, HANGS, EASE = 3600.0, 30.0, 8.0
"""Seconds of a day in which the portrait of the day before comes, in which it hangs, and in which it becomes a walk."""

QUALITY = 92
LARGEST = 1 << 16
"""Bytes of a portrait's description at most."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What is kept beside the picture: the day (ISO 8601), the piece, the model's digest, from what it was made, and
    its place (AXES,)."""

    day: str
    piece: str
    model: str
    likes: int
    passes: int
    place: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sitting:
    """A portrait to be painted, of a day (ISO 8601): by which piece's generator, with which controls, of what is
    believed of its model."""

    day: str
    piece: str
    model: str
    open: Callable[[], Generator]
    controls: Values
    belief: Belief


class Days:
    """Follows opening and closing: ``ends`` once a frame, then ``stands``."""

    def __init__(self) -> None:
        self._last: tuple[bool, str] | None = None
        self._began = 0.0

    def is_over(self, day: str) -> bool:
        """Whether a day is before today; days are as ISO 8601 has them."""
        return self._last is not None and day < self._last[1]

    def ends(self, now: float, is_open: bool, today: str) -> str | None:
        """The day that has just ended at ``now`` (s): as the exhibition closes, or at midnight where it does not."""
        last, self._last = self._last, (is_open, today)
        if last == self._last:
            return None
        if is_open:
            self._began = now
        if last is None or not last[0]:
            return None
        return last[1]

    def stands(self, now: float, playback: Playback, piece: int) -> float:
        """How much a piece stands at the portrait of the day before (0..1): in the first hour of a day, and of a run,
        from when it comes on for HANGS seconds; then it eases to its walk."""
        if playback.coming == piece:
            return float(now - self._began < MORNING)
        if playback.piece != piece or playback.since - self._began >= MORNING:
            return 0.0
        left = 1.0 - min(max((now - playback.since - HANGS) / EASE, 0.0), 1.0)
        return left * left * (3.0 - 2.0 * left)


class Portraits:
    """``ask`` never waits. ``newest`` is the last portrait, of whatever day; None before there is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / PORTRAITS
        self.newest: Portrait | None = None
        self._waiting: Latest[Sitting] = Latest()
        self._thread = threading.Thread(target=self._run, name="portrait", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, sitting: Sitting) -> None:
        self._waiting.put(sitting)

    def close(self, timeout: float = 10.0) -> None:
        """Finishes the portrait that is being painted, for at most ``timeout`` seconds."""
        self._waiting.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        self.newest = next(iter(kept(self.folder)), None)
        while (sitting := self._waiting.wait()) is not None:
            try:
                self.newest = self._paint(sitting)
                log.info("the portrait of %s is painted", sitting.day)
            except (VernissageError, OSError, ValueError, RuntimeError) as error:
                log.warning("the portrait of %s was not painted (%s)", sitting.day, error)

    def _paint(self, sitting: Sitting) -> Portrait:
        generator = sitting.open()
        place = best(sitting.belief, PULL)
        pixels = generator.paint(latent_at(generator.space, place), sitting.controls)
        belief, shares = sitting.belief, tuple(round(float(one), 4) for one in place)
        portrait = Portrait(sitting.day, sitting.piece, sitting.model, belief.likes, belief.passes, shares)
        keep(self.folder, portrait, pixels)
        return portrait


def keep(folder: Path, portrait: Portrait, pixels: Pixels) -> None:
    """Writes a portrait, in place of an earlier one of the day, and removes those that are too old. Raises OSError."""
    from PIL import Image  # here: the thread has the time

    out = io.BytesIO()
    comment = f"{portrait.piece}, {portrait.day}: {portrait.likes} likes, {portrait.passes} passes"
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "JPEG", quality=QUALITY, comment=comment)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{portrait.day}.jpg", out.getvalue())
    write_whole(folder / f"{portrait.day}.json", json.dumps(asdict(portrait)).encode())
    for old in _days(folder)[KEPT:]:
        (folder / f"{old}.json").unlink(missing_ok=True)
        (folder / f"{old}.jpg").unlink(missing_ok=True)


def kept(folder: Path) -> list[Portrait]:
    """The portraits that there are, the newest first; a description that cannot be read is left out."""
    read = (_read(folder / f"{day}.json") for day in _days(folder)[:KEPT])
    return [portrait for portrait in read if portrait is not None]


def _days(folder: Path) -> Sequence[str]:
    names = [path.stem for path in folder.glob("????-??-??.json")] if folder.is_dir() else []
    return sorted(names, reverse=True)


def _read(path: Path) -> Portrait | None:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(LARGEST))
        return _checked(found)
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s cannot be read (%s)", path, error)
        return None


def _checked(found: Mapping[str, object]) -> Portrait:
    """Raises ValueError, TypeError or KeyError for what is no portrait."""
    place = np.asarray(found["place"], float)
    if place.shape != (AXES,) or not np.isfinite(place).all():
        raise ValueError(f"found a place of {place.size} numbers, expected {AXES}")
    day, piece, model = str(found["day"]), str(found["piece"]), str(found["model"])
    return Portrait(day, piece, model, int(str(found["likes"])), int(str(found["passes"])), tuple(place.tolist()))
