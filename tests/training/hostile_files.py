"""More files that would exhaust, confuse or mislead who reads them: names of storages that never end, numbers shown
under a thousand names, zips and safetensors whose tables lie, networks of absurd sizes. Each with its kind's suffix."""

import json
import struct
import zlib
from collections.abc import Iterator

from tests.training.hostile_pickles import MAGIC, ODICT, archive, number, part, storage, stored, text

NESTED = b"K\x01" + b"\x85" * 60_000
"""Tuples in tuples."""
HUGE = b"\x8a\x10" + b"\xff" * 15 + b"\x7f"
"""A number of 16 bytes."""
FLOATS = b"ctorch\nFloatStorage\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n("


def laughing(times: int = 40) -> bytes:
    """Pushes a list that holds a list twice, which holds one twice, and so on: to show it would never end."""
    twice = [b"0](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(times)]
    return b"]q\0" + b"".join(twice)


def identity(key: bytes, count: int = 4, kind: bytes = FLOATS, view: bytes = b"") -> bytes:
    """What a storage in a zip is called by; ``view`` is N in a torch file of the older kind."""
    return b"(" + text("storage") + kind + key + text("cpu") + number(count) + view + b"tQ"


def older(held: bytes, keys: bytes = b"]" + text("1") + b"a") -> bytes:
    """A torch file of the older kind: a pickle of what it holds, and one of the keys of its storages."""
    return MAGIC + b"\x80\x02" + held + b".\x80\x02" + keys + b"."


def checkpoint(tensor: bytes) -> bytes:
    """Both tensors by which a checkpoint of rosinality's is known are this one."""
    return b"\x80\x02}" + text("input.input") + tensor + b"s" + text("conv1.conv.weight") + tensor + b"s."


def tensor(offset: bytes, shape: bytes, strides: bytes) -> bytes:
    return REBUILD + storage(stored()) + offset + shape + strides + b"\x89" + ODICT + b")RtR"


def table(**held: bytes) -> bytes:
    return b"}(" + b"".join(text(name) + value for name, value in held.items()) + b"u"


def module(state: bytes) -> bytes:
    return part(state)[2:-1]


def network(mapping: bytes, synthesis: bytes) -> bytes:
    """A network of NVIDIA's kind whose two parts have these states."""
    whole = table(_modules=table(mapping=module(mapping), synthesis=module(synthesis)))
    return b"\x80\x04}" + text("G_ema") + module(whole) + b"s."


BLOCKS = table(_modules=table(b4=module(b"}")))


def many_names(kind: bytes, shown: int) -> bytes:
    """A zip of torch with one storage of four megabytes, and a tensor of it under twenty thousand names."""
    called = identity(text("0"), 4_000_000 // (4 if kind == FLOATS else 2), kind)
    one = REBUILD + called + b"K\0" + number(shown) + b"\x85K\x01\x85\x89NtRq\0"
    names = b"".join(text(f"style.{index}.weight") + b"h\0" for index in range(20_000))
    held = b"\x80\x02}(" + text("input.input") + one + text("conv1.conv.weight") + b"h\0" + names + b"u."
    return archive({"m/data.pkl": held, "m/data/0": b"\0" * 4_000_000})


def pickles() -> Iterator[tuple[str, bytes]]:
    yield "a storage called by tuples in tuples", archive({"m/data.pkl": b"\x80\x02" + identity(NESTED) + b"."})
    yield "a storage called by what never ends", archive({"m/data.pkl": b"\x80\x02" + identity(laughing()) + b"."})
    yield "a storage called by a storage", archive({"m/data.pkl": b"\x80\x02" + identity(identity(text("0"))) + b"."})
    yield "a storage out of the zip", archive({"m/data.pkl": b"\x80\x02" + identity(text("../../etc/passwd")) + b"."})
    yield "a storage of old called by tuples in tuples", older(identity(NESTED, view=b"N"))
    yield "a storage of old called by what never ends", older(identity(laughing(), view=b"N"))
    yield "keys that never end", older(b"N", laughing())
    yield "a tensor of huge strides", checkpoint(tensor(b"K\0", b"K\x01\x85", HUGE + b"\x85"))
    yield "a tensor of a huge length and none", checkpoint(tensor(b"K\0", b"K\0" + HUGE + b"\x86", b"K\x01K\x01\x86"))
    yield "a tensor without axes", checkpoint(tensor(b"K\0", b")", b")"))
    many = b"".join(b"J" + struct.pack("<i", index) + b"N" for index in range(50_000))
    state = b"\x80\x02}(" + many + b"uq\0]"
    yield "a state given again and again", state + b"cargparse\nNamespace\n)Rh\0ba" * 20_000 + b"."
    modules = b"ctorch.nn.modules.linear\nLinear\n)\x81h\0ba"
    yield "a state of modules given again and again", state + modules * 20_000 + b"."
    prime = 2**61 - 1
    collide = [b"\x8a\x0b" + (prime * index).to_bytes(11, "little", signed=True) for index in range(1, 100_000)]
    yield "keys of one hash", b"\x80\x02}(" + b"".join(one + b"N" for one in collide) + b"u."
    pairs = b"\x80\x02](" + b"".join(one + b"N\x86" for one in collide) + b"e"
    yield "pairs of one hash", pairs[:2] + ODICT + pairs[2:] + b"\x85R."
    yield "a key that is more than a line", b"\x80\x02}" + text("a\nerror: all is well\x1b[2J") + b"K\x01s."
    yield "a key that is no letter", b"}V\\ud800\nK\x01s."
    yield "frames that lie", b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"]\x95" + b"\0" * 8 + b"."
    yield "frames alone", b"\x80\x04" + (b"\x95" + struct.pack("<Q", 1)) * 40_000 + b"."
    yield "a number of two gibibytes", b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"\1" * 100 + b"."
    yield "a text without an end", b"V" + b"a" * 1_000_000
    yield "extension 2", b"\x80\x02\x83\x01\x02."


def networks() -> Iterator[tuple[str, bytes]]:
    yield "layers that never end", network(table(z_dim=b"K\x08", num_layers=laughing()), BLOCKS)
    yield "layers in lists in lists", network(table(z_dim=b"K\x08", num_layers=NESTED), BLOCKS)
    yield "layers of a million letters", network(table(z_dim=b"K\x08", num_layers=text("x" * 1_000_000)), BLOCKS)
    yield "a huge z", network(table(z_dim=HUGE, num_layers=b"K\x02"), BLOCKS)
    digits = b"}" + text("b" + "9" * 5_000) + module(b"}") + b"s"
    yield "a block of five thousand digits", network(b"}", table(_modules=digits))


def zips() -> Iterator[tuple[str, bytes]]:
    plain = archive({"m/data.pkl": b"\x80\x02N.", "m/\xe9": b"x"})
    listed, end = plain.find(b"PK\x01\x02"), plain.find(b"PK\x05\x06")

    def changed(at: int, raw: bytes) -> bytes:
        return plain[:at] + raw + plain[at + len(raw) :]

    yield "zip: with a password", changed(listed + 8, b"\x01")[:6] + b"\x01" + changed(listed + 8, b"\x01")[7:]
    yield "zip: a name that is no text", changed(plain.rfind("é".encode()), b"\xff\xff")
    yield "zip: a table before its beginning", changed(end + 16, struct.pack("<L", 0xFFFFFFF0))
    yield "zip: a table of four gibibytes", changed(end + 12, struct.pack("<L", 0xFFFFFFF0))
    yield "zip: a file behind its end", changed(listed + 42, struct.pack("<L", 0x7FFFFFF0))
    yield "zip: a file of four gibibytes", changed(listed + 20, struct.pack("<LL", 0xFFFFFFF0, 0xFFFFFFF0))
    yield "zip: in a zip", archive({"m/data.pkl": plain})
    yield "zip: two hundred files in one place", overlapping(200, b"\0" * 1_000_000)
    yield "zip: numbers under many names", many_names(FLOATS, 1_000_000)
    yield "zip: numbers of two bytes under many names", many_names(b"ctorch\nBFloat16Storage\n", 2_000_000)


def overlapping(count: int, body: bytes) -> bytes:
    """A zip whose table has many names for the same bytes."""
    held, table_of = b"", b""
    for name, content in ((b"m/data/0", body), (b"m/data.pkl", b"\x80\x02N.")):
        facts = (zlib.crc32(content), len(content), len(content), len(name), 0)
        at, local = len(held), struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, *facts) + name
        held += local + content
        for index in range(count if content is body else 1):
            shown = b"m/data/%d" % index if content is body else name
            facts = (*facts[:3], len(shown), 0)
            entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, *facts, 0, 0, 0, 0, at)
            table_of += entry + shown
    ends = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(table_of), len(held), 0)
    return held + table_of + ends


def flat(header: object, data: bytes = b"") -> bytes:
    """A safetensors file."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def one(name: str = "a", kind: str = "F32", shape: tuple[int, ...] = (1,), ends: int = 4) -> dict[str, object]:
    return {name: {"dtype": kind, "shape": list(shape), "data_offsets": [0, ends]}}


def safetensors() -> Iterator[tuple[str, bytes]]:
    yield "safetensors: nothing", b""
    yield "safetensors: a header longer than any file", struct.pack("<Q", 2**62) + b"{}"
    yield "safetensors: a header longer than the file", struct.pack("<Q", 99_000_000) + b"{}"
    yield "safetensors: two in one place", flat(one("a") | one("b"), b"\0" * 4)
    yield "safetensors: a hole", flat({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, b"\0" * 8)
    yield "safetensors: behind the end", flat(one(shape=(400_000_000,), ends=1_600_000_000), b"\0" * 4)
    yield "safetensors: a huge shape of nothing", flat(one(shape=(0, 2**62), ends=0))
    yield "safetensors: a shape beyond all numbers", flat(one(shape=(2**62, 4), ends=0))
    yield "safetensors: a negative shape", flat(one(shape=(-1,)), b"\0" * 4)
    yield "safetensors: numbers of eight bits", flat(one(kind="F8_E4M3", ends=1), b"\0")
    yield "safetensors: objects", flat(one(kind="OBJECT"), b"\0" * 4)
    yield "safetensors: a million brackets", flat(b'{"a":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}")
    yield "safetensors: a name that is more than a line", flat(one("a\nerror: all is well\x1b[2J"), b"\0" * 4)


FILES = [(what, raw, ".pkl") for what, raw in (*pickles(), *networks(), *zips())]
FILES += [(what, raw, ".safetensors") for what, raw in safetensors()]
