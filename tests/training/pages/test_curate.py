"""A curator's choice: by options, on the page, and in the model file that the walks read."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from installation.networks.model_file import group_of, load_model
from installation.training.cli import main
from installation.training.latent.curation import (
    SAMPLES,
    Curation,
    CurationError,
    NamedLatent,
    around,
    blocked_by,
    curation_of,
    save,
    usual_radius,
)
from installation.training.latent.models import open_model
from tests.page_driver import Pages, looking
from tests.tiny_models import tiny_vae
from tests.training.evaluation.test_eyes import landmarks
from tests.training.evaluation.tiny_tflite import landmarks_file

DAY = "2025-01-31"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_vae(tmp_path / "tiny.safetensors")


def chosen(path: Path) -> dict[str, Any]:
    """What the file's header says is chosen; the tensors fit it, or a walk could not read them."""
    header, tensors = load_model(path)
    space = open_model(path).space
    told: dict[str, Any] = header["curation"]
    saved = group_of(tensors, "curation")
    assert saved["favourites"].shape == (len(told["favourites"]), len(space.mean))
    assert saved["blocked"].shape == (len(told["blocked"]), len(space.mean))
    assert saved["radii"] == pytest.approx([one["radius"] for one in told["blocked"]], abs=1e-4)
    assert space.names == tuple(one["name"] for one in told["favourites"])
    return told


def names(path: Path) -> list[str]:
    return [one["name"] for one in chosen(path)["favourites"]]


# -- what a choice is -------------------------------------------------------------------------------------------------


def named(seed: int | None, radius: float = 0.0) -> NamedLatent:
    return NamedLatent(f"Seed {seed}", np.full(4, seed or -1, np.float32), seed, radius)


def test_a_seed_is_a_favourite_or_blocked_and_never_both() -> None:
    kept = Curation().keep(named(3)).keep(named(4))
    assert [one.seed for one in kept.drop(named(3, 1.0)).favourites] == [4]
    assert kept.drop(named(3, 1.0)).keep(named(3)).blocked == ()
    with pytest.raises(CurationError, match="seed 4 is a favourite already"):
        kept.keep(named(4))
    with pytest.raises(CurationError, match="must be above 0"):
        kept.drop(named(5))


def test_there_is_a_most() -> None:
    full = Curation(tuple(named(seed) for seed in range(500)))
    with pytest.raises(CurationError, match="500 favourites already"):
        full.keep(named(500))


@given(st.data())
@settings(max_examples=40)
def test_moving_keeps_all_and_puts_one_where_it_was_sent(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    index, to = (data.draw(st.integers(0, count - 1)) for _ in range(2))
    curation = Curation(tuple(named(seed) for seed in range(count))).moved(index, to)
    seeds = [one.seed for one in curation.favourites]
    assert seeds[to] == index
    assert [seed for seed in seeds if seed != index] == [seed for seed in range(count) if seed != index]


def test_balls_of_the_usual_radius_around_neighbours_just_touch() -> None:
    points = np.array([[0, 0], [0, 2], [10, 0], [10, 2], [30, 0], [30, 2]], np.float32)
    assert usual_radius(points) == pytest.approx(1.0)


def test_neighbours_lie_at_the_distance_and_towards_samples() -> None:
    samples = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    near = around(samples[3], samples, 0.5, 12)
    assert near.shape == (12, 8)
    assert np.linalg.norm(near - samples[3], axis=1) == pytest.approx(np.full(12, 0.5), rel=1e-4)
    ways = (near - samples[3]) / 0.5
    towards = samples - samples[3]
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    assert (ways @ towards.T).max(1) == pytest.approx(np.ones(12), abs=1e-4)


def test_a_place_is_blocked_within_the_radius_only() -> None:
    curation = Curation().drop(NamedLatent("dark", np.zeros(4, np.float32), None, 1.0))
    inside, outside = (np.array([far, 0, 0, 0], np.float32) for far in (0.99, 1.01))
    assert blocked_by(inside, curation) is curation.blocked[0]
    assert blocked_by(outside, curation) is None


def test_a_choice_comes_back_from_the_file_and_nothing_else_changes(model: Path) -> None:
    before = load_model(model)
    curation = (
        Curation()
        .keep(NamedLatent("A", np.arange(8, dtype=np.float32)))
        .drop(NamedLatent("B", np.ones(8, np.float32), 7, 0.25))
    )
    save(model, curation, 8, "Anna", DAY)
    after = load_model(model)
    read = curation_of(*after)
    assert [(one.name, one.seed, one.radius) for one in (*read.favourites, *read.blocked)] == [
        ("A", None, 0.0),
        ("B", 7, 0.25),
    ]
    assert np.array_equal(read.favourites[0].latent, np.arange(8))
    assert {name: value for name, value in after[0].items() if name != "curation"} == before[0]
    assert all(np.array_equal(after[1][name], tensor) for name, tensor in before[1].items())
    broken = dict(after[0], curation={"favourites": [{"name": "A"}, {"name": "B"}]})
    with pytest.raises(CurationError, match="damaged"):
        curation_of(broken, after[1])


# -- by options -------------------------------------------------------------------------------------------------------


def curate(*arguments: str | Path) -> int:
    return main(["curate", *map(str, arguments), "--who", "Anna", "--when", DAY])


def test_options_choose_without_a_page(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert curate(model, "--keep", "14", "--keep", "38: The  merchant ", "--drop", "7", "--list") == 0
    told = chosen(model)
    radius = told["blocked"][0]["radius"]
    assert told == {
        "favourites": [{"name": "Seed 14", "seed": 14}, {"name": "The merchant", "seed": 38}],
        "blocked": [{"name": "Seed 7", "seed": 7, "radius": radius}],
        "who": "Anna",
        "when": DAY,
    }
    opened = open_model(model)
    assert radius == pytest.approx(usual_radius(opened.latents(range(SAMPLES))), abs=1e-4)
    assert opened.space.favourites is not None
    assert np.array_equal(opened.space.favourites, opened.latents([14, 38]))
    assert "favourite   2  The merchant (seed 38)" in capsys.readouterr().out
    assert curate(model, "--keep", "5", "--drop", "38:Gone", "--radius", "100") == 0
    assert names(model) == ["Seed 14", "Seed 5"]
    assert curate(model, "--list") == 0
    assert "lies in the blocked place Gone, so no walk shows it" in capsys.readouterr().out
    assert curate(model, "--clear", "--keep", "1") == 0
    assert (names(model), chosen(model)["blocked"]) == (["Seed 1"], [])


def test_out_leaves_the_model_alone_and_goes_on_from_what_is_there(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = model.read_bytes(), tmp_path / "out.safetensors"
    assert curate(model, "--out", out, "--keep", "1") == 0
    assert curate(model, "--out", out, "--keep", "2") == 0
    assert names(out) == ["Seed 1", "Seed 2"]
    assert model.read_bytes() == before
    tiny_vae(out).write_bytes(before.replace(b'\\"images\\": 0', b'\\"images\\": 1'))  # the same network: fine
    assert curate(model, "--out", out, "--list") == 0
    other = load_model(model)
    from installation.networks.model_file import save_model

    save_model(out, {name: tensor * np.float32(1.5) for name, tensor in other[1].items()}, other[0])
    content = out.read_bytes()
    assert curate(model, "--out", out, "--keep", "3") == 2
    assert "is another model than" in capsys.readouterr().err
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--keep", "1", "--keep", "1"], "seed 1 is a favourite already"),
        (["--out", "model.pt", "--list"], "ends with .safetensors"),
        (["--keep", "1", "--when", "soon"], "expected a date"),
    ],
)
def test_what_cannot_be_chosen_is_said_and_nothing_is_written(
    model: Path, options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    assert main(["curate", str(model), *options]) == 2
    assert text in capsys.readouterr().err
    assert model.read_bytes() == before


@pytest.mark.parametrize("seed", ["-1", "one", str(2**31), "1:" + "n" * 81])
def test_a_seed_must_be_one(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["curate", "model.safetensors", f"--keep={seed}"])
    assert "is not a seed from 0" in capsys.readouterr().err


# -- on the page ------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(model: Path) -> Iterator[Pages]:
    with Pages("curate", model, "--who", "Anna", "--when", DAY) as pages:
        yield pages


def test_every_choice_is_in_the_file_at_once(page: Pages, model: Path) -> None:
    radius = json.loads(page.get("state")[1])["radius"]
    near = json.loads(page.get(f"near?key=s4&radius={radius}")[1])
    assert len(near["keys"]) == 12
    for asked in ({"key": "s4"}, {"key": "s9", "name": "The <b>judge</b>"}, {"key": near["keys"][2]}):
        assert page.post("keep", asked)[0] == 200
    assert names(model) == ["Seed 4", "The <b>judge</b>", "Neighbour 3"]
    page.post("move", {"key": "s9", "to": 0})
    page.post("name", {"key": "s4", "name": "  The\nmayor "})
    assert names(model) == ["The <b>judge</b>", "The mayor", "Neighbour 3"]
    page.post("drop", {"key": "s4", "radius": radius})
    assert (names(model), chosen(model)["blocked"][0]["seed"]) == (["The <b>judge</b>", "Neighbour 3"], 4)
    seeds = json.loads(page.get("seeds?start=0&count=8")[1])["seeds"]
    assert [each["inside"] for each in seeds if each["key"] == "s4"] == ["Seed 4"]
    page.post("forget", {"key": "s9"})
    assert names(model) == ["Neighbour 3"]
    states = [page.post("undo", {})[1] for _ in range(8)]
    assert [len(state["favourites"]) for state in states] == [2, 3, 3, 3, 2, 1, 0, 0]
    assert states[-1]["nothing"]
    assert chosen(model)["favourites"] == []
    first, again = (page.get(f"picture?key={key}&psi=0.7")[1] for key in (near["keys"][0], near["keys"][0]))
    assert first == again
    assert np.asarray(Image.open(io.BytesIO(first))).shape == (16, 16, 3)

    before = model.read_bytes()
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("keep", {}, "expected the key"),
        ("keep", {"key": "s-1"}, "seed: expected"),
        ("keep", {"key": "s99999999999"}, "seed: expected"),
        ("keep", {"key": "n12"}, "key: expected a number from 0 to 11"),
        ("keep", {"key": "s1", "name": "n" * 81}, "at most 80"),
        ("keep", {"key": 7}, "expected text"),
        ("drop", {"key": "s1"}, "radius: expected"),
        ("drop", {"key": "s1", "radius": 1e9}, "radius: expected"),
        ("drop", {"key": "s1", "radius": "NaN"}, "radius: expected"),
        ("move", {"key": "s4", "to": 0}, "not chosen any more"),
        ("name", {"key": "s4", "name": "A"}, "not chosen any more"),
    ]
    for name, body, text in wrong:
        status, answer = page.post(name, body)
        assert (status, text in answer["error"]) == (400, True), (name, body, answer)
    for asked in ("seeds?start=0&count=49", "seeds?start=-1&count=2", "picture?key=s1&psi=9", "picture?key=s1"):
        assert page.get(asked)[0] == 400, asked
    assert page.post("keep", {"key": "s1"}, Origin="http://example.org")[0] == 403
    assert model.read_bytes() == before


def test_the_page_says_whose_eyes_do_not_agree(model: Path, tmp_path: Path) -> None:
    network = tmp_path / "landmarks.tflite"
    network.write_bytes(landmarks_file(landmarks(lids=1.0), {}))
    with Pages("curate", model, "--landmarks-model", network, "--when", DAY) as pages:
        assert json.loads(pages.get("state")[1])["eyes"] is True
        assert "eyes disagree: opening" in json.loads(pages.get("eyes?key=s4&psi=0.7")[1])["words"]
        assert pages.get("eyes?key=s4&psi=9")[0] == 400


@pytest.mark.slow
@pytest.mark.browser
def test_a_mark_is_on_favourites_whose_eyes_do_not_agree(model: Path, tmp_path: Path, chromium: str) -> None:
    network = tmp_path / "landmarks.tflite"
    network.write_bytes(landmarks_file(landmarks(lids=1.0), {}))
    assert curate(model, "--keep", "3:Mirjam") == 0
    with Pages("curate", model, "--landmarks-model", network) as pages, looking(pages.url, chromium) as (view, expect):
        expect(view.locator("#favourites .card")).to_have_attribute("data-eyes", re.compile("eyes disagree: opening"))
        expect(view.locator("#seeds .card >> nth=1")).to_have_attribute("data-eyes", re.compile("eyes disagree"))


@pytest.mark.slow
@pytest.mark.browser
def test_a_person_curates_in_the_browser(page: Pages, model: Path, chromium: str) -> None:
    with looking(page.url, chromium) as (view, expect):
        keys = view.keyboard
        kept, status = view.locator("#favourites .card"), view.locator("#status")
        expect(view.locator("#seeds .card")).to_have_count(48)
        view.focus("#seeds .card >> nth=0")
        for number in (1, 2, 3):
            keys.press("k")
            expect(kept).to_have_count(number)
            keys.press("ArrowRight")
        keys.press("ArrowLeft")
        keys.press("n")
        keys.type("<b>Anna</b> & co")
        keys.press("Enter")
        expect(status).to_contain_text("It is called <b>Anna</b> & co.")
        expect(kept.nth(2)).to_be_focused()
        keys.press("[")
        expect(status).to_contain_text("is now number 2")
        assert names(model) == ["Seed 0", "<b>Anna</b> & co", "Seed 1"]
        kept.nth(0).drag_to(kept.nth(2), target_position={"x": 95, "y": 40})
        expect(status).to_contain_text("Seed 0 is now number 3")
        assert names(model) == ["<b>Anna</b> & co", "Seed 1", "Seed 0"]
        keys.press("m")  # more like the one that was just moved
        view.click("#near-grid .card >> nth=4")
        expect(kept).to_have_count(4)
        keys.press("Escape")
        view.focus("#seeds .card[data-key=s7]")
        keys.press("d")
        expect(view.locator("#near-grid .card")).to_have_count(12)
        keys.press("ArrowRight")  # the distance has the focus
        keys.press("Enter")
        expect(view.locator("#seeds .card[data-key=s7]")).to_contain_text("blocked")
        expect(view.locator("#seeds .card[data-key=s7]")).to_be_focused()
        assert chosen(model)["blocked"][0]["seed"] == 7
        keys.press("u")
        expect(view.locator("#blocked-part")).to_be_hidden()
        assert chosen(model)["blocked"] == []
        view.fill("#start", "1000")
        keys.press("Enter")
        expect(view.locator("#seeds .card >> nth=0")).to_have_attribute("data-key", "s1000")
        before = view.get_attribute("#seeds img >> nth=0", "src")
        view.fill("#psi", "0.2")
        expect(view.locator("#seeds img >> nth=0")).not_to_have_attribute("src", before)
        view.reload()
        expect(kept).to_have_count(4)
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")


CLOSE_AND = """
([card, key]) => {
  document.querySelector("#near").close();
  document.querySelector(card).focus();
  if (key) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}
"""
"""The dialog is closed, a card gets the focus and a key is pressed before the browser tells the page of the first."""


@pytest.mark.slow
@pytest.mark.browser
def test_who_is_quicker_than_the_page_loses_nothing(page: Pages, model: Path, chromium: str) -> None:
    """A browser tells late that a dialog was closed, and an answer may be late: the person has gone on."""
    with looking(page.url, chromium) as (view, expect):
        near, keys, kept = view.locator("#near-grid .card"), view.keyboard, view.locator("#favourites .card")
        expect(view.locator("#seeds .card")).to_have_count(48)
        view.focus("#seeds .card[data-key=s3]")
        keys.press("k")
        expect(kept).to_have_count(1)
        keys.press("m")
        expect(near).to_have_count(12)
        view.evaluate(CLOSE_AND, ["#seeds .card[data-key=s7]", "d"])
        expect(view.locator("#near-title")).to_have_text("Block seed 7?")
        expect(near).to_have_count(12)
        view.evaluate(CLOSE_AND, ["#favourites .card", ""])
        expect(kept).to_be_focused()

        held: list[Any] = []
        view.route("**/drop", lambda asked: held.append(asked))
        view.focus("#seeds .card[data-key=s7]")
        keys.press("d")
        with view.expect_request("**/drop"):
            keys.press("Enter")
        keys.press("Escape")
        view.focus("#seeds .card[data-key=s8]")
        keys.press("d")
        held.pop().continue_()
        expect(view.locator("#status")).to_contain_text("seed 7 is blocked")
        expect(view.locator("#seeds .card[data-key=s7]")).to_contain_text("blocked")
        expect(view.locator("#near-title")).to_have_text("Block seed 8?")
        expect(view.locator("#near")).to_be_visible()
        keys.press("Escape")

        view.route("**/seeds?*", lambda asked: held.append(asked))
        view.focus("#seeds .card[data-key=s8]")
        for key in ("PageDown", "PageDown", "u"):
            with view.expect_request("**/seeds?*"):
                keys.press(key)
        view.focus("#start")
        keys.press("ControlOrMeta+a")
        keys.type("96000")
        view.unroute("**/seeds?*")
        for one in reversed(held):  # the page that was left is answered last
            with view.expect_event("requestfinished"):
                one.continue_()
        view.evaluate("fetch('state').then((answer) => answer.json())")  # by now all of them are drawn, or left
        expect(view.locator("#seeds .card >> nth=0")).to_have_attribute("data-key", "s96")
        expect(view.locator("#start")).to_have_value("96000")
        keys.press("Enter")
        expect(view.locator("#seeds .card >> nth=0")).to_have_attribute("data-key", "s96000")
    assert chosen(model)["blocked"] == []
