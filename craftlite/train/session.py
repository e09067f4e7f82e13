"""What every training does the same way: begin or resume, step, stop when asked to."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, fields
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any, Protocol

import torch

from craftlite.errors import ConfigError
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.log import rewind_log
from craftlite.train.recipe import RESUMABLE, Settings
from craftlite.train.reporter import CHECKPOINT, Reporter
from craftlite.train.trainer import NonFiniteLossError, Trainer


class Run(Protocol):
    """What is trained: the settings, the folder, weights to start from, and names of the data."""

    @property
    def recipe(self) -> Settings: ...
    @property
    def out(self) -> Path: ...
    @property
    def init(self) -> Path | None: ...
    @property
    def datasets(self) -> Sequence[str]: ...


def prepare(run: Run, resume: bool, trainer: Trainer[Any]) -> None:
    """Readies a new trainer for the run's folder: as it is, from `run.init`, or from a checkpoint.

    Raises:
        ConfigError: the folder holds a training and `resume` is not set, or the settings are not
            those that the training was started with.
        WeightsError: there is no checkpoint to resume from, or `run.init` does not fit.
    """
    group = trainer.group
    if resume:
        state = load_checkpoint(run.out / CHECKPOINT)
        refuse_changes(run, state["recipe"], state["datasets"])
        trainer.load(state)
        if group.leads:
            rewind_log(run.out / "log.jsonl", trainer.step)
    elif run.init is not None:
        trainer.start_from(run.init)
    trainer.datasets = list(run.datasets)
    group.wait()  # until all have seen that the folder was free


def check(run: Run, resume: bool, processes: int) -> None:
    """Check what needs no data to be opened.

    Raises:
        ConfigError: the folder holds a training and `resume` is not set, or the batch cannot be
            shared among the processes.
    """
    if (run.out / CHECKPOINT).exists() and not resume:
        raise ConfigError(
            f"{run.out}: holds a training already; add --resume or name another --out"
        )
    if run.recipe.batch % (processes * run.recipe.accumulate):
        raise ConfigError(
            f"batch is {run.recipe.batch}: must be a multiple of {processes} processes times "
            f"accumulate {run.recipe.accumulate}"
        )


def refuse_changes(run: Run, recipe: dict[str, object], datasets: list[str]) -> None:
    """Raises a ConfigError where a resumed run is not what it was started as."""
    now = {name: value for name, value in asdict(run.recipe).items() if name not in RESUMABLE}
    # A checkpoint of an older version lacks the settings that came later: they had their defaults.
    before = {setting.name: setting.default for setting in fields(run.recipe)} | recipe
    was = {name: before[name] for name in now if before[name] != now[name]}
    if datasets != list(run.datasets):
        was["dataset"] = " ".join(datasets)
    if was:
        settings = ", ".join(f"{name} {value}" for name, value in was.items())
        raise ConfigError(f"{run.out}: was started with {settings}; resume with the same settings")


def step(
    trainer: Trainer[Any],
    stream: Iterator[Sequence[Any]],
    reporter: Reporter | None,
    asked_to_stop: Event,
) -> None:
    """One step, and what is due after it.

    Raises:
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: some process was asked to stop; all is saved.
    """
    with reporter.clock.waiting() if reporter else nullcontext():
        parts = next(stream)
    try:
        loss = trainer.train_step(parts)
    except NonFiniteLossError as error:
        raise (reporter.keep(error) if reporter else error) from None
    interrupted = trainer.group.any(asked_to_stop.is_set())
    if reporter:
        reporter.after_step(loss, stopping=interrupted)
    if interrupted and trainer.step < trainer.recipe.steps:
        if reporter:
            reporter.say(f"saved step {trainer.step} to {reporter.out}; continue with --resume")
        raise KeyboardInterrupt


@contextmanager
def flush_denormals() -> Iterator[None]:
    """Denormal numbers, which make some CPUs ten times slower, are zero inside."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextmanager
def cudnn_benchmark(on: bool) -> Iterator[None]:
    """Switch cuDNN's search for the fastest convolutions on or off inside the block.

    The search runs once for each input size: it pays for crops, which are all of one size, and
    costs seconds for each new size of a picture.
    """
    before, torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark, on
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


@contextmanager
def stop_on_signal() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set, so that the step under way is finished first.

    A second Ctrl-C interrupts at once.
    """
    asked = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
