"""The names that a pickle of a network may hold, and what is built in place of each: plain values and arrays.

Modules of the training programs become a `Part`: its class's name and its attributes. The source text that some of them
contain is never run and is dropped. So do the modules of torch, and of Projected GAN and what it judges pictures by,
whatever their class: no class is looked up, and none is given arguments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.training.convert.pickle_machine import Build, Name, is_key

INERT = re.compile(r"(torch[.]nn|pg_modules|feature_networks|timm)([.][A-Za-z_][A-Za-z0-9_]{0,60}){1,6}")
"""Classes of modules, whose objects are read as what they hold."""
DTYPES = re.compile("[<>|=]?(b1|[?]|[iu][1248]|f[248])")
"""Numbers only: no objects, no records."""
MOST_AXES = 8
FEW_NUMBERS, MOST_SHARED = 1 << 24, 4
"""Tensors may show so many numbers, or so many times those that the file holds."""
STORED = {
    "Float": "<f4",
    "Double": "<f8",
    "Half": "<f2",
    "BFloat16": "bfloat16",
    "Long": "<i8",
    "Int": "<i4",
    "Short": "<i2",
    "Char": "<i1",
    "Byte": "<u1",
    "Bool": "?",
}
"""What the typed storages of torch hold."""


@dataclass(frozen=True)
class Part:
    """A module of a network: its class's name and its attributes, as they were saved."""

    kind: str
    state: dict[str, Any]


class Settings(dict[str, Any]):
    """An object with attributes, such as an argparse.Namespace, read as a dict."""


@dataclass
class Loose:
    """A NumPy array or dtype whose state is set after its creation."""

    dtype: str | None = None
    value: NDArray[Any] | None = None


@dataclass(frozen=True)
class Stored:
    """The storage of a tensor: its type's name (a key of STORED's values), its length, and how to get the bytes."""

    dtype: str
    length: int
    read: Callable[[], memoryview]

    @property
    def width(self) -> int:
        """Bytes of a number."""
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    def numbers(self) -> NDArray[Any]:
        """Those of bfloat16 as they are stored, in two bytes each."""
        raw = self.read()
        if len(raw) != self.length * self.width:
            raise ValueError("a storage of another length")
        return np.frombuffer(raw, "<u2" if self.dtype == "bfloat16" else self.dtype)


@dataclass(frozen=True)
class Tensor:
    """A view into a storage, read when it is needed."""

    stored: Stored
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> NDArray[Any]:
        numbers = self.stored.numbers()
        steps = tuple(stride * numbers.itemsize for stride in self.strides)
        view: NDArray[Any] = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps, writeable=False)
        if self.stored.dtype != "bfloat16":
            return view
        whole = np.ascontiguousarray(view).astype(np.uint32)
        whole <<= 16
        return whole.view(np.float32).reshape(self.shape)

    @property
    def size(self) -> int:
        """How many numbers it shows."""
        return math.prod(self.shape)


class Allowed(dict[str, "Build | None"]):
    """Builders by name, and one for every class of INERT."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and INERT.fullmatch(name) is not None)

    def get(self, name: str, default: Any = None) -> Any:
        if super().__contains__(name) or name not in self:
            return super().get(name, default)
        return lambda: Part(name, {})


# -- torch ------------------------------------------------------------------------------------------------------------


def tensor(stored: Any, offset: Any, shape: Any, strides: Any, *_more: Any) -> Tensor:
    """A view that lies inside its storage and is not larger than it. Raises ValueError for any other."""
    numbers = [offset, *shape, *strides]
    if not isinstance(stored, Stored) or not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("no tensor")
    if len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise ValueError("no tensor")
    if max((0, *shape, *strides)) > max(FEW_NUMBERS, stored.length):
        raise ValueError("a tensor outside of its storage")
    count = math.prod(shape)
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True)) if count else 0
    if (count and last >= stored.length) or count > stored.length:
        raise ValueError("a tensor outside of its storage")
    return Tensor(stored, min(offset, stored.length), tuple(shape), tuple(strides))


def same(thing: Any, *_more: Any) -> Any:
    return thing


def reconstructed(meta: Any) -> Part:
    """A module as torch_utils.persistence writes it, without its source."""
    if not isinstance(meta, dict) or meta.get("type") != "class" or not isinstance(meta.get("state"), dict):
        raise ValueError("no module")
    kind = meta.get("class_name")
    if not isinstance(kind, str):
        raise ValueError("no module")
    return Part(kind, meta["state"])


# -- numpy ------------------------------------------------------------------------------------------------------------


def dtype(code: Any, *_more: Any) -> Loose:
    if not isinstance(code, str) or not DTYPES.fullmatch(code):
        raise ValueError("a type that is no number")
    return Loose(code)


def loose_array(*_more: Any) -> Loose:
    return Loose()


def array(raw: Any, kind: Any, shape: Any, fortran: bool = False) -> NDArray[Any]:
    if not isinstance(raw, memoryview | bytes) or not isinstance(kind, Loose) or not kind.dtype:
        raise ValueError("no array")
    if not isinstance(shape, tuple) or len(shape) > MOST_AXES:
        raise ValueError("no array")
    values = np.frombuffer(raw, kind.dtype)
    return values.reshape(shape, order="F" if fortran else "C")


def scalar(kind: Any, raw: Any) -> Any:
    return array(raw, kind, ()).item()


def from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    return array(raw, kind, shape, order == "F")


def encoded(text: Any, encoding: Any = "latin1") -> memoryview:
    """Bytes, as protocols below 3 write them."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise ValueError("no bytes")
    return memoryview(text.encode("latin-1"))


# -- plain ------------------------------------------------------------------------------------------------------------


def table(pairs: Any = ()) -> dict[Any, Any]:
    """An OrderedDict or an EasyDict; pairs are as protocols below 2 write them."""
    entries: dict[Any, Any] = {}
    for key, value in pairs.items() if isinstance(pairs, dict) else pairs:
        if not isinstance(key, str | int) or not is_key(key):
            raise ValueError("a key that is none")
        entries[key] = value
    return entries


def settings(*_more: Any) -> Settings:
    return Settings()


def raw_object(kind: Any, *_more: Any) -> Any:
    """An object without its state, as protocols 0 and 1 write it."""
    if not isinstance(kind, Name) or str(kind) not in OBJECTS:
        raise ValueError("an object of another kind")
    return OBJECTS[str(kind)]()


def values(items: Any = ()) -> list[Any]:
    if not isinstance(items, list | tuple):
        raise ValueError("no list")
    return list(items)


def shape(items: Any = ()) -> tuple[Any, ...]:
    return tuple(values(items))


def names(items: Any = ()) -> set[str]:
    """A set, as protocols below 4 write one."""
    if not all(isinstance(item, str) for item in values(items)):
        raise ValueError("no names")
    return set(items)


def apply(thing: Any, state: Any) -> Any:
    """Applies BUILD to a value; a state for an OrderedDict (the versions of torch's modules) is dropped."""
    if isinstance(thing, Settings) and isinstance(state, dict):
        thing.update(state)
        return thing
    if isinstance(thing, Part) and isinstance(state, dict) and not thing.state:
        thing.state.update(state)
        return thing
    if isinstance(thing, Loose) and isinstance(state, tuple):
        return stated(thing, state)
    if isinstance(thing, dict) and isinstance(state, dict):
        return thing
    raise ValueError("a state for what has none")


def stated(thing: Loose, state: tuple[Any, ...]) -> Loose:
    """Sets the state: of a dtype its byte order, of an array its shape, type and bytes."""
    if thing.dtype is not None:
        order = state[1]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise ValueError("a type that is no number")
        thing.dtype = order + thing.dtype.lstrip("<>|=")
    else:
        _, shape, kind, fortran, raw = state
        thing.value = array(raw, kind, shape, bool(fortran))
    return thing


OBJECTS: dict[str, Build] = {
    "collections.OrderedDict": table,
    "dnnlib.util.EasyDict": table,
    "argparse.Namespace": settings,
}
BUILDERS = Allowed(
    {
        **OBJECTS,
        "torch_utils.persistence._reconstruct_persistent_obj": reconstructed,
        "torch._utils._rebuild_tensor_v2": tensor,
        "torch._utils._rebuild_tensor": tensor,
        "torch._utils._rebuild_parameter": same,
        "torch._utils._rebuild_parameter_with_state": same,
        "torch.Size": shape,
        "torch.device": lambda *_: None,
        **{f"torch.{name}Storage": None for name in STORED},
        **{f"torch.cuda.{name}Storage": None for name in STORED},
        "torch.storage.UntypedStorage": None,
        **{
            f"torch.{name}": None
            for name in ("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool")
        },
        **{
            f"numpy.{core}.multiarray.{name}": build
            for core in ("core", "_core")
            for name, build in (("_reconstruct", loose_array), ("scalar", scalar))
        },
        **{f"numpy.{core}.numeric._frombuffer": from_buffer for core in ("core", "_core")},
        "numpy.dtype": dtype,
        "numpy.ndarray": None,
        "_codecs.encode": encoded,
        **{f"{module}._reconstructor": raw_object for module in ("copyreg", "copy_reg")},
        **{
            f"{module}.{name}": build
            for module in ("builtins", "__builtin__")
            for name, build in (("dict", table), ("list", values), ("tuple", shape), ("set", names), ("object", None))
        },
    }
)

TOLD = {
    "dnnlib.tflib": "is a network of TensorFlow, of the first StyleGAN or StyleGAN2; turn it into one of PyTorch "
    "first, with legacy.py of NVIDIA's stylegan2-ada-pytorch, and convert that",
    "torch.jit": "is a program (TorchScript); save the network's state_dict() instead",
}
"""{prefix of a refused name: explanation}."""


def number_type(name: Any) -> str:
    """The number type of a storage class, by its name in the file. Raises ValueError for an unknown name."""
    if isinstance(name, Name) and name.module in ("torch", "torch.cuda") and name.name.endswith("Storage"):
        return STORED[name.name.removesuffix("Storage")]
    raise ValueError("a storage of another kind")


def is_tensor(thing: Any) -> bool:
    return isinstance(thing, Tensor | np.ndarray) or (isinstance(thing, Loose) and thing.value is not None)


def bare(thing: Any) -> Any:
    """A tensor without the object that it was made in."""
    return thing.value if isinstance(thing, Loose) else thing


def check_shared(things: Iterable[Any], where: str) -> None:
    """Raises ModelError where tensors show the same numbers under many names: each is copied once for every name, so
    that a small file could fill any memory."""
    shown, held = 0, dict[Any, int]()
    for tensor in (bare(thing) for thing in things if is_tensor(thing)):
        shown += tensor.size
        if isinstance(tensor, Tensor):
            held[tensor.stored] = tensor.stored.length
        else:
            held[tensor.__array_interface__["data"][0]] = tensor.size
    if shown > max(FEW_NUMBERS, MOST_SHARED * sum(held.values())):
        raise ModelError(f"{where}: shows the same numbers under many names, which no network does.")


def tensor_of(thing: Any) -> NDArray[Any] | None:
    """A value as an array; None if it is not one."""
    if isinstance(thing, Tensor):
        return thing.array()
    if isinstance(thing, Loose):
        return thing.value
    return thing if isinstance(thing, np.ndarray) else None
