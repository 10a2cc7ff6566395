"""The page of addresses is the control table."""

from installation.core.controls import Control
from tests.operator.address_page import markdown

CONTROLS = {
    control.address: control
    for control in (
        Control("/walk/speed", "how fast", "float", 0.0, 4.0, 1.0, "x"),
        Control("/show/next", "go on", "pulse"),
        Control("/show/hold", "stay", "bool", default=1.0),
        Control("/show/piece", "go\nto | there", "choice", choices=("a", "b"), default=1.0),
        Control("/generator/count", "how many", "int", 1, 9, 3),
    )
}


def test_every_control_has_its_row() -> None:
    rows = markdown(CONTROLS, "Show").splitlines()
    assert "| `/walk/speed` | float | 0 to 4 | 1 | x | how fast |" in rows
    assert "| `/show/next` | pulse |  |  |  | go on |" in rows
    assert "| `/show/hold` | bool |  | 1 |  | stay |" in rows
    assert r"| `/show/piece` | choice | a, b | b |  | go to \| there |" in rows
    assert "| `/generator/count` | int | 1 to 9 | 3 |  | how many |" in rows


def test_rooms_are_sorted_and_their_controls_as_in_the_table() -> None:
    page = markdown(CONTROLS, "Show")
    heads = [line for line in page.splitlines() if line.startswith("## /")]
    assert heads == ["## /generator", "## /show", "## /walk"]
    rows = page[page.index("## /show") :]
    assert rows.index("/show/next") < rows.index("/show/hold") < rows.index("/show/piece`")


def test_its_show_is_named() -> None:
    assert "move *The Next Rembrandt*" in markdown({}, "The Next\nRembrandt")
