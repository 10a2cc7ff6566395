"""The text of shows that benchmarks play: pieces that are voted for, a camera that steers them, a film before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HEAD = """
[show]
title = "{title}"
order = "votes"
languages = ["en", "nl"]
transition = {{ kind = "impasto", duration = "0.5 s" }}

[web]
port = {web}

[operator]
{operator}

[[sensor]]
kind = "camera"
name = "door"
source = "visitors.avi"
"""

PIECE = """
[[piece]]
name = "{name}"
duration = "{duration}"
generator = {generator}
walk = {{ kind = "wander" }}
hang = "{hang}"
label = {{ title = "{name}" }}

  [[piece.wire]]
  signal = "door.motion"
  control = "walk/speed"
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """``generator`` is a table of TOML on one line."""

    name: str
    generator: str
    hang: str


PLASMAS = tuple(
    Piece(palette, f'{{ kind = "plasma", palette = "{palette}" }}', hang)
    for palette, hang in (("umber", "wall"), ("verdigris", "bleed"), ("ultramarine", "wall"))
)


def write_show(
    path: Path, web: int, pieces: Iterable[Piece], duration: str, osc: int | None = None, more: str = ""
) -> None:
    """A show file and, beside it, the film that its camera sees. ``web`` and ``osc`` are ports; ``more`` tables."""
    film(path.with_name("visitors.avi"))
    operator = "enabled = false" if osc is None else f"port = {osc}"
    hung = (PIECE.format(name=it.name, duration=duration, generator=it.generator, hang=it.hang) for it in pieces)
    path.write_text(HEAD.format(title=path.stem, web=web, operator=operator) + more + "".join(hung))


def film(path: Path) -> None:
    """Somebody who walks to and fro: a bright square before the dark."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (320, 240))
    for number in range(90):
        writer.write(picture(number / 90))
    writer.release()


def picture(way: float) -> Any:
    """One picture of it, ``way`` 0..1 through the film."""
    made = np.full((240, 320, 3), 40, np.uint8)
    left = int(120 + 110 * np.sin(way * 2 * np.pi))
    made[60:180, left : left + 60] = 220
    return made
