"""The line of every key: in each way that TOML has to write one."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.showfile.toml_lines import Loc, key_lines, line_of

TEXT = '''\
# a comment with [brackets] and = signs
[show]
title = "a # no comment"   # a comment
languages = [
  "en",  # one
  "nl",
]
text = """
[piece]
name = "not a key"
"""
"a key" = 1
'it''s'.deep . "er" = 2

[stage]
[[piece]]
name = 'one'
walk = { kind = "loop", seeds = [3, 14], at = [
  { x = 1.5 }] }

  [piece.label]
  title.en = "a"
  title.nl = "b"
  [[piece.wire]]
  signal = "s"
  in = [0,
    1]
  [[piece.wire]]
  signal = "t"
[[piece]]
name = "two"
  [[piece.wire]]
  when = 2026-01-01 10:00:00
  [piece.set]
  "walk/speed" = 1
'''.replace("'it''s'", "'its'")

EXPECTED = {
    ("show",): 2,
    ("show", "title"): 3,
    ("show", "languages"): 4,
    ("show", "languages", 0): 5,
    ("show", "languages", 1): 6,
    ("show", "text"): 8,
    ("show", "a key"): 12,
    ("show", "its", "deep", "er"): 13,
    ("stage",): 15,
    ("piece",): 16,
    ("piece", 0): 16,
    ("piece", 0, "name"): 17,
    ("piece", 0, "walk", "kind"): 18,
    ("piece", 0, "walk", "seeds", 1): 18,
    ("piece", 0, "walk", "at"): 18,
    ("piece", 0, "walk", "at", 0, "x"): 19,
    ("piece", 0, "label"): 21,
    ("piece", 0, "label", "title"): 22,
    ("piece", 0, "label", "title", "nl"): 23,
    ("piece", 0, "wire"): 24,
    ("piece", 0, "wire", 0): 24,
    ("piece", 0, "wire", 0, "in"): 26,
    ("piece", 0, "wire", 0, "in", 1): 27,
    ("piece", 0, "wire", 1): 28,
    ("piece", 0, "wire", 1, "signal"): 29,
    ("piece", 1): 30,
    ("piece", 1, "wire", 0, "when"): 33,
    ("piece", 1, "set", "walk/speed"): 35,
}


def ways(value: object, loc: Loc = ()) -> set[Loc]:
    """Every way into a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {way for key, item in items for way in ({(*loc, key)} | ways(item, (*loc, key)))}


@pytest.mark.parametrize(("loc", "line"), EXPECTED.items(), ids=lambda value: str(value))
def test_every_way_to_write_a_key(loc: Loc, line: int) -> None:
    assert key_lines(TEXT)[loc] == line


def test_it_finds_exactly_what_tomllib_finds() -> None:
    assert set(key_lines(TEXT)) == ways(tomllib.loads(TEXT))


def test_line_ends_of_windows_count_once() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_what_is_not_written_is_where_its_table_is() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("piece", 1, "label", "title")) == 30
    assert line_of(lines, ("web", "port")) == 1
    assert line_of({}, ()) == 1


@pytest.mark.parametrize(
    "text",
    ['a = """x"""""\nb = 1', "a = '''x'''''\nb = 1", 'a = "\\"#"\nb = 1', 'a = """\\""""\nb = 1', "a = '\\'\nb = 1"],
)
def test_quotes_within_strings_do_not_end_them(text: str) -> None:
    assert key_lines(text) == {("a",): 1, ("b",): 2}


def test_no_depth_exhausts_it() -> None:
    assert key_lines("a = " + "[" * 2000 + "]" * 2000 + "\nb = 1")[("b",)] == 2


KEY = st.text("ab .\"'#=[]{}\\\té", min_size=1, max_size=4)
VALUE = st.recursive(
    st.integers(-9, 9) | st.floats(-9, 9) | st.booleans() | st.text("a\"'\n\\#=[]{},", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    codes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(codes.get(letter, letter) for letter in text) + '"'


def written(value: object) -> str:
    """A value as TOML, arrays over several lines."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(key)} = {written(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[ # open\n" + "".join(f"{written(item)},\n" for item in value) + "]"
    return quoted(value) if isinstance(value, str) else str(value).lower()


@given(st.dictionaries(KEY, VALUE, max_size=4))
def test_any_document_is_followed_to_its_end(document: dict[str, object]) -> None:
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    lines = key_lines(text)
    assert set(lines) == ways(document)
    assert max(lines.values(), default=0) <= text.count("\n")


def test_inline_tables_may_go_over_lines_as_in_toml_1_1() -> None:
    lines = key_lines('a = {\n  b = 1,  # one\n  c = { d = "x",\n  e = 2, },\n}\nf = 3')
    assert lines == {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", "d"): 3, ("a", "c", "e"): 4, ("f",): 6}
