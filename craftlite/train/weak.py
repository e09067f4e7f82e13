"""Weak supervision while a training runs: which labels hold for which steps.

Each pass is a file in the run's folder, named after the step that it was made at, so that a resumed
training finds the very labels that it had.
"""

import re
from pathlib import Path

from craftlite.data.sample import Sample
from craftlite.data.sources import Listed, Source
from craftlite.runtime import TorchRuntime
from craftlite.train.pseudo import apply_labels, load_labels, relabel, save_labels
from craftlite.train.run import Mix
from craftlite.train.trainer import Trainer

FOLDER = "pseudo"


def labelled(out: Path, mix: Mix, trainer: Trainer, step: int) -> list[Source]:
    """The sources of a mix with the characters that the averaged weights find in real words.

    They are those of the last pass up to `step`; where it is due now, it is made.
    """
    every = trainer.recipe.pseudo_every
    if not every:
        return mix.sources
    sources: list[Source] = []
    for number, (name, source) in enumerate(zip(mix.names, mix.sources, strict=True)):
        if isinstance(source, Listed) and any(map(has_unknown, source.samples)):
            path = out / FOLDER / f"{step - step % every}-{number}-{name}.npz"
            if trainer.group.leads and not path.exists():
                _make(path, source, trainer)
            trainer.group.wait()
            source = Listed(apply_labels(source.samples, load_labels(path)))
        sources.append(source)
    return sources


def has_unknown(sample: Sample) -> bool:
    """Whether some word of a sample can be read and has no known characters."""
    return any(not word.ignore and word.characters is None for word in sample.words)


def forget_labels(out: Path, step: int, every: int) -> None:
    """Removes the passes that neither a training at `step` nor a resumed one will ask for."""
    for path in (out / FOLDER).glob("*.npz"):
        made = re.match(r"\d+", path.name)
        if made and int(made[0]) < step - step % every:
            path.unlink()


def _make(path: Path, source: Listed, trainer: Trainer) -> None:
    model = trainer.ema.module
    runtime = TorchRuntime(model, "cuda" if trainer.group.device.type == "cuda" else "cpu")
    save_labels(path, relabel(source.samples, runtime), trainer.step, model.state_dict())
