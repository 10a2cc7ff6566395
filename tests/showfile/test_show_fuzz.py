"""Whatever stands in a show file: it is a show, or it gets messages; never a traceback."""

import copy
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.core import parts
from installation.core.errors import ShowError
from installation.showfile.load import Show, load
from tests.showfile.test_load import LARGE
from tests.showfile.test_toml_lines import written
from tests.stub_rooms import ROOMS

DOCUMENT = tomllib.loads(LARGE)
WORDS = ["", "one", "paint", "door.x", "walk/speed", "/show/next", "votes", "en", "4 min", "127.0.0.1", "../x", "kind"]
LEAVES = (
    st.sampled_from(WORDS)
    | st.text("a./-é\x7f\u202e", max_size=5)
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.booleans()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS[1:], "nl"]), inner, max_size=3),
    max_leaves=6,
)


def values_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (table or list, key) of a document."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from values_of(inner)


def toml(document: dict[str, Any]) -> str:
    return "".join(f"{key} = {written(value)}\n" for key, value in document.items())


def read(folder: Path, text: str) -> Show | ShowError:
    path = folder / "fuzz.toml"
    path.write_bytes(text.encode("utf-8", "replace"))
    try:
        return load(path)
    except ShowError as error:
        return error


@pytest.fixture(autouse=True)
def _stub_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROOMS", ROOMS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_one_place_with_anything_in_it(tmp_path: Path, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    table, key = data.draw(st.sampled_from(list(values_of(document))))
    table[key] = data.draw(VALUES)
    result = read(tmp_path, toml(document))
    if isinstance(result, Show):
        assert all(math.isfinite(value) for piece in result.pieces for value in piece.rests().values())
    else:
        assert all(fault.expected and fault.found and fault.line >= 1 for fault in result.faults)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.dictionaries(st.sampled_from(["show", "stage", "web", "operator", "sensor", "piece", "x"]), VALUES))
def test_tables_of_anything(tmp_path: Path, document: dict[str, Any]) -> None:
    assert isinstance(read(tmp_path, toml(document)), ShowError)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.integers(0, len(LARGE)), st.integers(0, 60), st.text(max_size=4))
def test_a_slip_of_the_hand(tmp_path: Path, at: int, cut: int, typed: str) -> None:
    result = read(tmp_path, LARGE[:at] + typed + LARGE[at + cut :])
    assert isinstance(result, Show) or str(result).startswith(str(tmp_path / "fuzz.toml"))
