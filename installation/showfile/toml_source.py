"""From the bytes of a show file to its tables, or to the one fault that stops the reading of it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from installation.core.errors import Fault, ShowError, did_you_mean
from installation.showfile.messages import SHOWN, Source
from installation.showfile.toml_lines import key_lines

LARGEST = 1 << 20
"""Bytes of a show file at most."""

HELP = (
    ("Cannot overwrite", "this key is there twice"),
    ("Cannot declare", "this table is there twice; [[double brackets]] begin one more of a list"),
    ("Unclosed array", "a list above is not closed with ]"),
    ("Unclosed inline table", "a table above is not closed with }"),
    ("Unterminated string", "a text above is not closed with quotes"),
    ("Illegal character", "a text is not closed on its line, or holds a letter that cannot be seen"),
)
"""What to do, by how tomllib's complaint begins."""


def read_source(path: Path, file: str) -> Source:
    """The tables of a file, which messages call ``file``. Raises ShowError where it is no TOML that can be read."""
    try:
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        beside = [each.name for each in path.parent.glob("*.toml")]
        hint = did_you_mean(path.name, beside)
        raise _stop(file, 1, "file", error.strerror or "an error", "a show file", hint) from None
    if len(raw) > LARGEST:
        raise _stop(file, 1, "file", "more than 1 MiB", "a show file")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02x}"
        raise _stop(file, line, "file", found, "text in UTF-8", "save it as UTF-8 in your editor") from None
    return source_of(text, file)


def source_of(text: str, file: str) -> Source:
    """The tables of a ``text`` that stands, or stood, in a file. Raises ShowError where it is no TOML."""
    return Source(file, _parse(text, file), key_lines(text), text=text)


def _stop(file: str, line: int, key: str, found: str, expected: str, hint: str = "") -> ShowError:
    return ShowError([Fault(file, line, key, found, expected, hint)])


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _stop(file, 1, "syntax", "lists in lists without end", "valid TOML") from None
    except ValueError as error:  # TOMLDecodeError is one; so is Python's error for a number of 5000 digits
        raise _stop(file, *_syntax(text, str(error))) from None


def _syntax(text: str, message: str) -> tuple[int, str, str, str, str]:
    """tomllib's complaint as line, key, found, expected and hint: the line as it stands, and what most often helps."""
    lines = text.split("\n")
    match = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    number = int(match[1]) if match and match[1] else len(lines)
    said = message[: match.start()] if match else message
    line = "".join(letter for letter in lines[number - 1].strip()[:SHOWN] if letter.isprintable())
    unquoted = re.match(r"[\w\"'./-]+\s*=\s*[^\s\"'\[{#]", line)
    hint = next((help_ for start, help_ in HELP if said.startswith(start)), said[:1].lower() + said[1:])
    if unquoted and said.startswith(("Expected newline", "Invalid value")):
        hint = 'text and times stand in quotes, as in duration = "4 min"'
    return number, "syntax", line or "the end of the file", "valid TOML", hint
