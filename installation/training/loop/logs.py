"""The logs of a run: `log.csv`, event files for TensorBoard, sheets of samples."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from installation.core.atomic_write import write_whole
from installation.core.parts import require
from installation.training.loop.run import Run

if TYPE_CHECKING:
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

LOG, EVENTS = "log.csv", "tensorboard"


class Logs:
    """The logs of a work folder. Rows and points are at `images`, the number of pictures seen."""

    def __init__(self, folder: Path, run: Run, tensorboard: bool = True) -> None:
        """Goes on where the run's checkpoint is: later rows, which will be computed again, are dropped.

        Raises MissingDependency if the writer of event files does not load.
        """
        self.folder, self.path = folder, folder / LOG
        self.columns = [*self.row(run, 0.0)]
        kept = [row for row in self.rows() if float(row["images"]) <= run.progress.images]
        self.rewrite(kept)
        self.events = self.open_events(run) if tensorboard else None

    def row(self, run: Run, speed: float) -> dict[str, float]:
        progress, (resolution, fade) = run.progress, run.timetable.phase()
        return {
            "images": progress.images,
            "minutes": round(progress.seconds / 60, 3),
            "resolution": resolution,
            "fade": fade,
            "images_per_second": speed,
            "spread": progress.spread,
            **run.read(),
        }

    def rows(self) -> list[dict[str, str]]:
        """The rows already there; none where an older log has other columns (it is then set aside)."""
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames == self.columns:
                return [row for row in reader if None not in row.values()]  # the last may have been cut by a crash
        self.path.replace(self.path.with_suffix(".before.csv"))
        return []

    def rewrite(self, rows: list[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self.path, text.getvalue().encode())

    def open_events(self, run: Run) -> TensorBoardLogger:
        require("tensorboardX", "the log for TensorBoard", "install it, or give --no-tensorboard")
        from lightning_fabric.loggers.tensorboard import TensorBoardLogger

        return TensorBoardLogger(self.folder, name=EVENTS, version="", purge_step=run.progress.images)

    def write(self, run: Run, speed: float) -> None:
        """A row of figures. `speed` is in pictures a second."""
        row = self.row(run, speed)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self.columns, lineterminator="\n").writerow(
                {name: f"{value:.9g}" for name, value in row.items()}
            )
        if self.events:
            self.events.log_metrics(row, run.progress.images)

    def draw(self, run: Run) -> None:
        """The sheet as it is now, under its own name and as sheet.png, and for TensorBoard."""
        resolution, _ = run.timetable.phase()
        sheet = run.shown.sheet()
        name = f"sheet_{run.progress.images:08d}_{resolution}px.png"
        painted = io.BytesIO()
        Image.fromarray(sheet).save(painted, "PNG")
        for path in (self.folder / name, self.folder / "sheet.png"):
            write_whole(path, painted.getvalue())
        if self.events:
            self.events.experiment.add_image("sheet", sheet, run.progress.images, dataformats="HWC")
            self.events.save()

    def close(self) -> None:
        if self.events:
            self.events.finalize("finished")
