"""The visitors' page as text: languages, escaping, weight."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from installation.core.words import languages
from installation.web.messages import Hello, Piece, Playback, unpack
from installation.web.outcome import Outcome
from installation.web.page import Scene, page, parts
from installation.web.visitor_languages import visitor_languages
from tests.web_driver import PIECES, Driver, Visitor


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One web process for all tests that do not end it; each votes in a round of its own."""
    with Driver(tmp_path_factory.mktemp("state")) as driver:
        yield driver


def scene(**more: object) -> Scene:
    fields = {"bind": "", "port": 0, "state": "state", "pieces": PIECES, "title": {"en": "A show"}}
    hello = unpack({"hello": fields | {"languages": ["en", "nl"]}}, (Hello,))
    playback = Playback("sitters", 1, candidates=("company",), seconds_left=20.0)
    settings = {"languages": visitor_languages("", "", hello.languages), "round": 1, "votes": {"company": 3}} | more
    return Scene(hello, playback, **settings)  # type: ignore[arg-type]


ASSETS = {"icon.svg": "/i"}


def test_every_language_has_every_word() -> None:
    keys = {frozenset(words) for words in languages().values()}
    assert len(keys) == 1
    assert {"en", "nl", "de", "fr", "es", "zh", "ja", "ar"} <= set(languages())
    for words in languages().values():
        for key, text in words.items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", languages()["en"][key])


@pytest.mark.parametrize(
    ("asked", "header", "page_language", "title"),
    [
        ("", "nl-BE,nl;q=0.9,en;q=0.8", "nl", "Zitters die nooit zaten"),
        ("", "de;q=0.5, fr;q=0.9", "fr", "Sitters who never sat"),
        ("nl", "de", "nl", "Zitters die nooit zaten"),
        ("xx", "de", "de", "Sitters who never sat"),
        ("", "ko,sv;q=0.9", "en", "Sitters who never sat"),
        ("", ";q=,,;;q=nan,en;q=x,nl;q=0", "en", "Sitters who never sat"),
        ("", "es" + ",x" * 10_000, "es", "Sitters who never sat"),
    ],
)
def test_a_visitor_reads_their_own_language(asked: str, header: str, page_language: str, title: str) -> None:
    chosen = visitor_languages(asked, header, ["en", "nl"])
    assert chosen.page == page_language
    assert chosen.text(PIECES[0]["title"])[0] == title  # type: ignore[arg-type]


def test_words_of_another_language_are_marked() -> None:
    german = scene(languages=visitor_languages("de", "", ["en", "nl"]))
    text = page(german, ASSETS)
    assert '<html lang="de">' in text
    assert '<span lang="en">Sitters who never sat</span>' in text
    assert "minutes" not in text
    assert 'action="/vote?lang=de#vote"' in text
    hebrew = Hello("", 0, Path(), pieces=(Piece("x", {"he": "דלת"}),), languages=("he",))
    playback = Playback("x", 1)
    assert '<span lang="he" dir="rtl">דלת</span>' in page(
        Scene(hebrew, playback, visitor_languages("he", "", ["he"])), ASSETS
    )


def test_names_and_texts_are_text_not_html() -> None:
    hello = Hello("", 0, Path(), pieces=(Piece('"><script>', {"": "<b>&"}),), title={"": "<i>"})
    playback = Playback('"><script>', 1, candidates=('"><script>',))
    text = page(Scene(hello, playback, visitor_languages("", "", ["en"]), 1, {'"><script>': 1}, '"><script>'), ASSETS)
    assert text.count("<script>") == 1  # the page's own
    assert "<b>" not in text.replace("<b>1</b>", "")
    assert "<i>" not in text


def test_what_the_vote_led_to_is_told() -> None:
    hung = Outcome("sitters", "won", 3, 4, "sitters", 3)
    assert "<strong>Your choice hangs now.</strong> Chosen by the vote, with 3 of 4 votes." in now(hung)
    assert "Your choice comes next." in now(hung, coming="company")
    lost = Outcome("sitters", "tie", 2, 5, "nobody", 1)
    assert "Of these, the piece unseen the longest was taken. Your choice, Nobody &lt;in&gt;" in now(lost)
    assert "had 1 of 5 votes" in now(lost)
    assert "Nobody voted" in now(Outcome("sitters", "novotes", 0, 0))
    assert "Chosen by the house" in now(Outcome("sitters", "house", 0, 3))


def now(told: Outcome, coming: str | None = None) -> str:
    return parts(replace(scene(outcome=told), playback=Playback("sitters", 2, coming)))["now"]


@pytest.mark.parametrize("tag", sorted(languages()))
def test_the_page_says_how_the_vote_works_in_every_language(tag: str) -> None:
    text = page(scene(languages=visitor_languages(tag, "", ["en"])), ASSETS)
    assert languages()[tag]["method"] in text
    assert (f'<html lang="{tag}" dir="rtl">' in text) == (tag == "ar")
    assert len(text.encode()) < 30_000


def test_the_clock_is_words_without_a_script() -> None:
    assert "about 2 min" in parts(scene(left=130.0))["ask"]
    assert "less than a minute" in parts(scene(left=12.0))["ask"]
    assert "The vote is open" in parts(scene(left=None))["ask"]


def test_the_page_is_light_and_needs_nothing_from_elsewhere(web: Driver) -> None:
    web.open_round()
    with Visitor(web.port) as visitor:
        answer = visitor.get("/", X_Forwarded_For="10.0.0.9")
        needed = re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)
        assert all(path.startswith("/") for path in needed)
        files = [visitor.get(path) for path in needed if path.startswith("/static/")]
        assert [file.status for file in files] == [200]
        assert all("immutable" in file.headers["Cache-Control"] for file in files)
        assert len(answer.body) + sum(len(file.body) for file in files) < 50_000
        assert not any(b"http://" in file.body.replace(b"http://www.w3.org/2000/svg", b"") for file in files)


def test_posters_come_at_the_size_of_a_phone(tmp_path: Path) -> None:
    poster = tmp_path / "poster.png"
    Image.effect_noise((1600, 1200), 20).convert("RGB").save(poster)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    pieces = [
        {"name": "a b/c", "title": {"": "A"}, "poster": str(poster)},
        {"name": "bad", "title": {"": "B"}, "poster": str(tmp_path / "bad.jpg")},
    ]
    with Driver(tmp_path, pieces=pieces) as driver, Visitor(driver.port) as visitor:
        driver.open_round("a b/c", "bad", piece="a b/c")
        sources = re.findall(r'src="(/poster/[^"]+)"', visitor.get("/", Via="1.1 proxy").text)
        assert len(sources) == 3
        sizes = []
        for source in sources[:2]:
            with Image.open(BytesIO(visitor.get(source).body)) as small:
                sizes.append(small.size)
        assert sizes == [(640, 480), (160, 120)]
        assert visitor.get(sources[2]).status == 404
