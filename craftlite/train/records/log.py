"""The log of a training: one JSON object per line, TensorBoard events, and the clock."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from craftlite.files import write_whole
from craftlite.train.task import Losses

LOG = "log.jsonl"


class Log:
    """Appends to LOG and to the TensorBoard events in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG
        lines = read_log(self.path)
        # Lets TensorBoard drop what an interrupted training wrote and the resumed one repeats.
        after = lines[-1]["step"] + 1 if lines else None
        self.events = SummaryWriter(str(folder / "events"), purge_step=after)

    def close(self) -> None:
        """Write the buffered TensorBoard events and close the file."""
        self.events.close()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Write one line: the step and the named values, rounded to six digits."""
        shown = {name: float(f"{value:.6g}") for name, value in values.items()}
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **shown}) + "\n")
        for name, value in values.items():
            self.events.add_scalar(name, value, step)


class Mean:
    """The mean of a loss's terms over steps; does not synchronise with the device before `take`."""

    def __init__(self) -> None:
        self._sums: Losses = {}
        self.count = 0

    def add(self, losses: Losses) -> None:
        """Add the terms of one step, detached scalars on one device."""
        self._sums = {name: self._sums.get(name, 0) + term for name, term in losses.items()}
        self.count += 1

    def take(self) -> dict[str, float]:
        """Return the means since the last call; empty if there was no step."""
        means = {name: (total / self.count).item() for name, total in self._sums.items()}
        self._sums, self.count = {}, 0
        return means


class Clock:
    """Measures the time since the last line of the log, and how much of it was spent waiting."""

    def __init__(self) -> None:
        self.since, self.waited, self._paused = time.perf_counter(), 0.0, 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the block as waiting for data, except for paused time inside it."""
        start, paused = time.perf_counter(), self._paused
        yield
        self.waited += time.perf_counter() - start - (self._paused - paused)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Exclude the block from the time."""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.since += seconds
        self._paused += seconds

    def figures(self, crops: int) -> dict[str, float]:
        """Return crops per second and the share of time spent waiting, then restart the clock."""
        seconds = time.perf_counter() - self.since
        figures = {
            "crops_per_second": crops / seconds,
            "waiting": self.waited / seconds,
        }
        self.since, self.waited = time.perf_counter(), 0.0
        return figures


def read_log(path: Path, before: int | None = None) -> list[dict[str, Any]]:
    """Return the lines of a log up to step `before`, if given; empty if there is no file."""
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return [line for line in lines if before is None or line["step"] <= before]


def rewind_log(path: Path, step: int) -> None:
    """Drop the lines after `step`, which a resumed training will write again."""
    write_whole(path, "".join(json.dumps(line) + "\n" for line in read_log(path, step)))


def draw_curves(log: Path, picture: Path) -> None:
    """Draw the log's curves on one page, a PNG; see `curves_page`.

    Raises:
        CraftliteError: the picture cannot be written.
    """
    # matplotlib takes a second to import, so do not import it for resuming and reading a log.
    from craftlite.train.records.curves import curves_page

    write_whole(picture, curves_page(read_log(log)))
