"""Weak supervision while a training runs: which labels hold for which steps.

Each pass is a file in the run's folder, named after the step that it was made at, so that a resumed
training finds the same labels again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.progress import write_line
from craftlite.pseudo.labels import Labels, apply_labels, load_labels, relabel, save_labels
from craftlite.train.detector.mix import MixedSource
from craftlite.train.trainer import Trainer

FOLDER = "pseudo"
# A network that draws words as bands fits the text of one word in six by chance; one that has
# learnt characters, that of nineteen in twenty.
TRUSTED = 0.5


def labelled(
    out: Path, mix: Sequence[MixedSource], trainer: Trainer, every: int, step: int
) -> Sequence[MixedSource]:
    """The mix with the characters that the averaged weights find in real words.

    They are those of the last pass up to `step`, of one `every` so many steps; where it is due now,
    it is made. A pass that fits the texts of fewer than TRUSTED of the words is not used: words
    are split evenly then. 0 makes none.
    """
    if not every:
        return mix
    passes = {}
    for number, part in enumerate(mix):
        source = part.source
        if part.share and isinstance(source, Listed) and any(map(has_unknown, source.samples)):
            path = out / FOLDER / f"{step - step % every}-{number}-{part.name}.npz"
            passes[number] = _pass(path, source, trainer)
    fitting = fitting_share(mix, passes)
    if passes and trainer.group.leads:
        note = f", below {TRUSTED:.0%}: falling back to even splits" if fitting < TRUSTED else ""
        write_line(f"step {step}: words whose pseudo-labels match their text: {fitting:.0%}{note}")
    if fitting < TRUSTED:
        return mix
    return [
        replace(part, source=Listed(apply_labels(part.source.samples, passes[number])))
        if isinstance(part.source, Listed) and number in passes
        else part
        for number, part in enumerate(mix)
    ]


def fitting_share(mix: Sequence[MixedSource], passes: Mapping[int, Labels]) -> float:
    """Share, 0..1, of the words with text that a label was found for; 1 where none has a text.

    passes: by the number of their part of the mix.
    """
    fits = [
        label is not None
        for number, labels in passes.items()
        if isinstance(source := mix[number].source, Listed)
        for sample, found in zip(source.samples, labels.words, strict=True)
        for word, label in zip(sample.words, found, strict=True)
        if word.text and not word.ignore and word.characters is None
    ]
    return sum(fits) / len(fits) if fits else 1.0


def has_unknown(sample: Sample) -> bool:
    """Whether some word of a sample can be read and has no known characters."""
    return any(not word.ignore and word.characters is None for word in sample.words)


def forget_labels(out: Path, step: int, every: int) -> None:
    """Removes the passes that neither a training at `step` nor a resumed one will ask for."""
    for path in (out / FOLDER).glob("*.npz"):
        made = re.match(r"\d+", path.name)
        if made and int(made[0]) < step - step % every:
            path.unlink()


def _pass(path: Path, source: Listed, trainer: Trainer) -> Labels:
    """The labels of a file, which the leading process makes where it is not there."""
    if trainer.group.leads and not path.exists():
        model, device = trainer.ema.module, trainer.group.device.type
        runtime = TorchRuntime(trainer.recipe.network, model, device)
        save_labels(path, relabel(source.samples, runtime), trainer.step, model.state_dict())
    trainer.group.wait()
    return load_labels(path)
