"""Late frames of a show whose models do not all fit, beside those of the same show with room for all, by turns.

    python -m benchmarks.residence [--model FILE] [--models 6] [--rounds 3] [--seconds 40] [--size 320x180]

Every piece has a model of its own, a copy of FILE, and hangs for six seconds; ``memory`` has room for two of them, so
that each is opened before its turn and let go after it. Each run is a show of its own without a window. A first one,
which is not told, compiles what can be. A frame is late where its interval is longer than one and a half targets.
Other work on the machine makes frames late in both: what the budget costs is the difference.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from installation.networks.choose_runtime import machine
from installation.networks.model_file import bytes_in_memory

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "shows" / "models" / "landscapes.safetensors"
PIECE = """
[[piece]]
name = "{name}"
duration = "6 s"
generator = {{ kind = "auto", model = "{name}.safetensors" }}
walk = "wander"
transition = {{ kind = "dissolve", duration = "2 s" }}
"""
ROOM = {"two": 2, "all": 1000}
"""Models that there is room for."""


def written(folder: Path, model: Path, models: int) -> None:
    """A show file for each budget, and the models that both have."""
    names = [f"model{number}" for number in range(models)]
    for name in names:
        # Pieces on one file would share what is resident.
        (folder / f"{name}.safetensors").write_bytes(model.read_bytes())
    for budget, count in ROOM.items():
        head = f'[show]\ntitle = "residence"\nmemory = {count * bytes_in_memory(model)}\n[operator]\nenabled = false\n'
        (folder / f"{budget}.toml").write_text(head + "".join(PIECE.format(name=name) for name in names))


def played(folder: Path, budget: str, seconds: float, size: str) -> dict[str, Any]:
    """The report of a run. Both budgets share what was compiled, and nothing else."""
    state, report = folder / f"state-{budget}", folder / "report.json"
    line = [
        sys.executable,
        "run_show.py",
        str(folder / f"{budget}.toml"),
        "--headless",
        "--size",
        size,
        "--always-open",
    ]
    subprocess.run(
        [*line, "--seconds", str(seconds), "--state", str(state), "--report", str(report)], cwd=ROOT, check=True
    )
    told: dict[str, Any] = json.loads(report.read_text())
    return told


def row(budget: str, number: int, report: dict[str, Any]) -> str:
    display, startup = report["display"], report["startup"]
    within = display["in_change"]
    return (
        f"| {budget} | {number} | {display['frames']} | {display['late'] - startup['late']} | {within['frames']} | "
        f"{within['late']} | {display['interval_ms']['max_in_change']:.0f} | {report['memory_mb']['end']:.0f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, default=MODEL)
    options.add_argument("--models", type=int, default=6)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=40.0)
    options.add_argument("--size", default="320x180")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, asked.model, asked.models)
        for budget in ROOM:
            played(folder, budget, asked.seconds, asked.size)
        print(f"\n{machine()}, load {os.getloadavg()[0]:.0f}; {asked.models} models of {asked.model.name}\n")
        print(
            "| room for | run | frames | late | in changes | late | longest there, ms | memory, MB |\n"
            + "| --- " * 8
            + "|"
        )
        for number in range(asked.rounds):
            for budget in ROOM:
                print(row(budget, number + 1, played(folder, budget, asked.seconds, asked.size)), flush=True)


if __name__ == "__main__":
    main()
