"""Who may import whom, that importing does nothing, and what no file may say."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

from installation.training import cli
from tests.timeout import TIMEOUT

ROOT = Path(__file__).resolve().parent.parent

ENTRIES = ("options", "doctor_options", "bootstrap")
"""Standard library only: they run before there is an environment."""

ENTRIES_MAY = tuple(
    f"installation.{name}"
    for name in (
        "core.argument_types",
        "core.errors",
        "core.file_lock",
        "core.invocation",
        "core.folders",
        "training.cli",
    )
)


PARTS = ("generators", "sensors", "installation.walks", "installation.outputs")
"""Found by the name of their file. A part imports what all may import, and helpers of its own folder."""

PART_MAY = ("core", "networks")

CAMERA = tuple(
    f"sensors._{name}"
    for name in ("background", "body", "capture", "gestures", "hands", "outlines", "owners", "seeing", "visitors")
)
"""What the camera sensor is made of."""

ONLY = {
    "moderngl": ("installation.stage",),
    "pygame": ("installation.stage",),
    "aiohttp": ("installation.web", "installation.training.pages"),
    "prometheus_client": ("installation.web",),
    "zeroconf": ("installation.web.oscquery.announce",),
    "torch": ("installation.networks", "installation.training"),
    "openvino": ("installation.networks.openvino",),
    "onnx": ("installation.networks.onnx",),
    "onnxruntime": ("installation.networks.onnx",),
    "cv2": (*CAMERA, "installation.outputs.preview", "installation.training"),
    "sounddevice": ("sensors.microphone",),
    "lightning_fabric": ("installation.training",),
    "tensorboardX": ("installation.training",),
    "mido": ("installation.operator",),
    "av": ("installation.outputs.record", "installation.training"),
}
"""Libraries that are slow to load or touch a device, and the rooms that may have them."""

LOADERS = tuple(
    f"installation.{name}" for name in ("run", "replay", "rehearsal", "outlets", "preparing", "report", "reloading")
)
"""One run of a show: it has the stage, and the app loads it when there is a show to run."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    files = [path for room in ("installation", "generators", "sensors") for path in (ROOT / room).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, anywhere in it, but not those for the type checker's eyes only."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import; write it in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def own_imports(name: str, path: Path) -> frozenset[str]:
    """The modules of the project that a file imports: the longest name that is one."""
    known = modules()
    names = set()
    for imported in imports(path):
        while imported and imported not in known:
            imported = imported.rpartition(".")[0]
        names.add(imported)
    return frozenset(names - {"", "installation", name})


def room_of(module: str) -> str:
    """``stage`` of ``installation.stage.window``, ``loop`` of ``installation.engine.loop``, ``sensors`` of a sensor."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "installation" and rest else first


@cache
def ranks() -> dict[str, int]:
    """The rooms in the order of the page on the architecture, which says ``program → app → ... → core``."""
    page = (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8")
    match = re.search(r"`(program → [^`]+ → core)`", page)
    assert match, "docs/ARCHITECTURE.md says no more who imports whom"
    levels = match[1].split(" → ")
    return {room: len(levels) - at for at, level in enumerate(levels) for room in level.split(", ")}


def is_in(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def may_import(importer: str, imported: str) -> bool:
    room, target = room_of(importer), room_of(imported)
    if room in ENTRIES:
        return target in ENTRIES or imported in ENTRIES_MAY
    if room == "program":
        return target in ("supervised", "services", "doctor_program", "options") or imported in ENTRIES_MAY
    if room == target:
        return not is_in(importer, PARTS) or "._" in imported
    if is_in(importer, PARTS):
        return target in PART_MAY
    if room == "training":
        return is_in(imported, PARTS) or target in PART_MAY
    if target in ENTRIES:  # one program in some files: what is asked for, and the run of a show
        return room in ("supervised", "services", "doctor_program", "app", "run", "replay", "rehearsal", "outlets")
    if is_in(imported, PARTS) or target == "training":
        return False
    assert room in ranks(), f"{room} has no place yet in the order that docs/ARCHITECTURE.md gives"
    return ranks()[target] < ranks()[room]


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_one_way(name: str) -> None:
    wrong = [imported for imported in own_imports(name, modules()[name]) if not may_import(name, imported)]
    assert not wrong, f"{name} may not import {', '.join(sorted(wrong))}"


def test_no_imports_in_a_circle() -> None:
    TopologicalSorter({name: own_imports(name, path) for name, path in modules().items()}).prepare()


def test_no_folders_in_a_circle() -> None:
    """What one folder imports from another never leads back to it; a package's own ``__init__`` belongs to it."""

    def folder(name: str) -> str:
        return str(modules()[name].parent.relative_to(ROOT))

    arrows: dict[str, set[str]] = {}
    for name, path in modules().items():
        imports = {folder(imported) for imported in own_imports(name, path)}
        arrows.setdefault(folder(name), set()).update(imports - {folder(name)})
    TopologicalSorter(arrows).prepare()


@pytest.mark.parametrize("library", sorted(ONLY))
def test_a_heavy_library_stays_in_its_room(library: str) -> None:
    users = {name for name, path in modules().items() if any(is_in(used, (library,)) for used in imports(path))}
    assert not {name for name in users if not is_in(name, ONLY[library])}


@pytest.mark.parametrize("name", [name for name in sorted(modules()) if room_of(name) in ENTRIES] + ["run_show"])
def test_the_entry_needs_nothing_installed(name: str) -> None:
    path = modules().get(name, ROOT / f"{name}.py")
    foreign = {used.partition(".")[0] for used in imports(path)} - sys.stdlib_module_names
    assert foreign <= {"installation"}


def test_the_entry_answers_before_anything_is_installed() -> None:
    """Help of the program, which asks every step, and of one, by a Python that has the standard library alone."""
    entry = str(ROOT / "run_show.py")
    pretend = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); from installation.bootstrap.home import Home; "
        f"Home.lacks = lambda *_: True; sys.argv[0] = {entry!r}; runpy.run_path({entry!r}, run_name='__main__')"
    )
    for words in ([], ["train"]):
        line = [sys.executable, "-I", "-S", "-c", pretend, *words, "--help"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT)
        assert done.returncode == 0, done.stderr
        assert "usage: " in done.stdout
        assert words or all(f"\n  {name} " in done.stdout for name in cli.names())


WITNESS = """
import importlib, json, os, sys, threading

seen = []

def witness(event, details):
    if event in ("socket.__new__", "subprocess.Popen", "os.system", "os.mkdir", "os.remove", "os.rename"):
        seen.append(event)
    if event == "open" and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append(f"open {details[0]} for writing")

names, heavy = json.loads(sys.argv[1])
before, loaded = dict(os.environ), {}
sys.addaudithook(witness)
for name in names:
    had = set(sys.modules)
    importlib.import_module(name)
    loaded[name] = sorted(set(heavy) & (set(sys.modules) - had))
    if threading.active_count() > 1:
        seen.append(f"{name}: a thread")
    changed = sorted(key for key, _ in os.environ.items() ^ before.items())
    if changed:
        seen.append(f"{name}: environment variables {changed}")
        before = dict(os.environ)
print(json.dumps([seen, loaded]))
"""


def test_importing_does_nothing() -> None:
    """In a process of its own: no socket, no thread, no process, no file, no variable, no library out of its room."""
    names = [name for name in modules() if not name.endswith("__main__")]
    heavies = tuple(chain.from_iterable(ONLY.values()))
    # A library is blamed on the first that loads it, so those that may come after those that may not.
    names.sort(key=lambda name: (is_in(name, heavies) + 2 * is_in(name, LOADERS), name))
    command = [sys.executable, "-B", "-W", "error", "-c", WITNESS, json.dumps([names, list(ONLY)])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    seen, loaded = json.loads(done.stdout)
    assert not seen
    astray = {
        name: library for name, libraries in loaded.items() for library in libraries if not is_in(name, ONLY[library])
    }
    assert not astray


def written() -> list[Path]:
    """The files that people wrote: all that git would keep, as far as it is text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    kinds = {".py", ".toml", ".md", ".lock", ".glsl", ".html", ".css", ".js", ".json", ".yml", ".txt", ".cfg", ""}
    paths = [ROOT / name for name in listed if name] or [
        path for path in ROOT.rglob("*") if not {".venv", ".git", "state", "out"} & set(path.relative_to(ROOT).parts)
    ]
    return [path for path in paths if path.is_file() and path.suffix in kinds and path.stat().st_size < 1_000_000]


def test_no_file_names_a_package_registry() -> None:
    registries = re.compile("pypi[.]org|pythonhosted[.]org|download[.]pytorch|npmjs[.]|anaconda[.]org")
    assert not [str(path) for path in written() if registries.search(path.read_text("utf-8", errors="replace"))]


def test_no_file_says_where_one_checkout_of_it_lies() -> None:
    assert not [str(path) for path in written() if str(ROOT) in path.read_text("utf-8", errors="replace")]


def python_files() -> list[Path]:
    return [path for path in written() if path.suffix == ".py"]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_no_code_does(path: Path) -> None:
    """Evaluate text, unpickle, start a shell, swallow errors."""
    for node in ast.walk(tree(path)):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")), f"{where}: eval"
            assert not any(word.arg == "shell" for word in node.keywords), f"{where}: a shell"
            assert ast.unparse(node.func) != "torch.load" or "weights_only=True" in ast.unparse(node), f"{where}: load"
        elif isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert node.type, f"{where}: a bare except"
            silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
            assert not (silent and "Exception" in caught.split(".")), f"{where}: every error is swallowed"
    assert not {"pickle", "dill", "joblib", "shelve", "marshal"} & {used.partition(".")[0] for used in imports(path)}


LONGEST_FILE = 400
MOST_METHODS = 14


def test_files_are_short() -> None:
    """Shorter than 400 lines."""
    long = {name for name, path in modules().items() if len(path.read_text("utf-8").splitlines()) >= LONGEST_FILE}
    assert not long


def functions_of(node: ast.Module | ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_classes_are_small() -> None:
    """At most 14 methods: a class that needs more is made of others."""
    large = {
        f"{name}.{node.name}"
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and len(functions_of(node)) > MOST_METHODS
    }
    assert not large


def test_functions_are_short() -> None:
    """Half of them at most 6 lines, all but one in a hundred at most 25."""
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules().values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 6
    assert lengths[len(lengths) * 99 // 100] <= 25
