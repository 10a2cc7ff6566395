"""The console in Chromium: everything in reach of a finger, a keyboard and a screen reader."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from installation.core.folders import REPORTS
from installation.web.messages import Answer, pack
from tests.timeout import TIMEOUT
from tests.web.console_driver import DESK, PIN, entrance, moment, tell
from tests.web_driver import Driver

pytestmark = pytest.mark.browser

TABLET = {"viewport": {"width": 1024, "height": 768}, "has_touch": True}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
VIEWS = ("pieces", "controls", "cues", "sensors", "votes", "today", "health")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    state = tmp_path_factory.mktemp("state")
    line = {"time": "2026-11-27T12:00:00.000+01:00", "level": "warning", "message": "door: no camera"}
    (state / "vernissage.log").write_text(json.dumps(line) + "\n")
    (state / REPORTS).mkdir()
    (state / REPORTS / "2026-11-26.html").write_text("<h1>A day</h1>")
    with Driver(state, console=entrance(state)) as driver:
        driver.open_round()
        tell(driver)
        yield driver


class App:
    """Tells the web process what ``now`` is, again and again, as a running show does."""

    def __init__(self, web: Driver) -> None:
        self.web, self.now = web, moment()
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "App":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.thread.join()

    def _tell(self) -> None:
        while not self.closing.wait(0.2):
            self.web.send(self.now)

    def heard(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = self.web.heard(kind)[kind]
        return found

    def moved(self) -> tuple[str, float | None]:
        """What an operator did next."""
        told = self.heard("moved")
        return told["address"], told["value"]


@pytest.fixture
def app(web: Driver) -> Iterator[App]:
    with App(web) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    expect.set_options(timeout=1000 * TIMEOUT)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def session(browser: Any, web: Driver) -> Any:
    """The cookies of one who typed the PIN."""
    context = browser.new_context(**TABLET)
    page = context.new_page()
    page.set_default_timeout(1000 * TIMEOUT)
    page.goto(f"http://127.0.0.1:{web.port}/console")
    assert violations(page) == []
    page.fill("#pin", PIN)
    page.keyboard.press("Enter")
    page.wait_for_selector("#transport button")
    found = context.storage_state()
    context.close()
    return found


@contextmanager
def console(browser: Any, web: Driver, session: Any, **settings: Any) -> Iterator[Any]:
    """The console of one who is in. In the end nothing may have complained."""
    context = browser.new_context(storage_state=session, **(TABLET | settings))
    context.set_default_timeout(1000 * TIMEOUT)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{web.port}/console", wait_until="domcontentloaded")
    page.wait_for_selector("#link.well")
    page.wait_for_selector("#transport button")
    yield page
    context.close()
    assert complaints == []


def violations(page: Any) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, and its own good practice."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
def test_everybody_can_read_and_hit_it(browser: Any, web: Driver, app: App, session: Any, size: dict[str, Any]) -> None:
    with console(browser, web, session, **size) as page:
        for view in VIEWS:
            page.click(f"#tab-{view}")
            expect(page.locator(f"#{view}")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
            heights = page.evaluate(HEIGHTS)
            assert heights
            assert min(heights) >= 40, view
        page.evaluate("for (const panel of document.querySelectorAll('.panel')) panel.hidden = false")
        assert violations(page) == []


HEIGHTS = """
[...document.querySelectorAll("button, select, input")]
  .filter((target) => target.checkVisibility())
  .map((target) => (target.type === "checkbox" ? target.closest("label, .input") : target))
  .map((target) => target.getBoundingClientRect().height)
"""


def test_what_runs_the_night_is_in_sight_and_a_view_that_is_chosen_too(
    browser: Any, web: Driver, app: App, session: Any
) -> None:
    with console(browser, web, session) as page:
        for name in ("go", "next", "hold", "freeze", "release", "blackout", "panic"):
            expect(page.locator("#transport b", has_text=name).first).to_be_in_viewport(ratio=1)
        expect(page.locator("#master input")).to_be_in_viewport(ratio=1)
        forget = page.locator("[data-address='/taste/reset']")
        expect(forget).to_be_hidden()
        where = page.locator("[data-address='/show/next']").bounding_box()
        app.now = moment(hands={"/stage/brightness": "operator"})
        expect(page.get_by_role("button", name="Release brightness").first).to_be_visible()
        assert page.locator("[data-address='/show/next']").bounding_box() == where, "no finger misses it"
        page.click("#transport summary")
        expect(forget).to_contain_text("taste reset")
        page.tap("[data-address='/walk/next']")
        assert app.moved() == ("/walk/next", 1.0)
    with console(browser, web, session, **PHONE) as page:
        expect(page.locator("header h1")).to_be_in_viewport(ratio=1)
        page.tap("#tab-health")
        expect(page.locator("#health h3").first).to_be_in_viewport(ratio=1)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(page.locator("#tab-pieces")).to_be_in_viewport(ratio=1)
        page.click("#tab-controls")
        page.focus("#c-walk-speed")
        for _ in range(20):  # going back, a control that is focused is never under the views' names
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(UNCOVERED), page.evaluate("document.activeElement.outerHTML")


UNCOVERED = """
(() => {
  const box = document.activeElement.getBoundingClientRect();
  const names = document.getElementById("tabs");
  return names.contains(document.activeElement) || box.top >= names.getBoundingClientRect().bottom - 1 || box.bottom < 1
    || !document.getElementById("panels").contains(document.activeElement);
})()
"""


def test_the_commands_stay_in_reach_beside_the_longest_title(browser: Any, web: Driver, app: App, session: Any) -> None:
    with console(browser, web, session) as page:
        titles = "[...document.querySelectorAll('header h1, #hangs')]"
        page.evaluate(f"for (const one of {titles}) one.textContent = 'Nevertheless '.repeat(60)")
        assert max(page.evaluate(f"{titles}.map((one) => one.clientHeight)")) <= 72  # two lines of 24 px
        page.evaluate("document.querySelector('#now').style.minHeight = '40rem'")
        page.locator("[data-address='/stage/blackout']").scroll_into_view_if_needed()
        expect(page.locator("[data-address='/stage/blackout']")).to_be_in_viewport(ratio=1)


def test_commands_by_finger_and_the_dangerous_ones_in_two_steps(
    browser: Any, web: Driver, app: App, session: Any
) -> None:
    with console(browser, web, session) as page:
        page.tap("[data-address='/show/next']")
        assert app.moved() == ("/show/next", 1.0)
        page.tap("[data-address='/show/hold']")
        assert app.moved() == ("/show/hold", 1.0)
        dark = page.locator("[data-address='/stage/blackout']")
        dark.tap()
        expect(page.locator("#said")).to_contain_text("blackout is armed: press again")
        page.tap("[data-address='/show/next']")  # which disarms it
        assert app.moved() == ("/show/next", 1.0)
        web.send(pack(Answer("console 127.0.0.1", "/show/next came again: a double press counts once")))
        expect(page.locator("#said")).to_have_text("/show/next came again: a double press counts once")
        dark.tap()
        expect(page.locator("#said")).to_have_text("blackout is not armed any more.")
        expect(dark).not_to_have_class("armed")
        page.evaluate("for (const _ of [1, 2]) document.querySelector('[data-address=\"/stage/blackout\"]').click()")
        assert app.moved() == ("/stage/blackout", 1.0)
        app.now = moment(dark=True, switches={"/stage/blackout": True})
        expect(dark).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#state")).to_contain_text("blackout")
        dark.tap()  # light comes back at once
        assert app.moved() == ("/stage/blackout", 0.0)


def test_everything_by_keyboard(browser: Any, web: Driver, app: App, session: Any) -> None:
    with console(browser, web, session) as page:
        page.focus("#tab-pieces")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#tab-controls")).to_be_focused()
        page.focus("#c-walk-speed")
        page.keyboard.press("ArrowRight")
        assert app.moved() == ("/walk/speed", pytest.approx(1.02))
        app.now = moment(hands={"/walk/speed": "operator"})
        release = page.get_by_role("button", name="Release speed")
        release.focus()
        page.keyboard.press("Enter")
        assert app.moved() == ("/walk/speed", None)
        page.focus("#tab-controls")
        page.keyboard.press("Home")
        page.focus("[data-piece=company]")
        page.keyboard.press("Enter")
        assert app.moved() == ("/show/piece", 1.0)
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_it_shows_what_hangs_who_has_what_and_why(browser: Any, web: Driver, app: App, session: Any) -> None:
    app.now = moment(hands={})  # the reasons are told once a second, and may be known before the hands
    with console(browser, web, session) as page:
        expect(page.locator("#hangs")).to_have_text("Sitters who never sat")
        app.now = moment()
        expect(page.locator("#comes")).to_have_text("1:33 left, then The company")
        app.now = moment(coming="company", progress=0.5, seconds_left=0.0)
        expect(page.locator("#comes")).to_have_text("changing to The company")
        page.click("#tab-controls")
        row = page.locator(".row", has=page.locator("#c-walk-speed"))
        expect(row.locator(".hand")).to_have_text("wire")
        expect(row.locator(".why")).to_have_text("wire door.motion")
        page.fill("#find", "lamp")
        expect(page.locator("#controls .row:visible")).to_have_count(2)
        page.click("#tab-sensors")
        expect(page.locator(".lamp")).to_have_text("failing since 0:12, failed 3 times")
        expect(page.locator(".sight")).to_have_attribute("viewBox", "0 0 160 120")
        expect(page.locator(".sight .outline")).to_have_attribute("d", "M64.0 24.0L96.0 24.0L96.0 108.0L64.0 108.0Z")
        expect(page.locator(".sight .other")).to_have_attribute("d", "M16.0 12.0L32.0 12.0L24.0 36.0Z")
        expect(page.locator(".sight .arrow")).to_have_attribute("d", "M80.0 60.0L89.6 60.0")
        page.click("#tab-today")
        expect(page.locator(".day li.present b")).to_have_text("day")
        with page.expect_popup() as opened:
            page.click("text=2026-11-26")
        expect(opened.value.locator("h1")).to_have_text("A day")
        page.click("#tab-health")
        expect(page.locator(".log li")).to_contain_text(["door: no camera"])


def test_this_machine_is_looked_at_when_asked(browser: Any, web: Driver, app: App, session: Any) -> None:
    with console(browser, web, session) as page:
        page.click("#tab-health")
        page.click("text=Look at this machine")
        expect(page.locator("#health button")).to_be_disabled()
        expect(page.locator(".findings li", has_text="disk").first).to_be_visible(timeout=1000 * TIMEOUT)
        page.click("text=Look at this machine")
        expect(page.locator("#said")).to_contain_text("has just been looked at")


def test_the_present_is_kept_and_a_kept_cue_is_changed(browser: Any, web: Driver, app: App, session: Any) -> None:
    with console(browser, web, session) as page:
        page.click("#tab-cues")
        page.fill("[aria-label='Name of the new cue']", "late")
        page.keyboard.press("Enter")
        assert app.heard("moved")["text"] == "late"
        page.fill("[aria-label='Fade of dusk in seconds']", "2.5")
        page.keyboard.press("Enter")
        assert app.heard("edited")["fade"] == 2.5
        page.fill("[aria-label='Fade of dusk in seconds']", "-1")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("The fade of dusk stays 5 s.")
        expect(page.locator("[aria-label='Fade of dusk in seconds']")).to_have_value("5")
        expect(page.locator("[data-cue=noon]")).to_contain_text("stage/brightness → 1, walk/speed → 1.8")
        expect(page.locator("[aria-label='Move dusk down']")).to_be_disabled()
        expect(page.locator("[aria-label='Move noon up']")).to_be_disabled()
        page.focus("[aria-label='Move dusk up']")
        page.keyboard.press("Enter")
        assert app.heard("edited")["steps"] == -1
        noon, dusk = DESK.cues[1:]
        web.send(pack(replace(DESK, cues=(DESK.cues[0], replace(dusk, fade=2.5), noon, replace(noon, name="late")))))
        expect(page.locator(".cue b")).to_have_text(["evening", "dusk", "noon", "late"])
        expect(page.locator("[data-cue=dusk]")).to_contain_text("fades in 2.5 s")
        expect(page.locator("[aria-label='Move noon up']")).to_be_enabled()
        page.focus("[aria-label='Move noon up']")
        web.send(pack(DESK))
        expect(page.locator(".cue b")).to_have_text(["evening", "noon", "dusk"])
        page.focus("[aria-label='Move noon down']")
        web.send(pack(replace(DESK, cues=(DESK.cues[0], noon, dusk, replace(dusk, name="late")))))
        expect(page.locator("[data-cue=late]")).to_be_visible()
        expect(page.locator("[aria-label='Move noon down']")).to_be_focused()
        web.send(pack(replace(DESK, cues=(DESK.cues[0], dusk, noon))))
        expect(page.locator("[aria-label='Move noon up']")).to_be_focused()
        web.send(pack(DESK))
        assert page.locator("[aria-label='Move evening up']").count() == 0, "a cue of the show file itself"
        page.click("[aria-label='Fire evening']")
        assert app.moved() == ("/cue/evening", 1.0)


def test_a_press_without_a_connection_says_that_nothing_was_sent(
    browser: Any, web: Driver, app: App, session: Any
) -> None:
    with console(browser, web, session) as page:
        opened: list[Any] = []

        def once(socket: Any) -> None:
            opened.append(socket)
            socket.close() if opened[1:] else socket.connect_to_server()

        page.route_web_socket("**/console/live", once)
        page.reload()
        page.wait_for_selector("#transport button")
        opened[0].close()
        expect(page.locator("#link.bad")).to_contain_text("no connection")
        page.tap("[data-address='/show/next']")
        expect(page.locator("#said")).to_have_text("There is no connection; nothing was sent.")


def test_a_show_that_hangs_is_told_and_the_page_goes_on(browser: Any, web: Driver, session: Any) -> None:
    with App(web) as app, console(browser, web, session) as page:
        expect(page.locator("#link")).to_have_text("live")
        app.closing.set()
        expect(page.locator("#link.bad")).to_contain_text("no answer from the show since 3 s")
        expect(page.locator("#veil")).to_be_visible()
        page.click("#tab-health")
        expect(page.locator(".told .bad")).to_contain_text(["the show has been silent"])
        page.tap("[data-address='/show/next']")
        assert app.moved() == ("/show/next", 1.0)
        with App(web):
            expect(page.locator("#link.well")).to_have_text("live")
