"""Files that a show names: found beside it, and the nearest name where they are not."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from installation.core.errors import Refused
from installation.core.paths import ShowPath


class Options(BaseModel):
    file: ShowPath


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "portraits.model").write_text("")
    return tmp_path


def found(value: Any, folder: Path | None) -> Path:
    context = None if folder is None else {"folder": folder}
    return Options.model_validate({"file": value}, context=context).file


def refusal(value: Any, folder: Path) -> Refused:
    with pytest.raises(ValidationError) as caught:
        found(value, folder)
    cause = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(cause, Refused)
    return cause


def test_a_path_starts_at_the_folder_of_the_show(folder: Path) -> None:
    assert found("models/portraits.model", folder) == folder / "models" / "portraits.model"
    assert found(folder / "models" / "portraits.model", folder / "models") == folder / "models" / "portraits.model"


def test_without_a_show_it_starts_where_the_program_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "models")
    assert found("portraits.model", None) == folder / "models" / "portraits.model"


def test_the_nearest_name_is_spelled_as_the_path_was_written(folder: Path) -> None:
    refused = refusal("./models/portrait.model", folder)
    assert refused.expected == f"a file in {folder / 'models'}"
    assert refused.hint == 'did you mean "models/portraits.model"?'


@pytest.mark.skipif(os.name == "nt", reason="there it is the folder's own sign")
def test_a_path_as_windows_writes_it_is_told_how_all_systems_do(folder: Path) -> None:
    hint = 'write "models/portraits.model": folders are parted by / on every system'
    assert refusal("models\\portraits.model", folder).hint == hint


def test_nothing_near_is_not_guessed(folder: Path) -> None:
    assert refusal("models/zebra.png", folder).hint == ""


def test_a_folder_that_is_not_there(folder: Path) -> None:
    assert refusal("modles/portraits.model", folder).expected == (
        f"an existing file; there is no folder {folder / 'modles'}"
    )


def test_a_folder_is_no_file(folder: Path) -> None:
    assert refusal("models", folder).expected == "a file, this is a folder"


@pytest.mark.parametrize("value", ["", "  ", "a\0b", 3, None, ["a"]], ids=repr)
def test_what_is_no_path(value: Any, folder: Path) -> None:
    assert refusal(value, folder).expected == "the path of a file"


def test_a_name_too_long_for_any_disk(folder: Path) -> None:
    assert refusal("x" * 5000, folder).expected == "the path of a file"
