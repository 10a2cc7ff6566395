"""Debian's packages: which are missing, and the line that installs them."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence

Run = Callable[[Sequence[str], Callable[[str], None], Mapping[str, str]], int]
"""run(command, hear a line of its output, environment to add) -> exit code."""


def missing(packages: Iterable[str]) -> list[str]:
    """Those of ``packages`` that are not installed; none on a system without dpkg."""
    wanted = list(dict.fromkeys(packages))
    if not wanted or not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *wanted]
    listed = subprocess.run(query, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    return [package for package in wanted if f"{package} installed" not in listed.splitlines()]


def may_install() -> bool:
    """Whether this process can install packages: it is root, and there is apt-get."""
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def line(packages: Iterable[str]) -> str:
    """What a person types to install them."""
    return " ".join(("sudo apt-get install -y --no-install-recommends", *packages))


def install(packages: Sequence[str], run: Run, tell: Callable[[str], None]) -> list[str]:
    """Installs them as far as they can be had. Returns what is still missing."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}

    def hear(line: str) -> None:
        if match := re.match(r"(?:Get:\d+ \S+ \S+ \S+|Unpacking|Setting up) ([^\s:]+)", line):
            tell(f"apt-get: {match[1]}")

    tell("apt-get: what there is")
    run(("dpkg", "--configure", "-a"), hear, quiet)  # takes up an installation that was cut off
    run(("apt-get", "update"), lambda _: None, quiet)
    command = ("apt-get", "install", "-y", "--no-install-recommends")
    if run((*command, *packages), hear, quiet):  # a package that this release lacks must not prevent the others
        for package in missing(packages):
            run((*command, package), hear, quiet)
    return missing(packages)
