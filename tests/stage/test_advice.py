"""What a show is warned of before it hangs."""

from dataclasses import dataclass, field

import pytest

from installation.stage.advice import cut_off, languages, painted_size, stretch, stretched, warnings
from installation.stage.layout import How
from tests.plain_label import Label


@dataclass
class Options:
    width: int = 128
    height: int = 128


@dataclass
class Piece:
    name: str = "company"
    hang: How = "bleed"
    label: Label = field(default_factory=Label)
    generator: object = field(default_factory=Options)


@pytest.mark.parametrize(
    ("how", "picture", "times"),
    [("bleed", (128, 128), 15.0), ("bleed", (512, 512), 3.75), ("wall", (128, 128), 5.9), ("bleed", (320, 180), 6.0)],
)
def test_how_far_a_picture_is_stretched(how: How, picture: tuple[int, int], times: float) -> None:
    assert stretch(how, picture, (1920, 1080)) == pytest.approx(times, abs=0.1)


def test_a_small_picture_on_a_whole_wall_is_told() -> None:
    assert stretched("company", "bleed", (128, 128), (1920, 1080)) == (
        '"company": a picture of 128x128 is stretched 15 times on a wall of 1920x1080, which looks soft from near; '
        'hang = "wall" would stretch it 6 times'
    )
    assert stretched("company", "wall", (128, 128), (1920, 1080)) == ""
    assert stretched("tiny", "wall", (32, 32), (1920, 1080)).endswith("a larger model would be sharp")


def test_what_is_painted_is_known_or_not() -> None:
    assert painted_size(Piece()) == (128, 128)
    assert painted_size(Piece(generator=object())) is None


def test_a_show_is_warned_of_letters_and_softness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installation.stage.fonts.font_folders", lambda: iter(()))
    label = Label({"en": "Night", "ja": "夜警"}, text={"ja": "やけい"})
    told = warnings({"en": "A show"}, [Piece(label=label), Piece("views", "wall")])
    assert len(told) == 2
    assert "no installed font has Chinese, Japanese or Korean letters (夜)" in told[0]
    assert told[1].startswith('"company": a picture of 128x128')
    assert warnings({"en": "A show"}, [Piece("views", "wall")]) == []


@dataclass
class Tiled:
    tiles: tuple[int, int]


@pytest.mark.parametrize(
    ("tiles", "wall", "told"),
    [
        ((4, 1), (1920, 1080), "shows 44 % of a picture of 512x128; --size 1920x480 shows all of it"),
        ((4, 1), (1920, 512), ""),
        ((1, 1), (1920, 512), "shows 27 % of a picture of 128x128; tiles = [4, 1] paints one of the wall's shape"),
        ((1, 1), (1920, 1080), ""),
        ((1, 1), (1080, 2160), "shows 50 % of a picture of 128x128; tiles = [1, 2] paints one of the wall's shape"),
    ],
)
def test_a_wall_that_cuts_a_picture_is_told(tiles: tuple[int, int], wall: tuple[int, int], told: str) -> None:
    piece = Piece(generator=Tiled(tiles))
    assert told in cut_off(piece, (128 * tiles[0], 128 * tiles[1]), wall)
    assert bool(told) == bool(cut_off(piece, (128 * tiles[0], 128 * tiles[1]), wall))
    assert cut_off(Piece(hang="wall"), (512, 128), (1920, 1080)) == "", "a frame shows all of it"


def test_languages_are_counted() -> None:
    assert languages(["en"]) == "1 language (en)"
    assert languages(["en", "nl", "ar"]) == "3 languages (en, nl, ar)"
