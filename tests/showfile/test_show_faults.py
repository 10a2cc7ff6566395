"""Broken show files and their exact messages: each file ends in the messages that it must give, every one at once.

``#> 7: key: found ...`` stands for ``name.toml:7: key: found ...``; ``{folder}`` is the folder of the file, ``{tests}``
the one above it.
"""

from pathlib import Path

import pytest

from installation.core import parts
from installation.core.errors import ShowError
from installation.showfile.load import load
from tests.stub_rooms import ROOMS

FOLDER = Path(__file__).resolve().parents[1] / "broken_shows"


@pytest.fixture(autouse=True)
def _stub_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROOMS", ROOMS)


def expected(path: Path) -> list[str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#> ")]
    marks = {"#> ": f"{path.name}:", "{folder}": str(FOLDER), "{tests}": str(FOLDER.parent)}
    for mark, text in marks.items():
        lines = [line.replace(mark, text, 1) for line in lines]
    return lines


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_broken_show_says_everything_that_is_wrong(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(ShowError) as caught:
        load(path.name)
    assert str(caught.value).splitlines() == expected(path)
    assert len(caught.value.faults) == len(expected(path)) > 0


def fault(path: Path) -> str:
    with pytest.raises(ShowError) as caught:
        load(path)
    (only,) = caught.value.faults
    return str(only)


def test_the_path_is_shown_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER.parent)
    typed = "broken_shows/../broken_shows/no_piece.toml"
    with pytest.raises(ShowError, match="^" + typed):
        load(typed)


def test_a_missing_file_and_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "opening.toml").write_text("")
    path = tmp_path / "openning.toml"
    assert fault(path) == (
        f'{path}:1: file: found No such file or directory, expected a show file; did you mean "opening.toml"?'
    )


def test_a_folder_is_no_show(tmp_path: Path) -> None:
    assert fault(tmp_path).endswith("expected a show file")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('[show]\ntitle = "Fête"\n'.encode("latin-1"))
    assert (
        fault(path) == f"{path}:2: file: found the byte 0xea, expected text in UTF-8; save it as UTF-8 in your editor"
    )


def test_a_file_without_end(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text("#" * (1 << 20) + "\n")
    assert fault(path) == f"{path}:1: file: found more than 1 MiB, expected a show file"


@pytest.mark.parametrize(("value", "found"), [("[" * 5000, "lists in lists without end"), ("9" * 5000, "a = 999")])
def test_what_python_cannot_read(tmp_path: Path, value: str, found: str) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(f"a = {value}")
    assert f"{path}:1: syntax: found {found}" in fault(path)


def test_control_characters_do_not_reach_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "bell.toml"
    path.write_text('[show]\ntitle = "a"\norder = "\\u001b[2J"\n"\\u0007" = 1\n')
    with pytest.raises(ShowError) as caught:
        load(path)
    assert not {"\x1b", "\x07"} & set(str(caught.value))
