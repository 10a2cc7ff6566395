"""The files that hold networks: pickles, torch's two kinds of files, safetensors. Each gives plain values (allowed.py).

A torch file is a zip with ``data.pkl`` and a file for each storage or, before torch 1.6, five pickles in a row and the
storages behind them. In a pickle of NVIDIA's programs each storage is such a small file again.
"""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from installation.core.errors import ModelError
from installation.networks.model_file import KEY
from installation.training.convert.allowed import (
    BUILDERS,
    TOLD,
    Allowed,
    Stored,
    apply,
    check_shared,
    number_type,
    tensor_of,
)
from installation.training.convert.opcodes import load
from installation.training.convert.pickle_machine import Budget, Machine

LARGEST = 4 << 30
"""The largest file that is read, in bytes."""
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How a torch file of the older kind begins: a pickle of one number."""
ZIP = b"PK\x03\x04"
MOST_FILES = 20_000
"""In a zip."""


@dataclass(frozen=True)
class OnnxFile:
    """The content of an ONNX file, which networks/onnx.py reads."""

    raw: bytes


def read(path: Path) -> Any:
    """The content of a file as plain values: dicts, lists, numbers, texts, tensors, parts. Runs no code of the file.
    Raises ModelError for content that cannot be read, OSError for disk errors."""
    check_readable(path)
    if path.suffix == ".safetensors":
        return tensors(path)
    if path.suffix == ".onnx":
        return OnnxFile(path.read_bytes())
    with path.open("rb") as file:
        if file.read(len(ZIP)) == ZIP:
            return zipped(path)
    data = memoryview(path.read_bytes())
    if bytes(data[: len(MAGIC)]) == MAGIC:
        return TorchFile(data, str(path), Budget()).value()
    machine = Machine(data, str(path), builders=builders(Budget(), str(path)), apply=apply, told=TOLD)
    return load(machine)


def check_readable(path: Path) -> None:
    """Raises ModelError for what has no end, such as a device or a pipe, and for what is too large."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path}: is no file.")
    if found.st_size > LARGEST:
        raise ModelError(f"{path}: is larger than {LARGEST >> 30} GiB, which no network of this kind is.")


def tensors(path: Path) -> dict[str, Any]:
    """All tensors of a safetensors file, by name."""
    try:
        with safe_open(path, framework="np") as file:
            own = KEY in (file.metadata() or {})
            held = {} if own else {name: file.get_tensor(name) for name in list(file.keys())}
    except (SafetensorError, TypeError, AttributeError, ValueError) as error:  # numpy has no bfloat16, no float8
        raise ModelError(f"{path}: cannot be read as safetensors of float16 or float32 ({error}).") from None
    if own:
        raise ModelError(f"{path}: is a model of this program already; nothing has to be converted. Hang it as it is.")
    return held


def builders(budget: Budget, where: str) -> Allowed:
    """{name: builder} for a pickle; torch files nested in it count against the same budget."""

    def inner(raw: Any) -> Stored:
        if not isinstance(raw, memoryview):
            raise ValueError("no storage")
        value = TorchFile(raw, where, budget, nested=True).value()
        if not isinstance(value, Stored):
            raise ValueError("no storage")
        return value

    return Allowed({**BUILDERS, "torch.storage._load_from_bytes": inner})


# -- the older kind ---------------------------------------------------------------------------------------------------


@dataclass
class TorchFile:
    """A torch file of the older kind. ``nested``: it is inside a pickle, and may contain no further file."""

    data: memoryview
    where: str
    budget: Budget
    nested: bool = False
    storages: dict[str, Stored] = field(default_factory=dict)
    contents: dict[str, memoryview] = field(default_factory=dict)

    def value(self) -> Any:
        machine = Machine(
            self.data,
            self.where,
            builders=BUILDERS if self.nested else builders(self.budget, self.where),
            apply=apply,
            persistent=self.storage,
            told=TOLD,
            budget=self.budget,
        )
        magic, protocol, system = load(machine), load(machine), load(machine)
        if magic != 0x1950A86A20F9469CFC6C or protocol != 1001 or not little(system):
            machine.refuse("is a torch file of another kind")
        value = load(machine)
        keys = load(machine)
        known = isinstance(keys, list) and all(isinstance(key, str | int) for key in keys)
        if not known or {key_of(key) for key in keys} != set(self.storages):
            machine.refuse("has other storages than it uses")
        for key in map(key_of, keys):
            self.find(machine, key)
        return value

    def find(self, machine: Machine, key: str) -> None:
        """The bytes of the next storage: a count of numbers, then the numbers."""
        stored = self.storages[key]
        if machine.number("<q") != stored.length:
            machine.refuse("has a storage of another length")
        self.contents[key] = machine.take(stored.length * stored.width)

    def storage(self, identity: Any) -> Stored:
        """From ("storage", type, key, location, length, view); the location, such as cuda:0, is ignored."""
        word, kind, key, _, length, *view = identity
        if word != "storage" or any(part is not None for part in view) or type(length) is not int or length < 0:
            raise ValueError("no storage")
        name = key_of(key)
        made = Stored(number_type(kind), length, lambda: self.contents[name])
        return self.storages.setdefault(name, made)


def key_of(key: Any) -> str:
    """The key of a storage. Raises ValueError for what is neither text nor number."""
    if not isinstance(key, str | int):
        raise ValueError("no storage")
    return str(key)


def little(system: Any) -> bool:
    return isinstance(system, dict) and system.get("little_endian") is True


# -- the newer kind ---------------------------------------------------------------------------------------------------


BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, UnicodeDecodeError, struct.error)
"""What Python raises for zips whose table lies, names no text, or tells of a password."""


def zipped(path: Path) -> Any:
    """The content of a torch file of the newer kind (zip)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archived(archive, path)
    except BAD_ZIP as error:
        raise ModelError(f"{path}: a zip that cannot be read ({error}). Copy it again.") from None


def archived(archive: zipfile.ZipFile, path: Path) -> Any:
    content, made = contents_of(archive, path), dict[str, Stored]()

    def storage(identity: Any) -> Stored:
        word, kind, key, _, length = identity
        if word != "storage" or type(length) is not int or length < 0:
            raise ValueError("no storage")
        name = key_of(key)
        return made.setdefault(name, Stored(number_type(kind), length, give(content[f"data/{name}"])))

    budget = Budget()
    return load(
        Machine(
            content["data.pkl"],
            str(path),
            builders=builders(budget, str(path)),
            apply=apply,
            persistent=storage,
            told=TOLD,
            budget=budget,
        )
    )


def contents_of(archive: zipfile.ZipFile, path: Path) -> dict[str, memoryview]:
    """The files of an archive of torch, named without its folder. Raises ModelError where it is none."""
    files = {info.filename: info for info in archive.infolist()}
    main = next((name for name in files if name.endswith("/data.pkl") or name == "data.pkl"), None)
    if sum(info.file_size for info in files.values()) > path.stat().st_size:
        raise ModelError(f"{path}: has more inside than there is room for. Refused; nothing in it was run.")
    if main is None or len(files) > MOST_FILES:
        raise ModelError(f"{path}: a zip without data.pkl, so no file of torch; unpack it, and convert what is inside.")
    folder = main.removesuffix("data.pkl")
    if f"{folder}constants.pkl" in files:
        raise ModelError(f"{path}: is a program (TorchScript), which is never run; save its state_dict() instead.")
    content = {name.removeprefix(folder): plain(archive, info, path) for name, info in files.items()}
    if bytes(content.get("byteorder", memoryview(b"little"))) != b"little":
        raise ModelError(f"{path}: was saved on a machine of the other byte order; save it again on a usual one.")
    return content


def give(raw: memoryview) -> Callable[[], memoryview]:
    return lambda: raw


def plain(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> memoryview:
    """A file of the zip. Compressed entries are refused: torch writes none, and they could unpack to any size."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ModelError(
            f"{path}: has packed files inside, which torch does not write. Refused; nothing in it was run."
        )
    return memoryview(archive.read(info))


def arrays(held: dict[str, Any], where: str) -> dict[str, np.ndarray[Any, Any]]:
    """The tensors of a state dict as arrays; other values are left out. Raises ModelError."""
    check_shared(held.values(), where)
    try:
        pairs = {str(name): tensor_of(value) for name, value in held.items()}
    except ValueError as error:
        raise ModelError(f"{where}: has a tensor that does not fit its storage ({error}).") from None
    return {name: value for name, value in pairs.items() if value is not None}
