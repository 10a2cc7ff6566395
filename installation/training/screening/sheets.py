"""Two sheets to look at after screening: the pictures kept, and those dropped, each with its name and the reason."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from installation.core.atomic_write import write_whole
from installation.training.dataset.decoding import Picture
from installation.training.dataset.pictures import spread
from installation.training.screening.run import Reason, Screening

KEPT, DROPPED = "screen_kept.png", "screen_dropped.png"
MOST = 196
"""Pictures on a sheet."""
TILE, GAP, LINE, LINES = 136, 14, 14, 4
"""Pixels of a picture's side, between pictures, and of a line of text; lines below a picture."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

WALL, INK, QUIET = (24, 24, 23), (232, 230, 225), (160, 156, 148)


def save_sheets(work: Screening) -> None:
    kept = [index for index in range(len(work.names)) if work.kept(index)]
    rare = rarity(work.reasons)
    dropped = sorted(set(range(len(work.names))) - set(kept), key=lambda index: (rare(index), index))
    shown = [kept[at] for at in spread(len(kept), MOST)] if kept else []
    save(sheet(work, shown, f"{len(kept)} kept"), work.folder / KEPT)
    save(sheet(work, dropped[:MOST], f"{len(dropped)} dropped"), work.folder / DROPPED)


def save(picture: Image.Image, path: Path) -> None:
    whole = io.BytesIO()
    picture.save(whole, "PNG")
    write_whole(path, whole.getvalue())


def rarity(reasons: Sequence[Sequence[Reason]]) -> Callable[[int], tuple[int, str]]:
    """The sort key: pictures with the same kind of reason are adjacent, the rarest kind first."""
    often = Counter(reason.kind for each in reasons for reason in each)
    return lambda index: min(((often[reason.kind], reason.kind) for reason in reasons[index]), default=(0, ""))


def sheet(work: Screening, shown: Sequence[int], title: str) -> Image.Image:
    """Pictures with labels in about as many columns as rows; where not all are shown, the title says so."""
    columns = max(6, int(np.ceil(np.sqrt(len(shown) * 1.3))))
    lines = LINES if any(work.row(index).get("why") for index in shown) else 1
    height = TILE + lines * LINE + GAP
    wall = Image.new(
        "RGB", (GAP + columns * (TILE + GAP), 3 * GAP + LINE + -(-len(shown) // columns) * height + GAP), WALL
    )
    draw = ImageDraw.Draw(wall)
    draw.text((GAP, GAP), f"{work.folder.name}: {title}, {len(shown)} shown", INK, ImageFont.load_default(15))
    for number, index in enumerate(shown):
        x, y = GAP + number % columns * (TILE + GAP), 3 * GAP + LINE + number // columns * height
        wall.paste(tile(work, index), (x, y))
        label(draw, x, y + TILE + 4, work, index)
    return wall


def tile(work: Screening, index: int) -> Image.Image:
    """The picture, and small in its corner the one that is kept instead of it."""
    whole = scaled(work.pictures[index], TILE)
    twin = next((reason.twin for reason in work.reasons[index] if reason.twin), None)
    if twin and not work.kept(index):
        side = TILE * 2 // 5
        whole.paste(INK, (TILE - side - 2, TILE - side - 2, TILE, TILE))
        whole.paste(scaled(work.pictures[work.names.index(twin)], side), (TILE - side, TILE - side))
    return whole


def scaled(picture: Picture, side: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture)).resize((side, side), Image.Resampling.LANCZOS)


def label(draw: ImageDraw.ImageDraw, x: int, y: int, work: Screening, index: int) -> None:
    font = ImageFont.load_default(11)
    row = work.row(index)
    by = "" if row.get("who") in ("screen", "", None) else f" ({row['who']})"
    words = row.get("why", "") + by
    for number, line in enumerate(wrapped([Path(work.names[index]).name], font, 1) + wrapped(words.split(), font, 3)):
        draw.text((x, y + number * LINE), line, QUIET if number else INK, font)


def wrapped(words: Sequence[str], font: Font, lines: int) -> list[str]:
    """The words in up to so many lines of TILE pixels; what is too long is cut."""
    wrapped = [""]
    for word in words:
        longer = f"{wrapped[-1]} {word}".strip()
        if not wrapped[-1] or font.getlength(longer) <= TILE:
            wrapped[-1] = longer
        else:
            wrapped.append(word)
    more = " …" if len(wrapped) > lines else ""
    return [cut(line, font) for line in (*wrapped[: lines - 1], "".join(wrapped[lines - 1 : lines]) + more)]


def cut(line: str, font: Font) -> str:
    """A line that is too long without its end."""
    fits = line
    while font.getlength(fits) > TILE:
        fits = fits.removesuffix("…")[:-1] + "…"
    return fits
