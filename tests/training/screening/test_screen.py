"""Screening: what is measured, which rules are kept, what the ledger says, and the page where a person decides."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from installation.core.invocation import program
from installation.training.cli import main
from installation.training.dataset.pictures import load_prepared
from installation.training.screening import measures
from installation.training.screening import run as screening
from installation.training.screening.rules import Rule, RuleError, parse_rule, public_domain
from tests.page_driver import Pages, looking

SIZE = 64
DAY = "2025-01-31"


def painting(seed: int, size: int = SIZE) -> np.ndarray:
    """Something with contrast in every octave and many colours, as pictures of things have: (size, size, 3) uint8."""
    rng = np.random.default_rng(seed)
    far = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size))
    far[0, 0] = 1
    waves = np.fft.fft2(rng.standard_normal((3, size, size))) / far
    channels = np.fft.ifft2(waves).real
    mixed = channels + 1.5 * channels[:1]
    return np.clip(128 + 45 * mixed / mixed.std(), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))


def enlarged(picture: np.ndarray, times: float) -> np.ndarray:
    side = len(picture)
    small = cv2.resize(picture, (round(side / times),) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))


def cropped(picture: np.ndarray, share: float) -> np.ndarray:
    side, cut = len(picture), round(len(picture) * share)
    return np.asarray(cv2.resize(picture[cut : side - cut, cut : side - cut], (side, side)))


def squeezed(picture: np.ndarray, quality: int) -> np.ndarray:
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "JPEG", quality=quality)
    return np.asarray(Image.open(packed).convert("RGB"))


def toned(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] / 255
    return (255 * np.concatenate([grey**0.8, grey**0.95, grey**1.2], 2)).astype(np.uint8)


# -- measures ---------------------------------------------------------------------------------------------------------


def test_sharpness_falls_with_blur_and_does_not_depend_on_contrast_or_size() -> None:
    for size in (64, 256):
        picture = painting(1, size)
        sharp, *rest = (measures.measure(p).sharpness for p in (picture, enlarged(picture, 2), blurred(picture, 2)))
        assert sharp > 0.3 > rest[0] > 0.12 > rest[1]
        faint = (picture * 0.3 + 90).astype(np.uint8)
        assert measures.measure(faint).sharpness == pytest.approx(sharp, rel=0.1)


def test_grey_and_toned_pictures_have_no_colour() -> None:
    picture = painting(2)
    grey = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    colours = [measures.measure(p).colour for p in (picture, squeezed(grey, 70), toned(picture))]
    assert colours[0] > 5
    assert max(colours[1:]) < screening.Limits().colour


def test_each_side_has_its_border() -> None:
    picture = painting(3)
    assert measures.measure(picture).borders == (0, 0, 0, 0)
    framed = picture.copy()
    framed[:8], framed[:, -4:] = 240, 12
    top, right, bottom, left = measures.measure(squeezed(framed, 95)).borders
    assert (top, right) == (pytest.approx(8 / SIZE, abs=1 / SIZE), pytest.approx(4 / SIZE, abs=1 / SIZE))
    assert (bottom, left) == (0, 0)


def test_a_thin_border_need_not_be_even_and_a_deep_one_must() -> None:
    picture = (painting(4) // 2).astype(np.uint8)
    noise = np.random.default_rng(0).integers(200, 250, picture.shape).astype(np.uint8)
    for depth, expected in ((3, 3 / SIZE), (9, 0.0)):
        scan = picture.copy()
        scan[-depth:] = noise[-depth:]
        assert measures.measure(scan).borders[2] == pytest.approx(expected, abs=1e-4)


def test_a_dark_ground_is_no_border_and_no_cut_corner() -> None:
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE - 0.5
    light = np.exp(-(x**2 + y**2) * 12)[..., None]
    measured = measures.measure((painting(5) * light).astype(np.uint8))
    assert (max(measured.borders), measured.corner) == (0, 0)


def test_an_oval_frame_cuts_the_corners_off() -> None:
    oval = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(oval).ellipse((-4, -4, SIZE + 3, SIZE + 3), 255)
    framed = np.where(np.asarray(oval)[..., None] > 0, painting(6) // 2, 240).astype(np.uint8)
    assert measures.measure(framed).corner > screening.Limits().corner
    assert measures.measure(framed[:, ::-1]).corner > screening.Limits().corner


def test_measures_are_the_same_from_the_file() -> None:
    measured = measures.measure(painting(7))
    assert measures.Measures.from_json(json.loads(json.dumps(measured.as_json()))) == measured


COPIES = {
    "squeezed": lambda p: squeezed(p, 40),
    "half as large": lambda p: enlarged(p, 2),
    "darker": lambda p: (p * 0.7).astype(np.uint8),
    "cropped": lambda p: cropped(p, 0.03),
    "shifted": lambda p: np.roll(p, 2, 1),
    "grey": lambda p: np.repeat(p.mean(2, keepdims=True), 3, 2).astype(np.uint8),
    "mirrored": lambda p: squeezed(p[:, ::-1], 60),
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_found_and_the_one_with_less_detail_goes(way: str, tmp_path: Path) -> None:
    original = painting(8, 128)
    others = [painting(seed, 128) for seed in range(20, 30)]
    work = folder_of(tmp_path, [COPIES[way](original), *others, original], names=["a", *"bcdefghijk", "z"])
    screening.screen(work, screening.Limits(without=("monochrome",)), [], DAY)
    dropped = {name: reasons[0].twin for name, reasons in zip(work.names, work.reasons, strict=True) if reasons}
    assert dropped in ({"a": "z"}, {"z": "a"})
    if way in ("squeezed", "half as large", "grey"):
        kept = work.measures[work.names.index(next(iter(dropped.values())))]
        assert kept.sharpness == max(work.measures[0].sharpness, work.measures[-1].sharpness)


def test_two_of_a_kind_are_no_copies() -> None:
    """What is alike in the large and differs in detail, as two portraits on a dark ground do."""
    ground = blurred(painting(9), 3).astype(float)
    fine = [painting(seed) - blurred(painting(seed), 3).astype(float) for seed in (10, 11)]
    pair = [np.clip(ground + 0.7 * detail, 0, 255).astype(np.uint8) for detail in fine]
    first, second = (measures.measure(p) for p in pair)
    assert (first.phash ^ second.phash).bit_count() <= screening.Limits().bits
    assert measures.likeness(*(measures.detail(p) for p in pair)) < screening.Limits().likeness


def folder_of(folder: Path, pictures: list[np.ndarray], names: list[str] | None = None) -> screening.Screening:
    """A prepared folder in memory."""
    names = names or [f"{index:02}.png" for index in range(len(pictures))]
    ledger = screening.Ledger(["file", "native_px"], {name: {"file": name, "native_px": ""} for name in names})
    return screening.Screening(folder, np.stack(pictures), names, ledger)


# -- rules ------------------------------------------------------------------------------------------------------------

RULES: list[tuple[str, str, bool]] = [
    ("died < 1930", "1929", True),
    ("died < 1930", "1930", False),
    ("died<=1930", "1930.0", True),
    ("died > -5", "0", True),
    ("died >= 1e3", "999", False),
    ("died < 1930", "c. 1650", False),
    ("died < 1930", "", False),
    ("died < 1930", "nan", False),
    ("died < 1930", "-inf", False),
    ("died = 1930", "1930.0", True),
    ("died = Frans Hals", "frans hals", True),
    ("died != Frans Hals", "Rembrandt", True),
    ("died != Frans Hals", "", False),
    ("died contains public domain|CC0", "Public Domain (1923)", True),
    ("died contains public domain | cc0", "cc0-1.0", True),
    ("died contains cc0", "CC BY", False),
    ("died not contains by", "CC BY", False),
    ("died not contains by", "CC0", True),
    ('died = "a < b"', "a < b", True),
    ("died missing", "", True),
    ("died missing", "1", False),
    ("died not missing", "1", True),
    ("died NOT missing", " ", False),
]


@pytest.mark.parametrize(("text", "cell", "kept"), RULES)
def test_a_rule_is_kept_or_broken(text: str, cell: str, kept: bool) -> None:
    why = parse_rule(text).broken_by({"died": cell})
    assert (why == "") == kept
    if not kept:
        assert str(parse_rule(text)) in why
        assert cell.strip() in why if cell.strip() else "does not say" in why


def test_a_column_may_have_a_name_of_several_words() -> None:
    assert parse_rule("'year of death' < 1930") == Rule("year of death", "<", "1930")
    assert parse_rule("year of death not missing") == Rule("year of death", "not missing")
    assert parse_rule("containsgold contains gold") == Rule("containsgold", "contains", "gold")


@pytest.mark.parametrize(
    "text", ["", "died", "< 1930", "died <", "died < soon", "died ~ 3", "died missing 3", "x" * 301]
)
def test_what_is_no_rule_is_told_so(text: str) -> None:
    with pytest.raises(RuleError, match="rule"):
        parse_rule(text)


@given(st.text(max_size=80))
def test_no_text_does_anything_else(text: str) -> None:
    try:
        rule = parse_rule(text)
    except RuleError:
        return
    assert isinstance(rule.broken_by({rule.column: text}), str)


def test_public_domain_asks_for_seventy_years_and_a_licence() -> None:
    assert list(map(str, public_domain(2025, ["file", "artist_died"]))) == ["artist_died < 1955"]
    rules = public_domain(2025, ["artist_died", "licence"])
    assert [bool(rule.broken_by({"artist_died": "1955", "licence": "CC0"})) for rule in rules] == [True, False]
    assert [bool(rule.broken_by({"artist_died": "1954", "licence": "CC BY-NC"})) for rule in rules] == [False, True]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures, two of them not fit to train on and one by a painter of our time, prepared with their ledger."""
    raw = tmp_path / "raw"
    raw.mkdir()
    pictures = {f"{seed}.png": painting(seed) for seed in range(6)}
    pictures |= {"copy.png": enlarged(painting(0), 2), "grey.png": painting(9).mean(2).astype(np.uint8)}
    for name, picture in pictures.items():
        Image.fromarray(picture).save(raw / name)
    rows = [(name, "A", "2020" if name == "5.png" else "1669", "CC0") for name in pictures]
    with (tmp_path / "my.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "artist", "artist_died", "licence"), *rows])
    out = tmp_path / "prepared"
    made = ["prepare", str(raw), "--size", str(SIZE), "--out", str(out), "--ledger", str(tmp_path / "my.csv")]
    assert main(made) == 0
    return out


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "ledger.csv").open(newline="") as file:
        return {Path(row["file"]).name: row for row in csv.DictReader(file)}


def screened(folder: Path, *options: str) -> int:
    return main(["screen", str(folder), "--when", DAY, *options])


def test_the_ledger_says_what_was_dropped_and_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screened(folder, "--public-domain") == 0
    told = capsys.readouterr().out
    assert "8 pictures, 5 kept, 3 dropped" in told
    assert f"Next: {program()} train {folder} --out {Path('shows', 'models', 'mine.safetensors')}\n" in told
    assert "must be true: artist_died < 1955" in told
    ledger = rows(folder)
    assert {name: row["why"] for name, row in ledger.items() if row["keep"] == "no"} == {
        "5.png": "rule artist_died < 1955: found 2020",
        "copy.png": "a copy of raw/0.png (likeness "
        + re.findall(r"likeness ([\d.]+)", ledger["copy.png"]["why"])[0]
        + ")",
        "grey.png": "greyscale in a set of colour: 0.0, below 1.2",
    }
    assert {(row["who"], row["when"], row["artist"]) for row in ledger.values()} == {("screen", DAY, "A")}
    assert len(load_prepared(folder).pictures) == 5
    report = json.loads((folder / "screening.json").read_text())
    assert report["counts"] == {"kept": 5, "dropped": 3, "by hand": 0, "rule": 1, "monochrome": 1, "duplicate": 1}
    assert report["pictures"]["raw/copy.png"]["reasons"][0]["twin"] == "raw/0.png"
    for name in ("screen_kept.png", "screen_dropped.png"):
        sheet = np.asarray(Image.open(folder / name))
        assert sheet.std() > 20


def test_again_changes_nothing_and_measures_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screened(folder)
    before = {name: (folder / name).read_bytes() for name in ("ledger.csv", "screening.json", "screen_dropped.png")}
    stamps = {name: (folder / name).stat().st_mtime_ns for name in ("ledger.csv", "screening.json")}
    monkeypatch.setattr(screening, "measure", None)
    assert main(["screen", str(folder), "--when", "2026-12-24"]) == 0
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert {name: (folder / name).stat().st_mtime_ns for name in stamps} == stamps


def test_only_what_is_new_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    screened(folder)
    Image.fromarray(painting(77)).save(tmp_path / "raw" / "7.png")
    made = ["prepare", str(tmp_path / "raw"), "--size", str(SIZE), "--out", str(folder)]
    assert main([*made, "--ledger", str(tmp_path / "my.csv")]) == 0
    seen = []
    measure = screening.measure
    monkeypatch.setattr(screening, "measure", lambda picture: seen.append(1) or measure(picture))
    assert screened(folder) == 0
    assert len(seen) == 1
    assert rows(folder)["7.png"]["keep"] == "yes"


def test_one_that_was_interrupted_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, seen = screening.measure, []

    def until_the_fourth(picture: measures.Picture) -> measures.Measures:
        seen.append(1)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return measure(picture)

    monkeypatch.setattr(screening, "measure", until_the_fourth)
    assert screened(folder) == 130
    with (folder / "screening.measured").open("a") as journal:
        journal.write('{"measures": 1, "digest": "cut')  # a power cut
    assert screened(folder) == 0
    assert len(seen) == 4 + len(rows(folder)) - 3
    assert not (folder / "screening.measured").exists()


def test_what_a_person_decided_stays(folder: Path) -> None:
    screened(folder)
    ledger = screening.Ledger.read(folder / "ledger.csv")
    ledger.rows["raw/copy.png"].update(keep="yes", who="Anna", why="the better one")
    ledger.rows["raw/1.png"].update(keep="no", who="Anna")
    ledger.rows["raw/2.png"].update(keep="no", who="")  # by hand, in a spreadsheet
    ledger.write(folder / "ledger.csv")
    assert screened(folder, "--rule", "artist_died < 1000") == 0
    decided = rows(folder)
    assert [(decided[f"{name}.png"]["keep"], decided[f"{name}.png"]["who"]) for name in ("copy", "1", "2", "3")] == [
        ("yes", "Anna"),
        ("no", "Anna"),
        ("no", ""),
        ("no", "screen"),
    ]
    assert screened(folder, "--without", "duplicate") == 0
    assert rows(folder)["0.png"]["keep"] == "yes"
    assert screened(folder) == 0
    assert "a copy of raw/copy.png" in rows(folder)["0.png"]["why"]  # as that one was kept by hand


def test_a_grey_set_is_kept(tmp_path: Path) -> None:
    grey = [np.repeat(painting(seed).mean(2, keepdims=True), 3, 2).astype(np.uint8) for seed in range(4)]
    work = folder_of(tmp_path, [*grey, painting(5)])
    screening.screen(work, screening.Limits(), [], DAY)
    assert work.reasons == [[]] * 5
    assert "greyscale" in work.notes[0]


def test_pictures_too_small_to_show_a_border_are_not_judged_by_it(tmp_path: Path) -> None:
    framed = painting(6)
    framed[:3] = 240
    small = np.asarray(cv2.resize(framed, (32, 32), interpolation=cv2.INTER_AREA))
    for picture, dropped in ((framed, 1), (small, 0)):
        work = folder_of(tmp_path, [picture, *(painting(seed, len(picture)) for seed in range(3))])
        screening.screen(work, screening.Limits(), [], DAY)
        assert screening.counts(work)["dropped"] == dropped
        assert ("32 px are too few to tell border, corner, duplicate" in "".join(work.notes)) is not bool(dropped)


def test_real_detail_is_asked_for_where_the_ledger_tells_it(tmp_path: Path) -> None:
    work = folder_of(tmp_path, [painting(seed) for seed in range(3)])
    for name, native in zip(work.names, ("31", "32", ""), strict=True):
        work.ledger.rows[name]["native_px"] = native
    screening.screen(work, screening.Limits(), [], DAY)
    assert [[reason.says for reason in reasons] for reasons in work.reasons] == [
        ["31 px of real detail, 32 wanted"],
        [],
        [],
    ]


def test_a_rule_that_is_left_out_the_next_time_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screened(folder, "--rule", "artist_died < 1930") == 0
    assert screened(folder, "--rule", "artist_died < 1930") == 0
    assert "no longer asked for" not in capsys.readouterr().out
    assert screened(folder) == 0
    assert "no longer asked for, unlike the last time: artist_died < 1930" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert screened(folder, "--dry-run") == 0
    assert "2 dropped" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_report_is_measured_anew(folder: Path) -> None:
    screened(folder)
    whole = (folder / "screening.json").read_bytes()
    for damage in (whole[:100], b"[]", b'{"format": 1, "measures": 1, "pictures": {"a": 3}}'):
        (folder / "screening.json").write_bytes(damage)
        assert screened(folder) == 0
        assert (folder / "screening.json").read_bytes() == whole


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--rule", "artist_dyed < 1930"], 'did you mean "artist_died"?'),
        (["--rule", "artist_died before 1930"], "cannot be read"),
        (["--rule", "artist_died < long ago"], "compares numbers"),
        (["--dry-run", "--review"], "would not be written"),
        (["--review"], "First run screen"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    folder: Path, options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert screened(folder, *options) == 2
    assert text in capsys.readouterr().err
    assert not (folder / "screening.json").exists()


def test_a_date_and_a_folder_must_be_ones(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", str(folder), "--when", "yesterday"]) == 2
    assert main(["screen", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "--when yesterday: expected a date" in told
    assert "not a prepared folder" in told


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(folder: Path) -> Iterator[Pages]:
    screened(folder)
    with Pages("screen", folder, "--review", "--who", "Anna", "--when", DAY) as pages:
        yield pages


def test_only_its_own_page_can_ask_and_decide(page: Pages, folder: Path) -> None:
    before = (folder / "ledger.csv").read_bytes()
    state = json.loads(page.get("state")[1])
    wanted = load_prepared(folder, screened=False).pictures[3].astype(int)
    assert np.abs(np.asarray(Image.open(io.BytesIO(page.get("picture?index=3")[1]))) - wanted).mean() < 6
    assert page.get("picture?index=8")[0] == page.get("picture?index=-1")[0] == page.get("picture")[0] == 400
    drop = {"index": 0, "keep": "no", "who": "Anna"}
    stranger = Pages.__new__(Pages)
    stranger.url = page.url.replace(page.url.split("/")[3], "guess")
    assert stranger.get("state")[0] == stranger.post("decide", drop)[0] == 404
    assert page.get("state", Host="evil.example")[0] == 421
    assert page.post("decide", drop, Origin="http://127.0.0.1:1")[0] == 403
    assert page.post("decide", drop, Origin="null")[0] == 403
    assert page.post("decide", drop, **{"Content-Type": "text/plain"})[0] == 415
    assert page.get("decide")[0] == page.get("static/server.py")[0] == page.get("static/..%2fserver.py")[0] == 404
    wrong: list[tuple[Any, str]] = [
        ({**drop, "index": len(state["pictures"])}, "index: expected"),
        ({**drop, "index": 0.5}, "index: expected a whole number"),
        ({**drop, "index": "one"}, "index"),
        ({**drop, "keep": "maybe"}, "expected yes or no"),
        ({**drop, "who": " \n"}, "your name first"),
        ({**drop, "who": "Screen"}, "your name first"),
        ({**drop, "who": "A" * 81}, "at most 80"),
        ({**drop, "why": ["x"]}, "why: expected text"),
        ([], "not a JSON object"),
        (b"{", "not JSON"),
        (b"[" * 4000, "not JSON"),
    ]
    for body, text in wrong:
        status, answer = page.post("decide", body)
        assert (status, text in answer["error"]) == (400, True), (body, answer)
    assert page.post("decide", b" " * 5000)[0] == 413
    assert (folder / "ledger.csv").read_bytes() == before


def test_a_decision_is_in_the_ledger_at_once_and_can_be_taken_back(page: Pages, folder: Path) -> None:
    cards = {card["name"]: card for card in json.loads(page.get("state")[1])["pictures"]}
    index, copy = cards["raw/1.png"]["index"], cards["raw/copy.png"]["index"]
    before = rows(folder)
    page.post("decide", {"index": index, "keep": "no", "who": "Anna", "why": "two\nheads, \u0000=1+1"})
    assert rows(folder)["1.png"] | {} == {
        **before["1.png"], "keep": "no", "why": "two heads, =1+1", "who": "Anna", "when": DAY
    }  # fmt: skip
    page.post("decide", {"index": copy, "keep": "yes", "who": "Anna"})
    assert rows(folder)["copy.png"]["why"].startswith("in spite of: a copy of raw/0.png")
    ledger = screening.Ledger.read(folder / "ledger.csv")
    ledger.rows["raw/4.png"]["artist"] = "written meanwhile"
    ledger.write(folder / "ledger.csv")
    assert [page.post("undo", {})[1].get("card", {}).get("name") for _ in range(3)] == [
        "raw/copy.png",
        "raw/1.png",
        None,
    ]
    assert rows(folder) == {**before, "4.png": {**before["4.png"], "artist": "written meanwhile"}}


@pytest.mark.browser
def test_a_person_reviews_in_the_browser(page: Pages, folder: Path, chromium: str) -> None:
    with looking(page.url, chromium) as (view, expect):
        keys = view.keyboard
        expect(view.locator(".card")).to_have_count(2)  # what was dropped comes first
        expect(view.locator("#who")).to_have_value("Anna")
        view.click("#filters [value=all]")
        expect(view.locator(".card")).to_have_count(8)
        for number in range(8):
            expect(view.locator(f".card img >> nth={number}")).to_have_js_property("naturalWidth", SIZE)
        view.fill("#why", "<b>two</b> heads")
        view.focus(".card >> nth=0")
        keys.press("ArrowRight")
        keys.press("d")
        expect(view.locator("#status")).to_contain_text("1.png is dropped. Saved.")
        expect(view.locator(".card >> nth=1")).to_contain_text("<b>two</b> heads")
        expect(view.locator(".card >> nth=2")).to_be_focused()
        assert rows(folder)["1.png"]["why"] == "<b>two</b> heads"
        view.fill("#why", "")
        view.focus(".card >> nth=3")
        keys.press("d")
        keys.press("d")
        expect(view.locator("#filters [value=hand] b")).to_have_text("3")
        view.click("#filters [value=copies]")
        view.click('.card:has-text("copy.png")')
        expect(view.locator("#large img")).to_have_count(2)  # side by side with the one that stays
        keys.press("s")
        expect(view.locator("#status")).to_contain_text("copy.png is kept instead of 0.png")
        assert [rows(folder)[name]["keep"] for name in ("0.png", "copy.png")] == ["no", "yes"]
        keys.press("Escape")
        for left in (4, 3, 2, 1, 0):
            keys.press("u")
            expect(view.locator("#filters [value=hand] b")).to_have_text(str(left))
        expect(view.locator("#status")).to_contain_text("1.png is as it was before: kept")
        assert rows(folder)["1.png"]["who"] == "screen"
        view.fill("#who", "")
        view.focus(".card >> nth=0")
        keys.press("k")
        expect(view.locator("#who")).to_be_focused()
        view.click(".card >> nth=0")
        keys.press("k")  # asked for the name, out of the large view
        expect(view.locator("#large")).to_be_hidden()
        keys.type("Kid")  # no letter of it decides about a picture
        expect(view.locator("#who")).to_have_value("Kid")
        view.select_option("#reason", "monochrome")
        view.click("#filters [value=dropped]")
        expect(view.locator(".card")).to_have_count(1)
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
