"""Training a detector, from the mix of datasets to its weights."""

import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from threading import Event
from types import FrameType

import torch

from craftlite.data.loader import Batch, Crops, Shares, batches
from craftlite.data.sources import Listed
from craftlite.errors import ConfigError
from craftlite.formats import write_whole
from craftlite.train.card import write_card
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.distributed import Group, joined
from craftlite.train.log import Log, rewind_log
from craftlite.train.record import environment, write_config
from craftlite.train.reporter import BEST, CHECKPOINT, WEIGHTS, Reporter
from craftlite.train.run import Mix, Run
from craftlite.train.trainer import NonFiniteLossError, Trainer
from craftlite.train.validate import THRESHOLDS, Validation
from craftlite.train.weak import labelled

# The settings that decide what the next step computes: a resumed training must keep them.
STREAM = (
    *("network", "steps", "batch", "accumulate", "crop", "seed", "ema", "clip", "precision"),
    *("optimiser", "learning_rate", "warmup", "weight_decay", "momentum", "freeze_steps"),
    "pseudo_every",
)


def train(run: Run, resume: bool = False) -> Path:
    """Train a detector; returns the file of the best averaged weights in the run's folder.

    Under torchrun, all its processes train together. Ctrl-C and SIGTERM finish the step and save.

    Raises:
        ConfigError: see `prepare`.
        DatasetError: a dataset cannot be read.
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: interrupted and saved.
    """
    recipe = run.recipe
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    with joined() as group, interruption() as asked, tiny_numbers_as_zero():
        mix = run.open_mix()
        validation = Validation(run.validation_samples(), recipe)
        trainer = prepare(run, resume, group)
        if group.leads:
            record(run, mix)
        with Log(run.out) if group.leads else nullcontext() as log:
            reporter = Reporter(trainer, validation, run.out, log) if log else None
            fit(run, mix, trainer, reporter, asked)
        if group.leads:
            names = [sample.name for sample in validation.samples]
            write_card(run.out, trainer.step, THRESHOLDS, names)
    best = run.out / BEST
    return best if best.exists() else run.out / WEIGHTS


def prepare(run: Run, resume: bool, group: Group) -> Trainer:
    """A trainer for the run's folder: new, from `run.init`, or from the last checkpoint.

    Raises:
        ConfigError: the folder holds a training and `resume` is not set, or the settings are not
            those that the training was started with.
        WeightsError: there is no checkpoint to resume from, or `run.init` does not fit.
    """
    checkpoint = run.out / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise ConfigError(
            f"{run.out}: holds a training already; add --resume or name another --out"
        )
    if run.recipe.batch % (group.size * run.recipe.accumulate):
        raise ConfigError(
            f"batch is {run.recipe.batch}: must be a multiple of {group.size} processes times "
            f"accumulate {run.recipe.accumulate}"
        )
    trainer = Trainer(run.recipe, group)
    if resume:
        state = load_checkpoint(checkpoint)
        refuse_changes(run, state["recipe"], state["datasets"])
        trainer.load(state)
        if group.leads:
            rewind_log(run.out / "log.jsonl", trainer.step)
    elif run.init is not None:
        trainer.start_from(run.init)
    trainer.datasets = list(run.datasets)
    group.wait()  # until all have seen that the folder was free
    return trainer


def refuse_changes(run: Run, recipe: dict[str, object], datasets: list[str]) -> None:
    """Raises a ConfigError where a resumed run is not what it was started as."""
    now = asdict(run.recipe)
    was = {name: recipe.get(name) for name in STREAM if recipe.get(name) != now[name]}
    if datasets != list(run.datasets):
        was["dataset"] = " ".join(datasets)
    if was:
        before = ", ".join(f"{name} {value}" for name, value in was.items())
        raise ConfigError(f"{run.out}: was started with {before}; resume with the same settings")


def record(run: Run, mix: Mix) -> None:
    """Writes what the training is, and on what machine and data, into the run's folder."""
    run.out.mkdir(parents=True, exist_ok=True)
    write_config(run.out / "config.yaml", run.facts())
    folders = [*run.folders, *[None] * (len(mix.names) - len(run.folders))]
    samples = [source.samples if isinstance(source, Listed) else [] for source in mix.sources]
    facts = environment(list(zip(mix.names, folders, samples, strict=True)))
    write_whole(run.out / "env.json", json.dumps(facts, indent=2) + "\n")


def fit(
    run: Run, mix: Mix, trainer: Trainer, reporter: Reporter | None, asked_to_stop: Event
) -> None:
    """Step until the recipe's last step or until patience ends; the leading process reports."""
    recipe, group = trainer.recipe, trainer.group
    for first, last in periods(trainer.step, recipe.steps, recipe.pseudo_every):
        with reporter.clock.paused() if reporter else nullcontext():
            sources = labelled(run.out, mix, trainer, first)
        crops = Crops(sources, mix.shares, recipe.crop, recipe.seed)
        own = Shares(first, last, recipe.batch, recipe.accumulate, group.rank, group.size)
        with closing(batches(crops, own, recipe.workers)) as stream:
            for _ in range(first, last):
                step(trainer, stream, reporter, asked_to_stop)
                if group.any(trainer.best.is_stale(recipe.patience)):
                    return


def step(
    trainer: Trainer,
    stream: Iterator[list[Batch]],
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
            reporter.say(f"saved step {trainer.step} in {reporter.out}; --resume goes on")
        raise KeyboardInterrupt


def periods(step: int, steps: int, every: int) -> Iterator[tuple[int, int]]:
    """First and last step of each stretch with the same labels, from `step` on to `steps`."""
    while step < steps:
        last = min(steps, step - step % every + every) if every else steps
        yield step, last
        step = last


@contextmanager
def tiny_numbers_as_zero() -> Iterator[None]:
    """Denormal numbers, which make some CPUs ten times slower, are zero inside."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextmanager
def interruption() -> Iterator[Event]:
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
