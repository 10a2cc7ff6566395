"""The JSON schema of a show file: what the bundled shows say is in it, and it is what the tables say."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from installation.core.parts import ROOT
from installation.showfile.schema import schema, written

PAGE = ROOT / "docs" / "show.schema.json"
SHOWS = sorted((ROOT / "shows").glob("*.toml"))


@pytest.fixture(scope="module")
def checker() -> Any:
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def test_the_page_is_what_the_tables_say() -> None:
    if not PAGE.exists() or PAGE.read_text("utf-8") != written():
        PAGE.write_text(written(), "utf-8")
        pytest.fail("docs/show.schema.json was behind the tables; it is written anew, commit it")


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_a_bundled_show_keeps_it_and_names_it(path: Path, checker: Any) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("#:schema ../docs/show.schema.json\n")
    checker.validate(json.loads(json.dumps(tomllib.loads(text))))


@pytest.mark.parametrize(
    "wrong",
    [
        {"piece": []},
        {"show": {"title": "x"}, "piece": [], "color": 1},
        {"show": {"title": "x", "order": "random"}, "piece": []},
        {"show": {"title": "x"}, "piece": [{"name": "a", "duration": "1 min", "generator": "plasm", "walk": "loop"}]},
        {"show": {"title": "x"}, "piece": [], "sensor": [{"kind": "camera", "sorce": 1}]},
    ],
)
def test_it_refuses_what_check_refuses(wrong: dict[str, Any], checker: Any) -> None:
    assert list(checker.iter_errors(wrong))
