"""Runs the checks: a group after another as the page has them, the checks of one beside one another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import chain
from pathlib import Path

from installation.doctor.findings import Case, Finding, Group, Light

GROUPS = Path(__file__).parent / "groups"
BESIDE = 4
"""How many checks wait for the machine's answers at once."""


def all_groups() -> list[Group]:
    """Each file of the folder has one, GROUP."""
    names = [path.stem for path in GROUPS.glob("*.py") if not path.stem.startswith("_")]
    modules = [import_module(f"installation.doctor.groups.{name}") for name in names]
    return sorted((module.GROUP for module in modules), key=lambda group: int(group.place))


def examine(case: Case) -> Iterator[tuple[Group, tuple[Finding, ...]]]:
    """What each group finds, as soon as it is found; groups without a finding are left out."""
    for group in all_groups():
        with ThreadPoolExecutor(1 if group.alone else BESIDE) as workers:
            found = tuple(chain.from_iterable(workers.map(lambda check: check.findings(case), group.checks)))
        if found:
            yield group, found


def worst(findings: list[Finding]) -> Light:
    """Of all lights; what is not told does not count."""
    lights: set[Light] = {one.light for one in findings}
    return "red" if "red" in lights else "amber" if "amber" in lights else "green"


STATUS: dict[Light, int] = {"green": 0, "amber": 1, "red": 2}
"""The exit status."""
