"""The list of OSC addresses, generated from the control table."""

from collections.abc import Iterable, Mapping

from installation.core.controls import Control

HEAD = """\
# OSC addresses

Every knob of *{title}*. Send to port 8000, or to where `[operator]` in the show file listens; that is this machine
alone until `bind` says otherwise.

| type | takes |
| --- | --- |
| float, int | a number; one outside the range is brought to its end |
| bool | 1 or 0, true or false |
| choice | one of the names, or its number from 0 |
| pulse | nothing, or a number: 0 is a button let go and does nothing |

Other types, numbers that are not finite and address patterns are refused, and told in the log. Time tags are passed
over: all counts when it comes. `/ping` keeps a connection open.

**Back to the surfaces** come the values that changed, at the same addresses, and at `/show/now` the title of what
hangs: to each of `[operator] surfaces`, and for a minute to port 9000 of whoever sent something.
`run_show.py --touchosc show.tosc` writes a layout for TouchOSC with all of these knobs.

This page is written from the show's control table.
"""

TABLE = """
## /{room}

| address | type | range | at first | unit | what it does |
| --- | --- | --- | --- | --- | --- |
"""


def markdown(controls: Mapping[str, Control], title: str) -> str:
    """The page: one table for each first part of the addresses, sorted."""
    rooms: dict[str, list[Control]] = {}
    for control in controls.values():
        rooms.setdefault(control.address.split("/")[1], []).append(control)
    return HEAD.format(title=_text(title)) + "".join(_table(room, rooms[room]) for room in sorted(rooms))


def _table(room: str, controls: Iterable[Control]) -> str:
    return TABLE.format(room=room) + "".join(map(_row, controls))


def _row(control: Control) -> str:
    cells = (f"`{control.address}`", control.type, _range(control), _default(control), control.unit, control.doc)
    return f"| {' | '.join(map(_text, cells))} |\n"


def _range(control: Control) -> str:
    if control.type == "choice":
        return ", ".join(control.choices)
    return f"{control.low:g} to {control.high:g}" if control.type in ("float", "int") else ""


def _default(control: Control) -> str:
    if control.type == "pulse":
        return ""
    if control.type == "choice":
        return control.choices[int(control.default)] if control.choices else ""
    return f"{control.default:g}"


def _text(text: str) -> str:
    """One line that a table's cell can hold."""
    return " ".join(text.split()).replace("|", "\\|")
