"""What is imported, what pyproject.toml asks for and what the lock files pin are one story."""

import ast
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as plain

from installation.bootstrap import RUN, TESTS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = (RUN.lock, TESTS.lock)
EXTRAS = PROJECT["optional-dependencies"].values()
"""What may be left out is installed for the tests."""


def pins(lock: str) -> dict[str, Requirement]:
    """What a lock file pins, by name."""
    lines = (line for line in (ROOT / lock).read_text("utf-8").splitlines() if line and line[0] not in "#-")
    requirements = [Requirement(line) for line in lines]
    named = {plain(pin.name): pin for pin in requirements}
    assert len(named) == len(requirements), f"{lock} pins a name twice"
    return named


def asked(requirements: list[str]) -> dict[str, Requirement]:
    return {plain(need.name): need for need in map(Requirement, requirements)}


def imported(folders: tuple[str, ...]) -> set[str]:
    """The distributions whose modules are imported, or required (parts.require), anywhere below ``folders``."""
    trees = [ast.parse(path.read_text("utf-8")) for folder in folders for path in (ROOT / folder).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("require")]
    names |= {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}
    owners = metadata.packages_distributions()
    foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    return {plain(owner) for name in foreign for owner in owners.get(name, ())}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact(lock: str) -> None:
    for name, pin in pins(lock).items():
        assert [word.operator for word in pin.specifier] == ["=="], name
        assert not pin.url, name


@pytest.mark.parametrize(
    ("locks", "needs"), [((RUN.lock,), PROJECT["dependencies"]), *((LOCKS, extra) for extra in EXTRAS)]
)
def test_what_is_asked_for_is_pinned_within_its_range(locks: tuple[str, ...], needs: list[str]) -> None:
    pinned = {name: pin for lock in locks for name, pin in pins(lock).items()}
    for name, need in asked(needs).items():
        assert name in pinned, f"{need} is not in {' or '.join(locks)}"
        version = next(iter(pinned[name].specifier)).version
        assert need.specifier.contains(version), f"{version} is pinned, pyproject.toml asks for {need}"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_a_pinned_package_needs_is_pinned(lock: str) -> None:
    known = {name: pin for each in LOCKS for name, pin in pins(each).items()}
    for name in pins(lock):
        try:
            needs = map(Requirement, metadata.requires(name) or [])
        except metadata.PackageNotFoundError:  # another system's, or another Python's
            continue
        here = [need for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
        loose = [str(need) for need in here if plain(need.name) not in known]
        # A torch with CUDA brings some twenty packages of NVIDIA's and pins each of them itself.
        assert name == "torch" or not loose, f"{name} needs {loose}"


def test_what_the_project_imports_is_asked_for_and_the_other_way_round() -> None:
    used = imported(("installation", "generators", "sensors"))
    extras = [need for name, needs in PROJECT["optional-dependencies"].items() if name != "dev" for need in needs]
    needs = asked([*PROJECT["dependencies"], *extras])
    here = {name for name, need in needs.items() if not need.marker or need.marker.evaluate()}
    assert used - set(needs) == set()
    assert here - used == set()
