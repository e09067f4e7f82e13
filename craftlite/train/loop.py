"""The training loop, for every kind of task."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

import torch

from craftlite.progress import write_line
from craftlite.train.budget import UNKNOWN, Budget, with_steps
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.distributed import process_group
from craftlite.train.optimiser import schedule_flaws
from craftlite.train.precision import cudnn_benchmark, flush_denormals
from craftlite.train.reporter import Reporter
from craftlite.train.run_folder import RunFolder
from craftlite.train.task import Task
from craftlite.train.trainer import NonFiniteLossError, Trainer


def train(task: Task, out: Path, resume: bool = False, lengthen: bool = False) -> Path:
    """Train a task in its run folder `out`; return the file of the best averaged weights.

    The task is opened, and its recipe is updated once the number of steps is known. Under torchrun,
    all processes train together. Ctrl-C and SIGTERM finish the current step and save.

    Args:
        task: the network, its data and its settings.
        out: the run's folder.
        resume: whether to continue an interrupted training in the folder.
        lengthen: whether to continue a finished training there, with a warm restart.

    Raises:
        ConfigError: the settings do not fit together, or the folder holds another training.
        DatasetError: a dataset cannot be read.
        WeightsError: weights to start or to resume from cannot be used.
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: the training was interrupted; everything is saved.
    """
    folder = RunFolder(out)
    resume = resume or lengthen
    budget = budget_of(task, folder, resume and not lengthen)
    if task.recipe.threads:
        torch.set_num_threads(task.recipe.threads)
    with process_group() as group, stop_on_signal() as asked_to_stop, flush_denormals():
        folder.check(task.recipe, resume, group.size)
        task.open(group)
        trainer = Trainer(task, group)
        if resume:
            folder.restore(trainer, lengthen)
        elif task.init is not None:
            trainer.start_from(task.init)
        group.wait()  # until all processes have seen that the folder is free
        if group.leads:
            if not resume:
                folder.clear()
            folder.write_record(task)
            warn_of_flaws(task)
        with (
            closing(Reporter(trainer, folder)) if group.leads else nullcontext() as reporter,
            closing(task.batches(trainer, out)) as stream,
            cudnn_benchmark(True),
        ):
            run_steps(trainer, stream, reporter, asked_to_stop, budget)
        if group.leads:
            folder.write_card(task, trainer.step)
    return folder.best_weights()


def run_steps(
    trainer: Trainer,
    stream: Iterator[Sequence[Any]],
    reporter: Reporter | None,
    asked_to_stop: Event,
    budget: Budget | None,
) -> None:
    """Train until the last step or until patience runs out; the leading process reports.

    Raises:
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: a process was asked to stop; everything is saved.
    """
    if budget:
        with cudnn_benchmark(False):
            budget.begin(trainer.task.ending_seconds(trainer.ema.module))
    while trainer.step < trainer.recipe.steps:
        with trainer.clock.waiting():
            parts = next(stream)
        try:
            losses = trainer.train_step(parts)
            interrupted = trainer.group.any(asked_to_stop.is_set())
            if reporter:
                reporter.after_step(losses, stopping=interrupted)
        except NonFiniteLossError as error:
            raise (reporter.keep(error) if reporter else error) from None
        if interrupted and trainer.step < trainer.recipe.steps:
            if reporter:
                out = reporter.folder.path
                write_line(f"saved step {trainer.step} to {out}; continue with --resume")
            raise KeyboardInterrupt
        if budget:
            set_steps(trainer, reporter, budget)
        if trainer.group.any(trainer.best.is_stale(trainer.recipe.patience)):
            return


def budget_of(task: Task, folder: RunFolder, resume: bool) -> Budget | None:
    """Return the task's time limit, or None; its number of steps is unknown until measured.

    A resumed training keeps the number of steps in its checkpoint, if it was known by then.
    """
    recipe = task.recipe
    if not recipe.minutes:
        return None
    if resume and folder.checkpoint.exists():
        was = load_checkpoint(folder.checkpoint)["recipe"]
        if not was.get("minutes"):
            task.recipe = replace(recipe, steps=was["steps"], warmup=was["warmup"], minutes=0.0)
            return None
    task.recipe = replace(recipe, steps=UNKNOWN)
    return Budget(recipe.minutes, time.monotonic())


def set_steps(trainer: Trainer, reporter: Reporter | None, budget: Budget) -> None:
    """Set the task's number of steps, once it is known or the time is up."""
    task, group = trainer.task, trainer.group
    steps = group.first(budget.steps(task.recipe, trainer.step) if group.leads else 0)
    if steps != task.recipe.steps:
        task.recipe = with_steps(task.recipe, steps)
        if reporter:
            reporter.steps_changed()
            warn_of_flaws(task)


def warn_of_flaws(task: Task) -> None:
    """Report problems of the schedule, once its number of steps is known."""
    if task.recipe.steps != UNKNOWN:
        for flaw in schedule_flaws(task.recipe):
            write_line(f"warning: {flaw}")


@contextmanager
def stop_on_signal() -> Iterator[Event]:
    """Yield an event that Ctrl-C and SIGTERM set, so that the current step is finished first.

    A second Ctrl-C interrupts immediately.
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
