"""A visitor's phone: Chromium, with and without JavaScript, votes and changes its vote."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from installation.core.folders import PORTRAITS
from installation.core.parts import ROOT
from installation.engine.taste import AXES
from installation.portraits import Portrait, keep
from tests.timeout import TIMEOUT
from tests.web_driver import PIECES, Driver

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (apt install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    expect.set_options(timeout=1000 * TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    pair = {"address": "/walk/speed", "less": {"en": "slower"}, "more": {"en": "faster"}}
    pieces: list[dict[str, Any]] = [{**PIECES[0], "pairs": [pair]}, *PIECES[1:]]
    with Driver(tmp_path_factory.mktemp("state"), pieces=pieces) as driver:
        driver.open_round()
        yield driver


@contextmanager
def phone(browser: Any, web: Driver, grumbles: int | None = 0, **settings: Any) -> Iterator[Any]:
    """The page as a phone has it: not on the show's own machine (as a proxy would say), so without the live picture.
    ``grumbles`` is how many errors the browser's console may show; None: any."""
    context = browser.new_context(**(PHONE | {"locale": "en-GB", "extra_http_headers": {"Via": "1.1 wifi"}} | settings))
    context.set_default_timeout(1000 * TIMEOUT)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(f"http://127.0.0.1:{web.port}/")
        yield page
    finally:
        context.close()
    assert grumbles in (None, len(complaints)), complaints


def says(page: Any, words: str) -> None:
    """Waits until one of the page's live regions says so, where it is seen wherever the visitor is on the page."""
    page.locator("[role=status]", has_text=words).last.wait_for()


def pressed(page: Any) -> list[str]:
    """What the page shows as this visitor's vote."""
    return list(page.eval_on_selector_all("button[aria-pressed=true]", "found => found.map(button => button.value)"))


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_visitor_votes_and_changes_the_vote(browser: Any, web: Driver, script: bool) -> None:
    web.open_round()
    with phone(browser, web, java_script_enabled=script) as page:
        assert page.inner_text("h1") == "Sitters who never sat"
        assert pressed(page) == []
        page.tap("button[value=company]")
        web.tally({"company": 1, "nobody": 0})
        page.wait_for_selector("button[value=company][aria-pressed=true]")
        says(page, "Your vote: The company.")
        page.tap("button[value=nobody]")
        web.tally({"company": 0, "nobody": 1})
        page.wait_for_selector("button[value=nobody][aria-pressed=true]")
        assert pressed(page) == ["nobody"]
        assert page.inner_text("button[value=nobody] .count b") == "1"
        page.reload()
        assert pressed(page) == ["nobody"]


def test_without_a_script_the_next_round_is_one_reload_away(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, grumbles=1, java_script_enabled=False) as page:
        page.tap("button[value=company]")
        says(page, "Your vote: The company")
        web.open_round("sitters", "nobody", piece="company")
        page.tap("button[value=nobody]")  # of the round that has closed meanwhile
        says(page, "That vote has closed. This is what you can vote on now.")
        assert page.inner_text("h1") == "The company"
        page.tap("button[value=nobody]")
        web.tally({"sitters": 0, "nobody": 1})
        says(page, "Your vote: Nobody")
        web.open_round("sitters", "company", piece="nobody")
        page.tap("text=Show the latest")
        page.wait_for_selector("button[value=company]")
        assert pressed(page) == []


def test_with_a_script_the_page_follows_the_wall(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web) as page, phone(browser, web) as other:
        other.tap("button[value=nobody]")
        expect(page.locator("button[value=nobody] .count b")).to_have_text("1")
        assert page.evaluate("document.querySelector('button[value=nobody] progress').value") == 1
        expect(page.locator("time")).to_have_text(re.compile(r"^[12]:\d\d$"))
        web.playback(web.round, coming="nobody", candidates=[])
        page.wait_for_selector("text=Coming up: Nobody <in> particular & co")
        assert page.locator("button").count() == 0
        web.open_round("sitters", "company", piece="nobody")
        page.wait_for_selector("h1:has-text('Nobody <in> particular & co')")
        page.tap("button[value=sitters]")  # the ballot paper of the new round came with the new page
        web.tally({"sitters": 1, "company": 0})


def test_a_page_that_slept_through_a_round_votes_in_the_one_it_shows(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, grumbles=1) as page:
        page.context.clear_cookies()
        page.tap("button[value=company]")  # the first try is refused and brings the cookie, the script tries again
        web.tally({"company": 1, "nobody": 0})


def test_a_phone_that_refuses_cookies_is_told_so(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, grumbles=1, java_script_enabled=False) as page:
        page.context.route("**/vote", lambda route: route.continue_(headers={**route.request.headers, "cookie": ""}))
        page.context.clear_cookies()
        page.tap("button[value=company]")
        says(page, "your browser did not send our cookie back")


def test_the_keyboard_keeps_its_place(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, reduced_motion="reduce") as page:
        page.focus("button[value=nobody]")
        page.keyboard.press("Enter")
        page.wait_for_selector("button[value=nobody][aria-pressed=true]")
        assert page.evaluate("document.activeElement.value") == "nobody"
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.value") == "company"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert float(outline.removesuffix("px")) >= 2


OVERFLOWING = """
width => [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && !element.classList.contains("unseen"))
  .filter((element) => element.getBoundingClientRect().right > width + 1 || element.getBoundingClientRect().left < -1)
  .map((element) => element.outerHTML.slice(0, 60))
"""


def overflowing(page: Any) -> list[str]:
    """What is not within the width of the phone itself: the page of a phone grows with what it holds."""
    return list(page.evaluate(OVERFLOWING, page.viewport_size["width"]))


CONTRAST = """
() => {
  const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(element).backgroundColor);
      if (a === 1) return [r, g, b];
    }
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    if (!element.checkVisibility() || element.classList.contains("unseen")) continue;
    const [a, b] = [luminance(rgb(getComputedStyle(element).color)), luminance(behind(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent]);
  }
  return found;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_and_hit_it(browser: Any, web: Driver, scheme: str) -> None:
    web.open_round()
    with phone(browser, web, color_scheme=scheme) as page:
        page.tap("button[value=company]")
        page.wait_for_selector("button[aria-pressed=true]")
        page.mouse.move(0, 0)
        contrasts = page.evaluate(CONTRAST)
        assert len(contrasts) > 10
        assert [text for ratio, text in contrasts if ratio < 4.5] == []
        boxes = [target.bounding_box() for target in page.locator("button:visible, a:visible").all()]
        assert min(min(box["width"], box["height"]) for box in boxes) >= 24
        assert min(box["height"] for box in boxes[:2]) >= 44
        assert overflowing(page) == []


def test_it_fits_a_narrow_phone_with_large_letters(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, viewport={"width": 320, "height": 568}) as page:
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflowing(page) == []


@pytest.mark.parametrize(
    ("scheme", "locale", "size"), [("light", "en-GB", 390), ("dark", "ar", 390), ("light", "ja", 195)]
)
def test_axe_finds_nothing(browser: Any, web: Driver, scheme: str, locale: str, size: int) -> None:
    """Also at half the width, as at 200 % zoom, from right to left, and before and after a vote."""
    web.open_round()
    settings = {
        "color_scheme": scheme,
        "locale": locale,
        "viewport": {"width": size, "height": 844},
        "bypass_csp": True,
    }
    with phone(browser, web, **settings) as page:
        for _ in range(2):
            page.evaluate("for (const closed of document.querySelectorAll('details')) closed.open = true")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert overflowing(page) == []
            page.tap("button[value=company]")
            page.wait_for_selector("button[aria-pressed=true]")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_page_comes_in_one_round_trip_and_says_what_a_vote_did(browser: Any, web: Driver, script: bool) -> None:
    web.open_round()
    with phone(browser, web, java_script_enabled=script) as page:
        named = page.eval_on_selector_all("link[rel=stylesheet], script[src]", "found => found.length") if script else 0
        assert named == 0
        style = page.locator("h1").evaluate("element => getComputedStyle(element).fontStyle")
        assert style == "italic"  # so the policy lets it through
        page.tap("button[value=company]")
        web.tally({"company": 1, "nobody": 0})
        page.wait_for_selector("button[aria-pressed=true]")
        web.open_round("sitters", "nobody", piece="company")
        if not script:
            page.tap("text=Show the latest")
        page.wait_for_selector("text=Your choice hangs now.")
        page.wait_for_selector("text=Chosen by the vote, with 1 of 1 votes.")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_visitor_pulls_at_the_picture(browser: Any, web: Driver, script: bool) -> None:
    web.open_round()
    with phone(browser, web, java_script_enabled=script) as page:
        page.tap("text=faster")
        page.wait_for_selector("button[aria-pressed=true]:has-text('faster')")
        while not (told := web.heard("leanings")["leanings"])["leans"]:
            continue
        assert told["visitors"] == {"/walk/speed": 1}
        page.tap("text=faster")
        page.wait_for_selector("button[aria-pressed=false]:has-text('faster')")


def test_a_pull_is_seen_on_every_phone_and_the_keyboard_keeps_its_place(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, grumbles=None) as page, phone(browser, web) as other:
        faster = page.locator("#lean button", has_text="faster")
        for pressed_now, pulled in (("true", 1.0), ("false", 0.0), ("true", 1.0)):
            faster.focus()
            page.keyboard.press("Enter")
            expect(faster).to_have_attribute("aria-pressed", pressed_now)
            expect(faster).to_be_focused()
            expect(other.locator("#lean progress")).to_have_js_property("value", 1 + pulled / 3)
        page.context.set_offline(True)
        page.tap("text=slower")
        says(page, "No connection. This page goes on by itself")
        expect(faster).to_have_attribute("aria-pressed", "true")


def test_a_text_in_another_direction_than_the_page_keeps_its_own(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, locale="ar") as page:
        assert page.evaluate("document.documentElement.dir") == "rtl"
        assert page.locator("h1 span").get_attribute("dir") == "ltr"
    with phone(browser, web, locale="de-DE") as page:
        assert page.locator("h1 span").get_attribute("dir") is None


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_visitor_likes_the_picture_and_is_told_at_once(browser: Any, web: Driver, script: bool) -> None:
    web.open_round()
    with phone(browser, web, java_script_enabled=script) as page, phone(browser, web) as other:
        page.locator("#like button").first.tap()
        page.wait_for_selector("#like :has-text('You like this picture.')")
        assert page.locator("#like button").first.get_attribute("aria-pressed") == "true"
        expect(other.locator("#like .count").first).to_have_text("1")
        page.locator("#like button").last.tap()
        page.wait_for_selector("#like :has-text('not for you')")
        expect(other.locator("#like .count").last).to_have_text("1")
        page.locator("#like button").last.tap()
        page.wait_for_selector("#like :has-text('choose it again to take it back')")


def test_axe_finds_nothing_in_the_portraits(browser: Any, tmp_path: Path) -> None:
    portrait = Portrait("2026-11-26", "sitters", "m", 12, 3, (0.0,) * AXES)
    keep(tmp_path / PORTRAITS, portrait, np.full((64, 64, 3), 90, np.uint8))
    with Driver(tmp_path) as web:
        web.open_round()
        for locale, size, scheme in (("en-GB", 390, "light"), ("ar", 195, "dark")):
            settings = {"color_scheme": scheme, "locale": locale, "viewport": {"width": size, "height": 844}}
            with phone(browser, web, bypass_csp=True, **settings) as page:
                page.locator('a[href^="/portraits"]').tap()
                page.wait_for_selector("figure img")
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
                assert overflowing(page) == []
                assert page.evaluate("document.querySelector('figure img').naturalWidth") == 64


def test_two_tabs_agree(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web) as page:
        with page.expect_request("**/live"):
            page.reload()
        other = page.context.new_page()
        other.goto(page.url)
        other.tap("button[value=nobody]")
        page.wait_for_selector("button[value=nobody][aria-pressed=true]")
        says(page, "Your vote: Nobody")


def test_without_a_network_the_page_says_so_and_goes_on_after_it(browser: Any, web: Driver) -> None:
    web.open_round()
    with phone(browser, web, grumbles=None) as page:
        page.context.set_offline(True)
        page.tap("button[value=company]")
        page.wait_for_selector("text=No connection. This page goes on by itself")
        page.context.set_offline(False)
        page.wait_for_selector("#offline", state="hidden")
        page.tap("button[value=company]")
        web.tally({"company": 1, "nobody": 0})


def test_nothing_is_asked_of_anybody_else(browser: Any, web: Driver) -> None:
    web.open_round()
    asked: list[str] = []
    context = browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.set_default_timeout(1000 * TIMEOUT)
    with page.expect_request("**/live"):  # the last thing that its script does
        page.goto(f"http://127.0.0.1:{web.port}/", wait_until="domcontentloaded")
    page.wait_for_timeout(300)
    context.close()
    assert len(asked) > 1
    assert all(re.match(rf"http://127\.0\.0\.1:{web.port}/", url) for url in asked)


def test_on_a_slow_network_it_is_light_and_read_before_anything_else_comes() -> None:
    """As docs/visitors.md has it measured."""
    command = [sys.executable, "-m", "benchmarks.phone_page", "--times", "1", "--chromium", str(CHROMIUM)]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=9 * TIMEOUT).stdout)
    assert told["first_paint_s"] > 0
    assert told["files_before_paint"] == 0
    assert told["bytes"] < 50_000
