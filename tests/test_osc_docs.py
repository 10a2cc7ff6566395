"""The page of addresses is the control table."""

from installation.controls import Control
from installation.desk.osc_docs import markdown


def test_every_control_has_its_row() -> None:
    controls = [
        Control("/walk/speed", "how fast", "float", 0.0, 4.0, 1.0, "x"),
        Control("/show/next", "go on", "pulse"),
        Control("/show/piece", "go to", "choice", choices=("a", "b"), default=1.0),
    ]
    page = markdown({control.address: control for control in controls}, "Show")
    assert "| `/walk/speed` | float | a number from 0 to 4 (x) | 1 | how fast |" in page
    assert "| `/show/next` | pulse | 0 or 1 |  | go on |" in page
    assert "| `/show/piece` | choice | one of a, b | b | go to |" in page
    assert page.index("## /show") < page.index("## /walk")
