"""A training's folder: the names of its files, and whether it may be written or continued."""

import json
import secrets
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from craftlite.errors import ConfigError
from craftlite.files import sha256_of, write_whole
from craftlite.progress import write_line
from craftlite.train.checkpoint import load_checkpoint, save_checkpoint
from craftlite.train.recipe import LENGTHENED, RESUMABLE, Settings
from craftlite.train.recipe_file import CONFIG
from craftlite.train.records.card import CARD, card_page, hours_of
from craftlite.train.records.log import LOG, read_log, rewind_log
from craftlite.train.records.record import environment, write_config
from craftlite.train.task import Task
from craftlite.train.trainer import Trainer

CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.safetensors"
BEST = "best.safetensors"
ENVIRONMENT = "env.json"
# What a run that was killed before its first checkpoint may have left, besides weights.
LEFTOVERS = (CONFIG, ENVIRONMENT, LOG, "curves.png", "sheet.jpg", CARD, "events", "pseudo")


@dataclass(frozen=True)
class RunFolder:
    """The folder `path` of one training.

    Attributes:
        owner: a random number in the folder's env.json, which another process would replace.
    """

    path: Path
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def checkpoint(self) -> Path:
        """Everything that the next step depends on."""
        return self.path / CHECKPOINT

    def check(self, settings: Settings, resume: bool, processes: int) -> None:
        """Check what needs no data to be opened.

        Raises:
            ConfigError: the folder holds a training or its weights and `resume` is not set, or the
                batch cannot be shared among the processes.
        """
        if not resume and self.checkpoint.exists():
            raise ConfigError(
                f"{self.path}: holds a training already; add --resume or name another --out"
            )
        if not resume and (weights := self.best_weights()).exists():
            raise ConfigError(
                f"{self.path}: holds {weights.name} of a training whose checkpoint is gone; name "
                "another --out"
            )
        if settings.batch % (processes * settings.accumulate):
            raise ConfigError(
                f"batch is {settings.batch}: must be a multiple of {processes} processes times "
                f"accumulate {settings.accumulate}"
            )

    def restore(self, trainer: Trainer, lengthen: bool = False) -> None:
        """Bring a new trainer to the last checkpoint; lines of the log after it are dropped.

        lengthen: go on from a training that has ended, for more steps or minutes.

        Raises:
            ConfigError: the run was started with other settings, or cannot be lengthened.
            WeightsError: there is no checkpoint, or it cannot be read.
        """
        state, task = load_checkpoint(self.checkpoint), trainer.task
        if lengthen:
            self._check_ended(task.recipe, state)
            task.recipe = replace(task.recipe, restart=state["step"])
        self._refuse_changes(task, state, LENGTHENED if lengthen else ())
        trainer.load(state)
        if lengthen:
            trainer.best.stale = 0
        if trainer.group.leads:
            if lengthen:  # so that it can be resumed from now on
                save_checkpoint(self.checkpoint, trainer.state())
            elif trainer.step >= task.recipe.steps:
                more = f"--lengthen --steps {2 * trainer.step}"
                write_line(f"{self.path}: has ended at step {trainer.step}; {more} goes on")
            rewind_log(self.path / LOG, trainer.step)
            # A kill may have come between the checkpoint and the weights.
            trainer.save_average(self.path / WEIGHTS)

    def _check_ended(self, recipe: Settings, state: Mapping[str, Any]) -> None:
        """Raises a ConfigError where a training has not ended, or would not get longer."""
        step, was = state["step"], state["recipe"]
        stale = 0 < was["patience"] <= state["best"]["stale"]
        if step < was["steps"] and not stale:
            raise ConfigError(
                f"{self.path}: has not ended, it is at step {step} of {was['steps']}; end it with "
                "--resume first"
            )
        if recipe.steps <= step:
            raise ConfigError(
                f"{self.path}: has done {step} steps; give --steps, more than that, or --minutes"
            )

    def _refuse_changes(
        self, task: Task, state: Mapping[str, Any], allowed: Collection[str]
    ) -> None:
        free = (*RESUMABLE, *allowed)
        now = {name: value for name, value in asdict(task.recipe).items() if name not in free}
        # A checkpoint of an older version lacks settings that came later: they had their defaults.
        before = {known.name: known.default for known in fields(task.recipe)} | state["recipe"]
        was = {name: before[name] for name in now if before[name] != now[name]}
        if state["datasets"] != list(task.datasets):
            was["dataset"] = " ".join(state["datasets"])
        if was:
            settings = ", ".join(f"{name} {value}" for name, value in was.items())
            longer = "; --lengthen goes on from its end" if was.keys() <= {*LENGTHENED} else ""
            raise ConfigError(
                f"{self.path}: was started with {settings}; resume with the same settings, or "
                f"start another training from its weights: --init {self.best_weights()} --out "
                f"NEW{longer}"
            )

    def clear(self) -> None:
        """Remove what a run left that ended before its first checkpoint, and say so on stderr."""
        left = [name for name in LEFTOVERS if (self.path / name).exists()]
        for path in (self.path / name for name in left):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if left:
            removed = f"removed what a training without a checkpoint had left: {', '.join(left)}"
            write_line(f"{self.path}: {removed}")

    def check_owner(self) -> None:
        """Raises a ConfigError where another process has begun to train in the folder since."""
        record = self.path / ENVIRONMENT
        if record.exists() and json.loads(record.read_text("utf-8"))["owner"] != self.owner:
            raise ConfigError(
                f"{self.path}: another training has begun to write here; this one stops. Give each "
                "an --out of its own"
            )

    def write_config(self, task: Task) -> None:
        """Write the settings, so that the run can be repeated."""
        write_config(self.path / CONFIG, task.facts())

    def write_record(self, task: Task) -> None:
        """Write the settings, and on what machine and data the run is."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_config(task)
        facts = environment(task.describe_datasets()) | {"owner": self.owner}
        write_whole(self.path / ENVIRONMENT, json.dumps(facts, indent=2) + "\n")

    def write_card(self, task: Task, steps: int) -> None:
        """Write the card after so many steps, from the other files of the folder."""
        facts = json.loads((self.path / ENVIRONMENT).read_text("utf-8"))
        lines = read_log(self.path / LOG)
        card = task.card(facts["datasets"], lines, steps)
        weights = sorted(self.path.glob("*.safetensors"))
        digests = {file.name: sha256_of(file) for file in weights}
        page = card_page(card, facts, hours_of(lines, task.recipe), digests)
        write_whole(self.path / CARD, page)

    def best_weights(self) -> Path:
        """The file of the averaged weights of the best validation; without one, of the last."""
        best = self.path / BEST
        return best if best.exists() else self.path / WEIGHTS
