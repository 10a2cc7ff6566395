"""Energy from counters and a program that are of our making."""

import os
from pathlib import Path

import pytest

from installation.days.energy import Meter


def package(root: Path, name: str, called: str, count: int | str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{called}\n")
    (folder / "energy_uj").write_text(f"{count}\n")
    (folder / "max_energy_range_uj").write_text("1000000\n")
    return folder / "energy_uj"


def test_packages_are_summed_and_a_counter_may_wrap(tmp_path: Path) -> None:
    one = package(tmp_path, "intel-rapl:0", "package-0", 900_000)
    package(tmp_path, "intel-rapl:0:0", "core", 5)
    other = package(tmp_path, "intel-rapl:1", "package-1", 0)
    package(tmp_path, "intel-rapl:2", "psys", 7)
    package(tmp_path, "intel-rapl-mmio:0", "package-0", 900_000)
    meter = Meter(tmp_path, "no-such-program")
    assert meter.notes == "there is no nvidia-smi to tell a graphics card's"
    assert meter.read(0.0).processor is None
    one.write_text("100000")
    other.write_text("500000")
    assert meter.read(60.0).processor == pytest.approx(0.2 + 0.5)


def test_a_machine_that_tells_nothing_says_so(tmp_path: Path) -> None:
    meter = Meter(tmp_path, "no-such-program")
    assert "has no counter of the processor's" in meter.notes
    assert (meter.read(0.0), meter.read(60.0)) == (meter.read(0.0), meter.read(60.0))
    package(tmp_path, "intel-rapl:0", "package-0", "")
    assert "told to root alone" in Meter(tmp_path, "no-such-program").notes


@pytest.mark.skipif(os.name != "posix", reason="a script as a program")
@pytest.mark.parametrize(("says", "joules"), [("100.5\n20.5\n", 1210.0), ("[N/A]\n", None), ("", None)])
def test_power_of_graphics_cards_is_multiplied_with_the_time(tmp_path: Path, says: str, joules: float | None) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    program.chmod(0o700)
    meter = Meter(tmp_path, str(program))
    assert meter.read(5.0).graphics is None
    assert meter.read(15.0).graphics == joules
