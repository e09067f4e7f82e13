"""The record of a training: one JSON object a line, TensorBoard events, and curves as a picture."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from craftlite.train.recipe import Recipe


class Log:
    """Appends to `log.jsonl` and to TensorBoard's events in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.jsonl"
        self.events = SummaryWriter(str(folder / "events"))

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.events.close()

    def write(self, step: int, values: dict[str, float]) -> None:
        """One line: the step and the values, floats of any names."""
        with self.path.open("a") as file:
            file.write(
                json.dumps({"step": step, **{k: round(v, 6) for k, v in values.items()}}) + "\n"
            )
        for name, value in values.items():
            self.events.add_scalar(name, value, step)


class Clock:
    """Time since the last line of the log, and how much of it went into waiting for data."""

    def __init__(self) -> None:
        self.since, self.waited = time.perf_counter(), 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what is inside as waiting."""
        start = time.perf_counter()
        yield
        self.waited += time.perf_counter() - start

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count what is inside."""
        start = time.perf_counter()
        yield
        self.since += time.perf_counter() - start

    def figures(self, recipe: Recipe) -> dict[str, float]:
        """Crops a second and the share of time spent waiting; the clock starts anew."""
        seconds = time.perf_counter() - self.since
        figures = {
            "crops_per_second": recipe.log_every * recipe.batch / seconds,
            "waiting": self.waited / seconds,
        }
        self.since, self.waited = time.perf_counter(), 0.0
        return figures


def read_log(path: Path, before: int | None = None) -> list[dict[str, Any]]:
    """The lines of a log, those of steps after `before` left out; empty where there is no file."""
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return [line for line in lines if before is None or line["step"] <= before]


def rewind_log(path: Path, step: int) -> None:
    """Drop the lines after `step`: a resumed training writes them again."""
    lines = read_log(path, step)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def draw_curves(log: Path, picture: Path) -> None:
    """Loss and H-mean against the step, on one page, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = read_log(log)
    figure, (upper, lower) = pyplot.subplots(
        2, 1, sharex=True, figsize=(9, 7), layout="constrained"
    )
    for name, label in (("loss", "total"), ("region", "region"), ("affinity", "affinity")):
        points = [(line["step"], line[name]) for line in lines if name in line]
        if points:
            upper.plot(*zip(*points, strict=True), label=label, linewidth=0.8)
            upper.legend()
    upper.set(ylabel="training loss", yscale="log")
    upper.grid(alpha=0.3)
    for name in ("hmean", "precision", "recall"):
        points = [(line["step"], line[name]) for line in lines if name in line]
        if points:
            lower.plot(*zip(*points, strict=True), label=name, marker=".")
            lower.legend()
    lower.set(ylabel="validation", xlabel="step", ylim=(0, 1))
    lower.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
