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
# Files, besides weights, that a run killed before its first checkpoint may have left.
LEFTOVERS = (CONFIG, ENVIRONMENT, LOG, "curves.png", "sheet.jpg", CARD, "events", "pseudo")


@dataclass(frozen=True)
class RunFolder:
    """The folder `path` of one training.

    Attributes:
        owner: a random number in the folder's env.json; another process would overwrite it.
    """

    path: Path
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def checkpoint(self) -> Path:
        """The file with everything that the next step depends on."""
        return self.path / CHECKPOINT

    def check(self, settings: Settings, resume: bool, processes: int) -> None:
        """Check everything that does not require opening the data.

        Raises:
            ConfigError: the folder holds a training or its weights and `resume` is not set, or the
                batch cannot be divided among the processes.
        """
        if not resume and self.checkpoint.exists():
            raise ConfigError(
                f"{self.path}: already holds a training; add --resume or choose another --out"
            )
        if not resume and (weights := self.best_weights()).exists():
            raise ConfigError(
                f"{self.path}: holds {weights.name} of a training whose checkpoint is missing; "
                "choose another --out"
            )
        if settings.batch % (processes * settings.accumulate):
            raise ConfigError(
                f"batch is {settings.batch}: must be a multiple of {processes} processes times "
                f"accumulate {settings.accumulate}"
            )

    def restore(self, trainer: Trainer, lengthen: bool = False) -> None:
        """Restore a new trainer from the last checkpoint, and drop later lines of the log.

        lengthen: whether to continue a training that has ended, for more steps or minutes.

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
            if lengthen:  # saved now, so that the lengthened training can be resumed
                save_checkpoint(self.checkpoint, trainer.state())
            elif trainer.step >= task.recipe.steps:
                more = f"--lengthen --steps {2 * trainer.step}"
                write_line(f"{self.path}: ended at step {trainer.step}; continue with {more}")
            rewind_log(self.path / LOG, trainer.step)
            # The run may have been killed after saving the checkpoint and before the weights.
            trainer.save_average(self.path / WEIGHTS)

    def _check_ended(self, recipe: Settings, state: Mapping[str, Any]) -> None:
        """Raise a ConfigError if the training has not ended, or would not become longer."""
        step, was = state["step"], state["recipe"]
        stale = 0 < was["patience"] <= state["best"]["stale"]
        if step < was["steps"] and not stale:
            raise ConfigError(
                f"{self.path}: has not ended, it is at step {step} of {was['steps']}; finish it "
                "with --resume first"
            )
        if recipe.steps <= step:
            raise ConfigError(
                f"{self.path}: has already done {step} steps; give more --steps, or --minutes"
            )

    def _refuse_changes(
        self, task: Task, state: Mapping[str, Any], allowed: Collection[str]
    ) -> None:
        free = (*RESUMABLE, *allowed)
        now = {name: value for name, value in asdict(task.recipe).items() if name not in free}
        # A checkpoint of an older version lacks newer settings, which then had their defaults.
        before = {known.name: known.default for known in fields(task.recipe)} | state["recipe"]
        was = {name: before[name] for name in now if before[name] != now[name]}
        if state["datasets"] != list(task.datasets):
            was["dataset"] = " ".join(state["datasets"])
        if was:
            settings = ", ".join(f"{name} {value}" for name, value in was.items())
            longer = "; --lengthen continues after its end" if was.keys() <= {*LENGTHENED} else ""
            raise ConfigError(
                f"{self.path}: was started with {settings}; resume with the same settings, or "
                f"start another training from its weights: --init {self.best_weights()} --out "
                f"NEW{longer}"
            )

    def clear(self) -> None:
        """Remove the files of a run that ended before its first checkpoint, and report them."""
        left = [name for name in LEFTOVERS if (self.path / name).exists()]
        for path in (self.path / name for name in left):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if left:
            removed = f"removed files of a training without a checkpoint: {', '.join(left)}"
            write_line(f"{self.path}: {removed}")

    def check_owner(self) -> None:
        """Raise a ConfigError if another process has started to train in the folder."""
        record = self.path / ENVIRONMENT
        if record.exists() and json.loads(record.read_text("utf-8"))["owner"] != self.owner:
            raise ConfigError(
                f"{self.path}: another training has started to write here, so this one stops; give "
                "each its own --out"
            )

    def write_config(self, task: Task) -> None:
        """Write the settings, so that the run can be repeated."""
        write_config(self.path / CONFIG, task.facts())

    def write_record(self, task: Task) -> None:
        """Write the settings, and the facts about machine and data."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_config(task)
        facts = environment(task.describe_datasets()) | {"owner": self.owner}
        write_whole(self.path / ENVIRONMENT, json.dumps(facts, indent=2) + "\n")

    def write_card(self, task: Task, steps: int) -> None:
        """Write the card after `steps` steps, from the other files of the folder."""
        facts = json.loads((self.path / ENVIRONMENT).read_text("utf-8"))
        lines = read_log(self.path / LOG)
        card = task.card(facts["datasets"], lines, steps)
        weights = sorted(self.path.glob("*.safetensors"))
        digests = {file.name: sha256_of(file) for file in weights}
        page = card_page(card, facts, hours_of(lines, task.recipe), digests)
        write_whole(self.path / CARD, page)

    def best_weights(self) -> Path:
        """Return the file of the best averaged weights, or of the last ones without validation."""
        best = self.path / BEST
        return best if best.exists() else self.path / WEIGHTS
