"""Training a detector, from the mix of datasets to its weights."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event

import torch

from craftlite.data.loader import StepSampler
from craftlite.data.sources import Listed
from craftlite.files import write_whole
from craftlite.train.budget import UNKNOWN, Budget, with_steps
from craftlite.train.card import write_card
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.detector.feed import crop_batches, painter_of
from craftlite.train.detector.pseudo_schedule import forget_labels, labelled
from craftlite.train.detector.run import Mix, Run
from craftlite.train.detector.teacher import read_teacher
from craftlite.train.detector.trainer import DetectorTrainer
from craftlite.train.detector.validate import THRESHOLDS, Validation
from craftlite.train.distributed import process_group
from craftlite.train.log import Log
from craftlite.train.record import environment, write_config
from craftlite.train.reporter import BEST, CHECKPOINT, WEIGHTS, Reporter
from craftlite.train.session import (
    check,
    cudnn_benchmark,
    flush_denormals,
    prepare,
    step,
    stop_on_signal,
)


def train(run: Run, resume: bool = False) -> Path:
    """Train a detector; returns the file of the best averaged weights in the run's folder.

    Under torchrun, all its processes train together. Ctrl-C and SIGTERM finish the step and save.

    Raises:
        ConfigError: see `check` and `prepare`.
        DatasetError: a dataset cannot be read.
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: interrupted and saved.
    """
    run, budget = budgeted(run, resume)
    recipe = run.recipe
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    with process_group() as group, stop_on_signal() as asked, flush_denormals():
        mix = run.open_mix()
        check(run, resume, group.size)
        validation = Validation(run.validation_samples(), recipe)
        trainer = DetectorTrainer(recipe, group)
        trainer.teacher = read_teacher(recipe.teacher, group.device)
        prepare(run, resume, trainer)
        if budget:
            budget.validation = validation.seconds(trainer.model)
        if group.leads:
            record(run, mix)
        with Log(run.out) if group.leads else nullcontext() as log:

            def forget() -> None:
                forget_labels(run.out, trainer.step, recipe.pseudo_every)

            reporter = Reporter(trainer, validation, run.out, log, forget) if log else None
            with cudnn_benchmark(True):
                fit(run, mix, trainer, reporter, asked, budget)
        if group.leads:
            names = [sample.name for sample in validation.samples]
            write_card(run.out, trainer.step, THRESHOLDS, names)
    best = run.out / BEST
    return best if best.exists() else run.out / WEIGHTS


def record(run: Run, mix: Mix) -> None:
    """Writes what the training is, and on what machine and data, into the run's folder."""
    run.out.mkdir(parents=True, exist_ok=True)
    write_config(run.out / "config.yaml", run.facts())
    folders = [*run.folders, *[None] * (len(mix.names) - len(run.folders))]
    samples = [source.samples if isinstance(source, Listed) else [] for source in mix.sources]
    facts = environment(list(zip(mix.names, folders, samples, strict=True)))
    write_whole(run.out / "env.json", json.dumps(facts, indent=2) + "\n")


def fit(
    run: Run,
    mix: Mix,
    trainer: DetectorTrainer,
    reporter: Reporter | None,
    asked_to_stop: Event,
    budget: Budget | None = None,
) -> None:
    """Step until the recipe's last step or until patience ends; the leading process reports."""
    recipe, group = trainer.recipe, trainer.group
    painter = painter_of(recipe, mix, group)
    if budget:
        budget.begin()
    for first, last in periods(trainer.step, recipe.steps, recipe.pseudo_every):
        with reporter.clock.paused() if reporter else nullcontext():
            sources = labelled(run.out, mix, trainer, first)
        sampler = StepSampler(first, last, recipe.batch, recipe.accumulate, group.rank, group.size)
        with closing(crop_batches(sources, mix, recipe, sampler, painter)) as stream:
            for _ in range(first, last):
                step(trainer, stream, reporter, asked_to_stop)
                if budget:
                    plan(run, trainer, reporter, budget)
                if trainer.step >= trainer.recipe.steps:
                    return
                if group.any(trainer.best.is_stale(recipe.patience)):
                    return


def budgeted(run: Run, resume: bool) -> tuple[Run, Budget | None]:
    """The run without a number of steps and what finds it, where it is given in minutes.

    A resumed one goes on with the steps that it had, if these were known.
    """
    recipe, checkpoint = run.recipe, run.out / CHECKPOINT
    if not recipe.minutes:
        return run, None
    if resume and checkpoint.exists():
        was = load_checkpoint(checkpoint)["recipe"]
        if not was.get("minutes"):
            known = replace(recipe, steps=was["steps"], warmup=was["warmup"], minutes=0.0)
            return replace(run, recipe=known), None
    endless = replace(recipe, steps=UNKNOWN)
    return replace(run, recipe=endless), Budget(recipe.minutes, time.monotonic())


def plan(run: Run, trainer: DetectorTrainer, reporter: Reporter | None, budget: Budget) -> None:
    """Set the trainer's steps to what its budget has time for, and write them to config.yaml."""
    steps = budget.steps(trainer.recipe, trainer.step) if trainer.group.leads else 0
    steps = trainer.group.first(steps)
    if steps == trainer.recipe.steps:
        return
    trainer.recipe = with_steps(trainer.recipe, steps)
    if reporter:
        write_config(run.out / "config.yaml", replace(run, recipe=trainer.recipe).facts())
        reporter.progress.total = steps


def periods(step: int, steps: int, every: int) -> Iterator[tuple[int, int]]:
    """First and last step of each stretch with the same labels, from `step` on to `steps`."""
    while step < steps:
        last = min(steps, step - step % every + every) if every else steps
        yield step, last
        step = last
