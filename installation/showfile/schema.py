"""The grammar of a show file as a JSON schema, written from the same tables that a show is checked with.

An editor with support for TOML schemas (taplo, for one) completes and checks a show that names it in its first line,
``#:schema ../docs/show.schema.json``. It cannot tell everything that ``--check`` does: which controls a model brings,
or whether a file is there.
"""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from installation.core import parts
from installation.showfile.load import LISTS, PLANS, TABLES, VISITORS, VOTES, WORDS
from installation.showfile.parts import outputs_for_shows
from installation.showfile.schedule_tables import Cue, Programme, Schedule
from installation.showfile.tables import Piece, Wall
from installation.showfile.visitors_table import Visitors
from installation.showfile.votes_table import Votes

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
WORDS_OF: Schema = {"type": "object", "additionalProperties": TEXTS, "title": "Words"}
"""Language -> key -> text; the keys are checked by ``--check``."""


class _Generate(GenerateJsonSchema):
    """A default that is no JSON, as a folder's path, is left out."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 the base class has a set


def written() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """The whole schema, as JSON has it."""
    definitions: Schema = {}
    tables = {name: _table(table, definitions) for name, table in TABLES.items()}
    piece = _table(Piece, definitions)
    for room in ("generator", "walk"):
        piece["properties"][room] = _part(room, definitions)
    lists = {
        "sensor": _part("sensor", definitions),
        "output": _part("output", definitions),
        "piece": piece,
        "wall": _table(Wall, definitions),
    }
    lists |= {"programme": _table(Programme, definitions), "cue": _table(Cue, definitions)}
    tables |= {"schedule": _table(Schedule, definitions), WORDS: WORDS_OF}
    tables |= {VISITORS: _table(Visitors, definitions), VOTES: _table(Votes, definitions)}
    assert {*lists, *tables} == {*TABLES, WORDS, VISITORS, VOTES, *LISTS, *PLANS}, (
        "a table of the show file is not in its schema yet"
    )
    return {
        "$schema": DIALECT,
        "title": "A show of Vernissage",
        "type": "object",
        "additionalProperties": False,
        "required": ["show", "piece"],
        "properties": {**tables, **{name: {"type": "array", "items": items} for name, items in lists.items()}},
        "$defs": dict(sorted(definitions.items())),
    }


def _table(model: type[BaseModel], definitions: Schema) -> Schema:
    """The schema of one table; the tables within it are put into ``definitions``."""
    made = model.model_json_schema(schema_generator=_Generate, ref_template="#/$defs/{model}")
    definitions.update(made.pop("$defs", {}))
    return made


def _part(room: str, definitions: Schema) -> Schema:
    """Any part of a room: its table with its kind, or where it needs no options its name alone."""
    names = list(outputs_for_shows() if room == "output" else parts.kinds(room))
    tables = [_kind(parts.config(room, kind), kind, definitions) for kind in names]
    if room in ("sensor", "output"):
        return {"anyOf": tables}
    return {"anyOf": [{"enum": names}, *tables]}


def _kind(config: type[BaseModel], kind: str, definitions: Schema) -> Schema:
    made = _table(config, definitions)
    made["properties"]["kind"] = {"const": kind}
    made["required"] = ["kind", *(name for name in made.get("required", ()) if name != "kind")]
    return {**made, "title": kind}
