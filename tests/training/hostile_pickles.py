"""Pickles that would do harm where they are run, and files that would exhaust who reads them: written byte by byte.

None of them does more than make a folder, if it did anything."""

import io
import struct
import zipfile
from collections.abc import Iterator

NAMES = (
    "os system", "posix system", "nt system", "os popen", "os.path join", "subprocess Popen", "subprocess check_output",
    "builtins eval", "builtins exec", "__builtin__ eval", "builtins getattr", "builtins __import__", "builtins open",
    "builtins compile", "builtins globals", "shutil rmtree", "importlib import_module", "runpy run_path", "sys exit",
    "pickle loads", "torch load", "torch.hub load", "torch.jit load", "numpy load",
    "numpy.testing._private.utils runstring",
    "types FunctionType", "types CodeType", "operator attrgetter", "functools partial", "ctypes CDLL", "socket socket",
    "webbrowser open", "pty spawn", "code interact", "timeit timeit", "cProfile run", "asyncio run", "pydoc pipepager",
    "torch.nn.modules.linear Linear", "torch.nn.modules.container Sequential", "dnnlib.tflib.network Network",
    "collections OrderedDict.fromkeys", "torch.storage _load_from_bytes.__globals__", "numpy core.multiarray.scalar",
    "torch_utils.persistence _src_to_module", "training.networks Generator", "pathlib PosixPath", "_io FileIO",
)  # fmt: skip
ARGUMENT = "mkdir harm_was_done"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def forms(module: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Every opcode that names something and calls it, protocols 0 to 5."""
    plain = f"c{module}\n{name}\n".encode()
    stack = text(module) + text(name) + b"\x93"
    yield "reduce, protocol 0", plain + f"(S'{ARGUMENT}'\ntR.".encode()
    yield "reduce, protocol 2", b"\x80\x02" + plain + text(ARGUMENT) + b"\x85R."
    yield "reduce, protocol 4", b"\x80\x04" + stack + text(ARGUMENT) + b"\x85R."
    yield "reduce, protocol 5", b"\x80\x05" + stack + text(ARGUMENT) + b"\x85R."
    yield "inst", f"(S'{ARGUMENT}'\ni{module}\n{name}\n.".encode()
    yield "obj", b"\x80\x01(" + plain + text(ARGUMENT) + b"o."
    yield "newobj", b"\x80\x02" + plain + text(ARGUMENT) + b"\x85\x81."
    yield "newobj_ex", b"\x80\x04" + stack + text(ARGUMENT) + b"\x85}\x92."
    yield "build", b"\x80\x02" + plain + b"}" + text("x") + text(ARGUMENT) + b"sb."


def called() -> Iterator[tuple[str, bytes]]:
    """Each name in one form or the other, and the worst in all of them."""
    for number, (module, name) in enumerate(one.split() for one in NAMES):
        made = list(forms(module, name))
        kept = made if number < 3 else [made[number % len(made)]]
        yield from ((f"{module}.{name}, {form}", raw) for form, raw in kept)


ODICT = b"ccollections\nOrderedDict\n"
STORAGE = b"ctorch.storage\n_load_from_bytes\n"
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}" + text("little_endian") + b"\x88s."


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def stored(count: int = 4, told: int = 4, key: bytes = b"1", kind: bytes = b"ctorch\nFloatStorage\n") -> bytes:
    """A torch file of the older kind with one storage that says it has ``told`` numbers and brings ``count``."""
    identity = b"(" + text("storage") + kind + text(key.decode()) + text("cpu") + number(told) + b"NtQ."
    return (
        MAGIC + b"\x80\x02" + identity + b"\x80\x02]" + text("1") + b"a." + struct.pack("<q", told) + b"\0" * 4 * count
    )


def storage(raw: bytes) -> bytes:
    return STORAGE + b"B" + struct.pack("<I", len(raw)) + raw + b"\x85R"


def tensor(offset: int, shape: bytes, strides: bytes) -> bytes:
    """A dict that holds one tensor."""
    parts = storage(stored()) + number(offset) + shape + strides + b"\x89" + ODICT + b")R"
    return b"\x80\x02}" + text("G_ema") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + parts + b"tRs."


def array(code: str, shape: bytes, raw: bytes) -> bytes:
    kind = b"cnumpy\ndtype\n" + text(code) + b"\x89\x88\x87R"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text("b") + b"\x87R"
    return b"\x80\x03" + empty + b"(K\x01" + shape + kind + b"\x89C" + bytes([len(raw)]) + raw + b"tb."


def part(state: bytes, source: str = "import os\nos.mkdir('harm_was_done')") -> bytes:
    """A module as NVIDIA's programs save it, with source text that must not run."""
    meta = b"}(" + b"".join([
        text("type"), text("class"), text("version"), b"K\x06", text("module_src"), text(source),
        text("class_name"), text("Generator"), text("state"), state,
    ]) + b"u"  # fmt: skip
    return b"\x80\x04ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85R."


def odd() -> Iterator[tuple[str, bytes]]:
    """What would exhaust, confuse or mislead a reader."""
    yield "nothing", b""
    yield "no end", b"\x80\x04]"
    yield "no value", b"\x80\x04."
    yield "no pickle", b"<!DOCTYPE html><html></html>"
    yield "git lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
    yield "protocol 200", b"\x80\xc8]."
    yield "unknown opcode", b"\x80\x04\xff."
    yield "a text longer than the file", b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x."
    yield "bytes longer than the file", b"\x80\x04\x8e" + struct.pack("<Q", 2**63) + b"x."
    yield "a line without end", b"c" + b"a" * 100_000
    yield "a number of a million digits", b"I" + b"9" * 1_000_000 + b"\n."
    yield "a long of a million digits", b"\x8b" + struct.pack("<i", 1_000_000) + b"\1" * 1_000_000 + b"."
    yield "a long of negative length", b"\x8b" + struct.pack("<i", -5) + b"."
    yield "no number", b"Iabc\n."
    yield "no float", b"Fabc\n."
    yield "no utf-8", b"\x8c\x02\xff\xfe."
    yield "a text that is not quoted", b"Sabc\n."
    yield "a text with escapes", b"S'\\x41'\n."
    yield "extension 1", b"\x80\x02\x82\x01."
    yield "extension 4", b"\x80\x02\x84\x01\0\0\0."
    yield "a buffer outside", b"\x80\x05\x97."
    yield "a persistent id", b"\x80\x02" + text("x") + b"Q."
    yield "a persistent line", b"Pstorage\n."
    yield "an empty stack", b"\x80\x020."
    yield "a mark that is not there", b"\x80\x02t."
    yield "a memo that is not there", b"\x80\x02h\x07."
    yield "the memo as text", b"gseven\n."
    yield "marks in marks", b"(" * 100_000 + b"."
    yield "tuples in tuples as a key", b"\x80\x02}K\x01" + b"\x85" * 60_000 + b"K\x01s."
    yield "tuples in tuples", b"\x80\x02K\x01" + b"\x85" * 60_000 + b"."
    yield "lists in lists", b"\x80\x02]" + b"]q\0a" * 1 + b"h\0" * 60_000 + b"."
    yield "a list in itself", b"\x80\x02]q\0h\0a."
    yield "a list as a key", b"\x80\x02}]K\x01s."
    yield "a set of lists", b"\x80\x04\x8f(]\x90."
    yield "a frozen set of tuples", b"\x80\x04(K\x01\x85\x91."
    yield "keys of a list", b"\x80\x02]K\x01K\x01s."
    yield "appends to a dict", b"\x80\x02}K\x01a."
    yield "an odd dict", b"\x80\x02}(K\x01u."
    yield "calls a text", b"\x80\x02" + text("os.system") + b")R."
    yield "calls a number", b"\x80\x02K\x01)R."
    yield "calls with a list", b"\x80\x02" + ODICT + b"]R."
    yield "calls with words", b"\x80\x04" + ODICT + b")}" + text("x") + b"K\x01s\x92."
    yield "calls a name that may only be named", b"\x80\x02ctorch\nFloatStorage\n)R."
    yield "names by a number", b"\x80\x04K\x01K\x02\x93."
    yield "state for a text", b"\x80\x02" + text("x") + b"}b."
    yield "state for a name", b"\x80\x02" + ODICT + b"}b."
    yield "half a million steps", b"\x80\x02" + b"N0" * 260_000 + b"N."
    laughs = b"\x80\x02]q\0" + b"".join(
        b"](" + b"h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(60)
    )
    yield "two to the sixtieth", laughs + b"."
    pairs = b"\x80\x02](" + b"K\x01K\x01\x86" * 20_000 + b"eq\0"
    yield "built again and again", pairs + (ODICT + b"h\0\x85R0") * 2_000 + b"N."
    blob = stored(1_000_000, 1_000_000)
    many = b"\x80\x02" + STORAGE + b"q\1B" + struct.pack("<I", len(blob)) + blob + b"q\x020"
    yield "a storage read again and again", many + b"h\1h\2\x85R0" * 5_000 + b"N."
    yield "a tensor larger than its storage", tensor(0, b"K\x08\x85", b"K\x01\x85")
    yield "a tensor behind its storage", tensor(100, b"K\x01\x85", b"K\x01\x85")
    yield "a tensor before its storage", tensor(-4, b"K\x01\x85", b"K\x01\x85")
    yield "a tensor of negative size", tensor(0, number(-1) + b"\x85", b"K\x01\x85")
    yield "a tensor of stride 0 without end", tensor(0, number(2**31 - 1) + b"\x85", b"K\0\x85")
    yield "a tensor of other axes", tensor(0, b"K\x02\x85", b"K\x01K\x01\x86")
    yield "a tensor of forty axes", tensor(0, b"(" + b"K\x01" * 40 + b"t", b"(" + b"K\x01" * 40 + b"t")
    yield "a tensor of a list", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(]K\0)))tR."
    yield "a storage of another length", b"\x80\x02" + storage(stored(count=1)) + b"."
    yield "a storage of negative length", b"\x80\x02" + storage(stored(0, -4)) + b"."
    yield "a storage of objects", b"\x80\x02" + storage(stored(kind=ODICT)) + b"."
    yield "a storage of a text", b"\x80\x02" + STORAGE + text("x") + b"\x85R."
    inner = stored(kind=STORAGE + b"C\x01x\x85R")
    yield "a storage in a storage", b"\x80\x02" + storage(inner) + b"."
    yield "a program in a storage", b"\x80\x02" + storage(MAGIC + b"cos\nsystem\n" + text(ARGUMENT) + b"\x85R.") + b"."
    yield "a torch file that ends", MAGIC
    yield "a torch file of other storages", MAGIC + b"\x80\x02N.\x80\x02]" + text("1") + b"a."
    yield "an array of objects", array("O8", b"K\x01\x85", b"\0" * 8)
    yield "an array of records", array("V4", b"K\x01\x85", b"\0" * 4)
    yield "an array of texts", array("U1", b"K\x01\x85", b"\0" * 4)
    yield "an array of other length", array("f4", b"K\x09\x85", b"\0" * 4)
    yield "an array of negative length", array("f4", number(-7) + b"\x85", b"\0" * 4)
    yield "a module without state", part(b"N")
    yield "a module with a list for state", part(b"]")
    yield "a module that is no network", part(b"}")
    yield "a module in a list", b"\x80\x02]."
    yield "a dict of something else", b"\x80\x02}" + text("weights") + b"K\x01s."
    yield "a G that is a text", b"\x80\x02}" + text("G_ema") + text("me") + b"s."
    yield "a reconstructor of a name", b"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR."
    yield "encoded by name", b"c_codecs\nencode\n(X\x01\0\0\0xX\x03\0\0\0hextR."
    yield "escapes to the screen", b"\x80\x04" + text("os\x1b[2J\n") + text("system") + b"\x93)R."
    yield "a name without end", b"\x80\x04" + text("x" * 100_000) + text("y") + b"\x93."


def archive(files: dict[str, bytes], packed: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return made.getvalue()


def zips() -> Iterator[tuple[str, bytes]]:
    run = b"\x80\x02cos\nsystem\n" + text(ARGUMENT) + b"\x85R."
    identity = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cuda:0") + number(64) + b"tQ"
    held = b"ctorch._utils\n_rebuild_tensor_v2\n(" + identity + b"K\0K\x02\x85K\x01\x85\x89NtR"
    state = b"}" + text("input.input") + held + b"s" + text("conv1.conv.weight") + held + b"s"
    two = b"\x80\x02}" + text("g_ema") + state + b"s."
    yield "zip: a program", archive({"m/data.pkl": run})
    yield (
        "zip: TorchScript",
        archive({"m/data.pkl": b"\x80\x02N.", "m/constants.pkl": run, "m/code/m.py": b"import os"}),
    )
    yield "zip: nothing of torch", archive({"readme.txt": b"hello"})
    yield (
        "zip: packed a thousand times",
        archive({"m/data.pkl": b"\x80\x02N.", "m/data/0": b"\0" * 5_000_000}, packed=True),
    )
    yield "zip: out of its folder", archive({"../../data.pkl": run})
    yield "zip: a storage that is not there", archive({"m/data.pkl": b"\x80\x02}" + text("g_ema") + held + b"s."})
    yield "zip: a storage that is short", archive({"m/data.pkl": two, "m/data/0": b"\0" * 8})
    yield "zip: cut short", archive({"m/data.pkl": run})[:60]


HOSTILE = [*called(), *odd(), *zips()]
