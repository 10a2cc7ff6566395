"""Labels and the vote panel: every script, either direction, nothing out of the card."""

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont, features

from installation.core.words import PanelWords
from installation.engine.view import Panel
from installation.stage.bidi import directions, is_rtl
from installation.stage.cards import CREAM, SMOKE, Press
from installation.stage.font_letters import letters
from installation.stage.fonts import Faces, font_folders, package_for, script_of, suits
from installation.stage.joining import seen
from installation.stage.labels import in_language, shown_languages, typeset
from installation.stage.layout import Layout, Rect, arrange
from installation.stage.panel import BAR, MORE, Poll, content, fitting, remaining
from installation.stage.typesetting import Setter
from tests.plain_label import Label

ARABIC = "وجوه لم تجلس قط"
HEBREW = "פנים שלא ישבו"


FULL = Label(
    {"en": "Sitters who never sat", "nl": "Zitters die nooit zaten"},
    {"en": "Neural network", "nl": "Neuraal netwerk"},
    {"en": "2026"},
    {"en": "Four people who never lived. " * 3, "nl": "Vier mensen die nooit hebben geleefd. " * 3},
)


@pytest.fixture(scope="module")
def press() -> Press:
    return Press()


@pytest.fixture(scope="module")
def setter(press: Press) -> Setter:
    return press.setter


def ink(card) -> np.ndarray:
    """Where a cream card is printed on: (h, w) of its paper."""
    height, width = card.paper[1], card.paper[0]
    paper = card.pixels[card.margin : card.margin + height, card.margin : card.margin + width]
    return paper[..., :3].max(axis=2) < 120


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("text", "rtl"), [("Sitters", False), (ARABIC, True), (f"12 {HEBREW}", True), ("2026", False), ("“R” שלום", False)]
)
def test_the_first_letter_gives_the_direction(text: str, rtl: bool) -> None:
    assert is_rtl(text) is rtl


@pytest.mark.parametrize(
    ("text", "rtl", "seen"),
    [
        ("one two", False, ["one two"]),
        ("one אבג two", False, ["one ", "אבג", " two"]),
        ("אבג one דהו", True, [" דהו", "one", "אבג "]),
        ("אבג 2026", True, ["2026", "אבג "]),
        ("אבג (one)", True, [")", "one", "אבג ("]),
        ("one, two", True, ["one, two"]),
        ("אבג 50% דהו", True, [" דהו", "50%", "אבג "]),
        ("אבג €20, $5", True, ["$5", ", ", "€20", "אבג "]),
        ("אבג 3.5-4.5", True, ["3.5-4.5", "אבג "]),
        ("אבג (1642–1669)", True, [")", "1669", "–", "1642", "אבג ("]),
        ("אבג (דהו) one", False, ["אבג (דהו)", " one"]),
        ("one (אבג 12) two", False, ["one (12", "אבג ", ") two"]),
        ("אבג\u202eone", True, ["one", "אבג\u202e"]),
    ],
)
def test_parts_stand_where_they_are_read(text: str, rtl: bool, seen: list[str]) -> None:
    assert [part for part, _ in directions(text, rtl)] == seen


@given(st.text("ab אב 12().,", max_size=30), st.booleans())
def test_no_letter_is_lost_in_turning(text: str, rtl: bool) -> None:
    assert sorted("".join(part for part, _ in directions(text, rtl))) == sorted(text)


@pytest.mark.parametrize("text", ["Four people who never lived. Come closer.", ARABIC * 3, "Donaudampfschifffahrt" * 4])
def test_lines_fit_and_lose_nothing(setter: Setter, text: str) -> None:
    lines = setter.lines(text, "text", 15, 120)
    assert len(lines) > 1
    assert all(line.width <= 120 for line in lines)
    letters = sorted("".join(run.text for line in lines for run in line.runs))
    assert [letter for letter in letters if letter != " "] == sorted(text.replace(" ", ""))


def test_a_line_that_is_cut_says_so(setter: Setter) -> None:
    line = setter.line("A very long name of a piece", "text", 14, 80)
    assert line.width <= 80
    assert line.runs[-1].text.endswith("…")


def test_a_sign_beside_arabic_numbers_stays_with_the_line() -> None:
    assert [part for part, _ in directions("تجلس ١٢ + ١٣", True)] == ["١٣", " + ", "١٢", "تجلس "]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("تجلس", "\ufeb2\ufee0\ufea0\ufe97"),
        ("قط", "\ufec2\ufed7"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
        ("لا", "\ufefb"),
        ("دار", "\ufead\ufe8d\ufea9"),
        ("پیر", "\ufeae\ufbff\ufb58"),
        ("(א)", "(א)"),
        ("שּׁ", "שּׁ"),
    ],
)
def test_without_a_shaping_library_letters_are_joined_by_hand(word: str, expected: str) -> None:
    assert seen(word, lambda _: True) == expected


def test_a_form_that_a_font_has_not_stays_a_letter() -> None:
    assert seen("قط", lambda letter: letter < "\u0700") == "طق"


def test_labels_run_right_where_nothing_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with the library: as wide, within a little, and joined."""
    if not Faces().has(Faces()._found("ARABIC", "و", "text") or Path(), "\ufee0"):
        pytest.skip("no font with Arabic forms here")
    with_it = Setter(Faces()).line(ARABIC, "text", 20, 500).width
    monkeypatch.setattr(ImageFont.core, "HAVE_RAQM", False)
    line = Setter(Faces()).line(ARABIC, "text", 20, 500)
    assert line.rtl
    assert line.width == pytest.approx(with_it, rel=0.1)
    assert "\ufee0" in line.runs[0].drawn


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow shapes nothing here; Debian: libfribidi0")
def test_arabic_is_joined(setter: Setter) -> None:
    """Letters that stand in a word are narrower than the same ones apart."""
    word = setter.lines("تجلس", "text", 20, 500)[0]
    apart = sum(setter.lines(letter, "text", 20, 500)[0].width for letter in "تجلس")
    assert word.rtl
    assert word.width < 0.9 * apart


# ---------------------------------------------------------------- fonts


def test_latin_greek_and_cyrillic_are_ours() -> None:
    faces = Faces(folders=[])
    for text in ("Ça Łódź naïve “ü” – …", "Ρέμπραντ", "Рембрандт"):
        fonts = {Path(str(font.path)).name for _, font in faces.split(text, "text", 20)}
        assert fonts == {"SourceSerifPro-Regular.ttf"}


def test_a_script_without_font_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    faces = Faces(folders=[])
    with caplog.at_level(logging.WARNING):
        faces.split(ARABIC, "text", 20)
        faces.split(ARABIC, "title", 20)
        faces.split("漢字", "text", 20)
    assert [record.message.split(",")[0] for record in caplog.records] == [
        "no installed font has Arabic letters (و)",
        "no installed font has Chinese",
    ]
    assert "fonts-noto-core" in caplog.text
    assert "fonts-noto-cjk" in caplog.text


def test_a_font_of_the_system_steps_in() -> None:
    if not any(folder.is_dir() and any(folder.rglob("DejaVuSans.ttf")) for folder in font_folders()):
        pytest.skip("no DejaVu here")
    runs = Faces().split(f"Rembrandt {ARABIC}", "text", 20)
    assert runs[0][0] == "Rembrandt "
    assert "SourceSerif" not in str(runs[1][1].path)
    assert runs[1][0] == ARABIC


def test_without_any_font_labels_are_still_set(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "font_source_serif_pro", None)
    assert Setter(Faces(folders=[])).lines("Rembrandt", "text", 20, 500)[0].width > 20
    assert "pip install font-source-serif-pro" in caplog.text


def test_the_likeliest_font_is_opened_first() -> None:
    stems = ["DejaVuSansMono-Bold", "NotoSansArabic-Regular", "DejaVuSans", "NotoNaskhArabic-Regular", "Comic"]
    ranked = sorted(stems, key=lambda stem: -suits(stem, "ARABIC", "text"))
    assert ranked[:3] == ["NotoNaskhArabic-Regular", "NotoSansArabic-Regular", "DejaVuSans"]


@pytest.mark.parametrize(
    ("letters", "script", "package"),
    [
        ("漢かカー々、「！ｱ한㈱", "CJK", "fonts-noto-cjk"),
        ("☞★♪", "SYMBOL", "fonts-symbola"),
        ("وپ", "ARABIC", "fonts-noto-core"),
        ("שּׁ", "HEBREW", "fonts-noto-core"),
        ("कग", "DEVANAGARI", "fonts-noto-core"),
        ("กท", "THAI", "fonts-noto-core"),
    ],
)
def test_one_package_cures_a_script(letters: str, script: str, package: str) -> None:
    assert {script_of(letter) for letter in letters} == {script}
    assert package_for(script) == package


def test_what_is_missing_is_known_before_anything_is_set() -> None:
    faces = Faces(folders=[])
    assert faces.missing("Łódź – Ρέμπραντ, “Рембрандт”") == []
    told = faces.missing(f"{ARABIC} 夜警、やけい ☞")
    boxes = "so labels show boxes in their place; install one, on Debian"
    assert told == [
        f"no installed font has Arabic letters (و), {boxes} fonts-noto-core",
        f"no installed font has Chinese, Japanese or Korean letters (夜), {boxes} fonts-noto-cjk",
        f"no installed font has symbols (☞), {boxes} fonts-symbola",
    ]


def test_a_font_file_tells_its_letters(tmp_path: Path) -> None:
    """As its glyphs do when they are drawn: a box for what is not there."""
    path = Faces(folders=[]).own("text")
    font = ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
    known, box = letters(path), font.getmask("\ufffe")
    for code in range(0x21, 0x600, 7):
        drawn = font.getmask(chr(code))
        there = drawn.size != box.size or bytes(drawn) != bytes(box)
        assert (chr(code) in known) == there, hex(code)


@pytest.mark.parametrize(
    "content", [b"", b"no font", b"ttcf" + b"\xff" * 40, b"\0\1\0\0\0\1" + b"\0" * 6 + b"cmap" + b"\xff" * 30]
)
def test_what_is_no_font_has_no_letters(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ttf"
    path.write_bytes(content)
    assert "a" not in letters(path)
    assert "a" not in letters(tmp_path / "none.ttf")


# ---------------------------------------------------------------- cards


def test_two_languages_stand_one_under_another() -> None:
    assert shown_languages(("en", "nl"), "nl") == ("en", "nl")
    assert shown_languages(("en",), "en") == ("en",)
    assert shown_languages(("en", "nl", "de"), "nl") == ("nl",)
    assert shown_languages(("en", "nl", "de"), "fr") == ("en",)


def test_a_text_that_is_not_translated_is_as_in_the_first_language() -> None:
    assert in_language({"en": "One", "nl": ""}, "nl") == "One"
    assert in_language({}, "nl") == ""


def test_a_label_of_two_languages_is_taller(press: Press) -> None:
    one = typeset(press, FULL, ("en",), (256, 500), 1.0, CREAM)
    two = typeset(press, FULL, ("en", "nl"), (256, 500), 1.0, CREAM)
    assert one.paper[0] == two.paper[0] == 256
    assert one.paper[1] < 0.7 * two.paper[1]
    assert typeset(press, Label(), ("en",), (256, 500), 1.0, CREAM) is None


@pytest.mark.parametrize("words", [8, 60, 400])
def test_type_stays_on_the_card(press: Press, words: int) -> None:
    """A long text is set smaller, and what does not fit at all is left out: the rims stay blank."""
    label = Label({"en": "A title"}, text={"en": "words " * words})
    card = typeset(press, label, ("en",), (256, 300), 1.0, CREAM)
    printed = ink(card)
    assert card.paper[1] <= 300
    assert printed.sum() > 200
    assert not printed[:, :8].any()
    assert not printed[:, -8:].any()
    assert not printed[:6].any()
    assert not printed[-4:].any()


def test_what_runs_from_right_to_left_hangs_on_the_right(press: Press) -> None:
    card = typeset(press, Label({"he": HEBREW}), ("he",), (256, 300), 1.0, CREAM)
    columns = np.flatnonzero(ink(card).any(axis=0))
    assert columns.min() > 60
    assert 256 - 24 < columns.max() < 256 - 12


def test_a_card_is_premultiplied_and_throws_a_shadow(press: Press) -> None:
    for stock in (CREAM, SMOKE):
        card = typeset(press, FULL, ("en",), (256, 400), 1.0, stock)
        assert (card.pixels[..., :3].max(axis=2) <= card.pixels[..., 3]).all()
    card = typeset(press, FULL, ("en",), (256, 400), 1.0, CREAM)
    below = card.pixels[-card.margin + 2, card.pixels.shape[1] // 2]
    above = card.pixels[card.margin - 4, card.pixels.shape[1] // 2]
    assert below[3] > 2 * above[3]


# ---------------------------------------------------------------- the vote panel


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (0.0, ""), (0.5, "10 s"), (41.0, "50 s"), (60.0, "60 s"), (61.0, "2 min"), (600.0, "10 min")],
)
def test_the_time_that_is_left_is_told_calmly(seconds: float | None, told: str) -> None:
    assert remaining(seconds) == told


def test_a_panel_is_printed_anew_when_what_it_says_changes() -> None:
    panel = Panel("http://a/", (("one", 1),), 200.0)
    assert content(panel) == content(Panel("http://a/", (("one", 1),), 190.0))
    assert content(panel) != content(Panel("http://a/", (("one", 2),), 200.0))
    assert content(panel) != content(Panel("http://a/", (("one", 1),), 100.0))


def test_bars_are_as_long_as_the_votes(press: Press) -> None:
    card = Poll(press).typeset(
        Panel("http://a/", (("one", 8), ("two", 4), ("none", 0)), None), ("en",), (256, 600), 1.0, CREAM
    )
    paper = card.pixels[card.margin : -card.margin, card.margin : -card.margin].astype(int)
    red = (paper[..., 0] - paper[..., 2] > 60) & (paper[..., 0] > 90)
    lengths = sorted({int(row.sum()) for row in red if row.sum() > 30})
    assert lengths == [113, 226]


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1024, 768), (1080, 1920), (2560, 1080)])
@pytest.mark.parametrize("how", ["wall", "bleed"])
def test_a_panel_fits_its_place(press: Press, how: str, size: tuple[int, int]) -> None:
    layout = arrange(how, size, 1.0)
    tally = tuple((name, 3) for name in ("one", "two", "three", "four", "five", "six"))
    panel = Panel("http://192.168.178.120:8080/?room=K7QD", tally, 100.0)
    card = Poll(press).typeset(panel, ("en", "nl"), layout.panel.box.size, layout.unit, CREAM)
    assert card.paper[0] <= layout.panel.box.width
    assert card.paper[1] <= layout.panel.box.height


def test_a_panel_lists_all_candidates_or_says_how_many_more() -> None:
    """Where some have to go, those with the fewest votes do; the others keep their order."""
    tally = (("one", 1), ("two", 0), ("three", 5), ("four", 0))
    assert fitting(tally, 4 * BAR) == (tally, 0)
    assert fitting(tally, 4 * BAR - 1) == ((("one", 1), ("two", 0), ("three", 5))[: (4 * BAR - 1 - MORE) // BAR], 1)
    assert fitting(tally, 2 * BAR + MORE) == ((("one", 1), ("three", 5)), 2)
    assert fitting(tally, 0) == ((), 4)


def test_a_panel_speaks_as_it_is_told(press: Press) -> None:
    panel, words = Panel("http://a/", (("one", 1),) * 12, 90.0), {"fi": PanelWords("Äänestä", "{time}", "+{count}")}
    lines: list[str] = []
    setter = press.setter
    poll = Poll(press)

    def told(languages: tuple[str, ...]) -> list[str]:
        lines.clear()
        poll.typeset(panel, languages, (256, 400), 1.0, CREAM, words)
        return lines

    line = type(setter)._line
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(setter), "_line", lambda self, text, *rest: lines.append(text) or line(self, text, *rest))
        assert {"Äänestä", "2 min"} <= set(told(("fi",)))
        assert any(text.startswith("+") for text in lines)
        assert {"Vote for what hangs next", "2 min left"} <= set(told(("xx",)))


@pytest.mark.parametrize("url", ["http://10.0.0.5:8080/?room=K7QD", "https://a-museum.example/" + "x" * 80])
@pytest.mark.parametrize("stock", [CREAM, SMOKE])
def test_a_phone_reads_the_code(press: Press, url: str, stock) -> None:
    cv2 = pytest.importorskip("cv2")
    card = Poll(press).typeset(Panel(url, (), 90.0), ("en", "nl"), (256 if stock is CREAM else 204, 600), 1.0, stock)
    picture = Image.new("RGB", (400, 700), (120, 110, 100))
    picture.paste(Image.fromarray(card.pixels).convert("RGB"), (40, 40))
    assert cv2.QRCodeDetector().detectAndDecode(np.asarray(picture))[0] == url


# ---------------------------------------------------------------- where things hang


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        inner.x >= outer.x
        and inner.y >= outer.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@given(st.integers(480, 4000), st.integers(480, 4000), st.floats(0.3, 3.0))
def test_nothing_on_the_wall_overlaps(width: int, height: int, aspect: float) -> None:
    layout: Layout = arrange("wall", (width, height), aspect)
    frame, wall = layout.picture.grown(layout.moulding), Rect(0, 0, width, height)
    assert inside(frame, wall)
    for slot in (layout.label, layout.panel):
        assert inside(slot.box, wall)
        assert not overlap(slot.box, frame)
    assert not overlap(layout.label.box, layout.panel.box)


@given(st.integers(480, 4000), st.integers(480, 4000), st.floats(0.5, 2.0))
def test_a_frame_has_the_shape_of_its_picture(width: int, height: int, aspect: float) -> None:
    picture = arrange("wall", (width, height), aspect).picture
    assert picture.width / picture.height == pytest.approx(aspect, rel=0.05)
    assert arrange("bleed", (width, height), aspect).picture == Rect(0, 0, width, height)
