"""Files that a show names: resolved beside the show file; a name from the network is never used as a path."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo

from installation.core.errors import Refused, did_you_mean

LISTED = 500
"""The most files of a folder looked at to find the name that was perhaps meant."""


def beside(value: object, info: ValidationInfo) -> Path:
    """The existing file that ``value`` names, absolute. A relative path starts at the validation context's ``folder``
    (the show file's), and without one at the working directory. Raises Refused where there is no such file."""
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise Refused("the path of a file")
    context: dict[str, Any] = info.context or {}
    folder = Path(context.get("folder", "."))
    path = (folder / value).absolute()
    try:
        if not path.is_file():
            raise Refused(_wanted(path), hint=_nearest(path, str(value)))
    except OSError as error:  # an invalid file name, or a folder without read permission
        raise Refused("the path of a file", hint=error.strerror or "") from None
    return path


def _wanted(path: Path) -> str:
    if path.is_dir():
        return "a file, this is a folder"
    return f"a file in {path.parent}" if path.parent.is_dir() else f"an existing file; there is no folder {path.parent}"


def _nearest(path: Path, written: str) -> str:
    """The nearest name in the same folder, spelled with the folder as it was written. Where it was written as on
    Windows, what it is called everywhere."""
    if "\\" in written and path.name != written.rpartition("\\")[2]:  # this system takes it for a part of a name
        return f'write "{written.replace(chr(92), "/")}": folders are parted by / on every system'
    if path.is_dir() or not path.parent.is_dir():
        return ""
    names = [file.name for file in islice(path.parent.iterdir(), LISTED)]
    if not did_you_mean(path.name, names):
        return ""
    typed = Path(written)
    return did_you_mean(typed.as_posix(), [typed.with_name(name).as_posix() for name in names])


ShowPath = Annotated[Path, PlainValidator(beside, json_schema_input_type=str)]
"""An option that is a file: refused when it is missing, with the nearest name in its folder."""
