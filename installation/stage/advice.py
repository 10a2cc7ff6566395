"""Warnings before a show starts: letters that no font has, small pictures that are enlarged much."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from installation.core.counts import counted
from installation.core.errors import ModelError
from installation.networks.model_file import painted_side, read_header
from installation.stage.fonts import Faces
from installation.stage.labels import Label
from installation.stage.layout import How, Size, arrange

WALL = (1920, 1080)
"""The wall that pictures are measured against where no other is named."""
SOFT = 12.0
"""Pixels of the wall to one of the picture above which it looks soft to a viewer in front of it."""


class Piece(Protocol):
    """A piece as a show file says it."""

    @property
    def name(self) -> str: ...
    @property
    def hang(self) -> How: ...
    @property
    def label(self) -> Label: ...
    @property
    def generator(self) -> object: ...


def warnings(titles: Mapping[str, str], pieces: Sequence[Piece], wall: Size = WALL) -> list[str]:
    """Warnings, as sentences, about what will not look as intended. Opens no window; looks through the installed
    fonts."""
    texts = [*titles.values(), *(text for piece in pieces for text in _texts(piece.label))]
    sized = [(piece, size) for piece in pieces if (size := painted_size(piece))]
    soft = (stretched(piece.name, piece.hang, size, wall) for piece, size in sized)
    cut = (cut_off(piece, size, wall) for piece, size in sized)
    return [*Faces().missing("".join(texts)), *filter(None, (*soft, *cut))]


def _texts(label: Label) -> Iterator[str]:
    for words in (label.title, label.medium, label.date, label.text):
        yield from words.values()


def painted_size(piece: Piece) -> Size | None:
    """Width and height of what a piece's generator paints, as far as its options or its model's header tell."""
    options = piece.generator
    width, height, model = (getattr(options, name, None) for name in ("width", "height", "model"))
    if isinstance(width, int) and isinstance(height, int):
        return width, height
    if model is None:
        return None
    try:
        side = painted_side(read_header(model), brush=getattr(options, "brush", 1.0) > 0)
    except ModelError:
        return None
    across, down = getattr(options, "tiles", (1, 1))
    return (side * across, side * down) if side else None


def stretch(how: How, picture: Size, wall: Size) -> float:
    """Pixels of the wall to one of the picture, along an edge."""
    rect = arrange(how, wall, picture[0] / picture[1]).picture
    return max(rect.width / picture[0], rect.height / picture[1])


def stretched(name: str, how: How, picture: Size, wall: Size) -> str:
    """The warning for a picture that is enlarged too much; empty for the others."""
    times = stretch(how, picture, wall)
    if times < SOFT:
        return ""
    framed = stretch("wall", picture, wall)
    cure = f'hang = "wall" would stretch it {framed:.0f} times' if how == "bleed" else "a larger model would be sharp"
    return (
        f'"{name}": a picture of {picture[0]}x{picture[1]} is stretched {times:.0f} times on a wall of '
        f"{wall[0]}x{wall[1]}, which looks soft from near; {cure}"
    )


def cut_off(piece: Piece, picture: Size, wall: Size) -> str:
    """The warning for a picture of which a wall of another shape shows half or less where it bleeds; empty for the
    others."""
    wider = picture[0] * wall[1] / (picture[1] * wall[0])
    if piece.hang != "bleed" or 0.5 < wider < 2.0:
        return ""
    shown = f"{100 * min(wider, 1 / wider):.0f} %"
    return (
        f'"{piece.name}": a wall of {wall[0]}x{wall[1]} shows {shown} of a picture of {picture[0]}x{picture[1]}; '
        f"{_fitting(piece, picture, wall)}"
    )


def _fitting(piece: Piece, picture: Size, wall: Size) -> str:
    """What to write so that more is seen: another size of the wall for a wide picture, tiles for one that may have
    them, as none with a refiner may."""
    tiles, model = getattr(piece.generator, "tiles", None), getattr(piece.generator, "model", None)
    if tiles != (1, 1) or (model and read_header(model).get("refiner")):
        high = max(2, 2 * round(wall[0] * picture[1] / picture[0] / 2))
        return f'--size {wall[0]}x{high} shows all of it, hang = "wall" all of it in a frame'
    across, down = max(1, round(wall[0] / wall[1])), max(1, round(wall[1] / wall[0]))
    return f"tiles = [{min(across, 8)}, {min(down, 8)}] paints one of the wall's shape"


def languages(codes: Iterable[str]) -> str:
    """``3 languages (en, nl, ar)``."""
    known = list(codes)
    return f"{counted(len(known), 'language')} ({', '.join(known)})"
