"""Every show file that there is can be played: a new one is tried when it appears."""

from pathlib import Path

import pytest

from installation.show import load

SHOWS = sorted((Path(__file__).resolve().parent.parent / "shows").glob("*.toml"))


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_it_has_no_fault(path: Path) -> None:
    show = load(path)
    for piece in show.pieces:
        table = piece.controls()
        assert set(piece.rests()) == {address for address, control in table.items() if control.type != "pulse"}
        assert {wire.address for wire in piece.wires} <= table.keys()
