"""The list of OSC addresses, written from the control table, so that the page and the show can never disagree."""

from collections.abc import Iterable, Mapping

from installation.controls import Control

HEAD = """\
# OSC addresses

Every knob of *{title}*. Send to port 8000 of the machine, or where `[desk]` in the show file listens. A value outside a
range is brought into it; one of another type is refused. Pulses need no argument. The same addresses carry the values
back to the surfaces; `/show/now` tells the title of what hangs.

This page is written from the show's control table.
"""


def markdown(controls: Mapping[str, Control], title: str) -> str:
    """The page: one table for each first part of the addresses."""
    rooms: dict[str, list[Control]] = {}
    for control in controls.values():
        rooms.setdefault(control.address.split("/")[1], []).append(control)
    return HEAD.format(title=title) + "".join(_room(name, rooms[name]) for name in sorted(rooms))


def _room(name: str, controls: Iterable[Control]) -> str:
    rows = "".join(_row(control) for control in controls)
    return (
        f"\n## /{name}\n\n| address | type | takes | at first | what it does |\n| --- | --- | --- | --- | --- |\n{rows}"
    )


def _row(control: Control) -> str:
    first = {"pulse": "", "choice": control.choices[int(control.default)] if control.choices else ""}
    default = first.get(control.type, f"{control.default:g}")
    return f"| `{control.address}` | {control.type} | {control.expects()} | {default} | {control.doc} |\n"
