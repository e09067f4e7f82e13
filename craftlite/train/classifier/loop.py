"""Pretraining a backbone, from a folder of classes to its weights."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from craftlite.data.loader import StepSampler, batches
from craftlite.errors import DatasetError
from craftlite.files import write_whole
from craftlite.train.classifier.card import write_card
from craftlite.train.classifier.pictures import Batch, Labelled, Pictures, read_splits
from craftlite.train.classifier.trainer import ClassifierTrainer
from craftlite.train.classifier.validate import TopErrors
from craftlite.train.distributed import process_group
from craftlite.train.log import Log
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.record import environment, write_config
from craftlite.train.reporter import BEST, WEIGHTS, Reporter
from craftlite.train.session import check, flush_denormals, prepare, step, stop_on_signal

MOST_UNREADABLE = 0.01  # of the training pictures


@dataclass(frozen=True)
class Run:
    """What is pretrained on what, and where it is written.

    Attributes:
        recipe: the settings.
        data: the folder of pictures.
        out: the run's folder.
        init: weights to start from, or None.
    """

    recipe: PretrainRecipe
    data: Path
    out: Path
    init: Path | None = None

    @property
    def datasets(self) -> list[str]:
        """The folder's name, by which a resumed run is known to be the same."""
        return [self.data.absolute().name]

    def facts(self) -> dict[str, Any]:
        """The run as a record that a person can read."""
        init = self.init and str(self.init)
        return {"data": [str(self.data)], "init": init, **asdict(self.recipe)}


def pretrain(run: Run, resume: bool = False) -> Path:
    """Pretrain a backbone; returns the file of the best weights in the run's folder.

    Under torchrun, all its processes train together. Ctrl-C and SIGTERM finish the step and save.

    Raises:
        ConfigError: see `check` and `prepare`.
        DatasetError: the folder cannot be used, or more than 1 % of its pictures cannot be read.
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: interrupted and saved.
    """
    if run.recipe.threads:
        torch.set_num_threads(run.recipe.threads)
    with process_group() as group, stop_on_signal() as asked, flush_denormals():
        check(run, resume, group.size)
        train, val = read_splits(run.data)
        if group.leads:
            warn_of_small_classes(train)
        run = replace(run, recipe=with_steps(run.recipe, len(train)))
        trainer = ClassifierTrainer(run.recipe, group, len(train.classes))
        prepare(run, resume, trainer)
        if group.leads:
            record(run, train, val)
        pictures = Pictures(train, run.recipe)
        recipe, first = run.recipe, trainer.step
        sampler = StepSampler(
            first, recipe.steps, recipe.batch, recipe.accumulate, group.rank, group.size
        )
        with Log(run.out) if group.leads else nullcontext() as log:
            judge = TopErrors(val, recipe)
            reporter = Reporter(trainer, judge, run.out, log) if log else None
            with closing(batches(pictures, sampler, recipe.workers)) as loaded:
                stream = watched(loaded, train)
                for _ in range(first, recipe.steps):
                    step(trainer, stream, reporter, asked)
                    if group.any(trainer.best.is_stale(recipe.patience)):
                        break
        if group.leads:
            write_card(run.out, trainer.step)
    best = run.out / BEST
    return best if best.exists() else run.out / WEIGHTS


def with_steps(recipe: PretrainRecipe, pictures: int) -> PretrainRecipe:
    """The recipe with `steps` for its epochs, and a validation each epoch unless it says when."""
    epoch = max(1, pictures // recipe.batch)
    return replace(
        recipe,
        steps=recipe.steps or recipe.epochs * epoch,
        validate_every=recipe.validate_every or epoch,
    )


def warn_of_small_classes(train: Labelled) -> None:
    """Says which classes have one picture alone: nothing can be learnt from that."""
    counts = [0] * len(train.classes)
    for _, number in train.files:
        counts[number] += 1
    alone = [name for name, count in zip(train.classes, counts, strict=True) if count == 1]
    if alone:
        names = ", ".join(alone[:5]) + (" ..." if len(alone) > 5 else "")
        print(f"warning: {len(alone)} classes have one picture alone: {names}", file=sys.stderr)


def record(run: Run, train: Labelled, val: Labelled) -> None:
    """Writes what the pretraining is, and on what machine and data, into the run's folder."""
    run.out.mkdir(parents=True, exist_ok=True)
    write_config(run.out / "config.yaml", run.facts())
    facts = environment([])
    facts["datasets"] = [
        {
            "name": run.datasets[0],
            "folder": str(run.data),
            "classes": len(train.classes),
            "pictures": len(train),
            "validation_pictures": len(val),
        }
    ]
    write_whole(run.out / "env.json", json.dumps(facts, indent=2) + "\n")


def watched(stream: Iterator[Sequence[Batch]], train: Labelled) -> Iterator[Sequence[Batch]]:
    """The same batches; pictures that could not be read are named and counted.

    Raises:
        DatasetError: more than 1 % of the training pictures could not be read.
    """
    bad: set[int] = set()
    for parts in stream:
        new = {n for part in parts for n in part.unreadable.tolist() if n >= 0} - bad
        bad |= new
        for file in (train.files[number][0] for number in sorted(new)):
            tqdm.write(
                f"warning: {file}: cannot be read; using another picture instead", file=sys.stderr
            )
        if len(bad) > MOST_UNREADABLE * len(train):
            raise DatasetError(
                f"{len(bad)} of {len(train)} pictures cannot be read, more than "
                f"{MOST_UNREADABLE:.0%}; mend or remove those that are named above"
            )
        yield parts
