"""Weak supervision during a training: which pseudo-labels apply to which steps.

Each pass of labelling is a file in the run's folder, named after the step that it was made at, so
that a resumed training finds the same labels again.
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
# By chance, a network that draws words as bands matches the text of one word in six; one that has
# learnt characters matches that of nineteen in twenty.
TRUSTED = 0.5


def labelled(
    out: Path, mix: Sequence[MixedSource], trainer: Trainer, every: int, step: int
) -> Sequence[MixedSource]:
    """Return the mix with the characters that the averaged weights find in real words.

    A pass is made every `every` steps, and the last one up to `step` is used; if that one does not
    exist yet, it is made now. With `every` 0 there are no passes. If the labels of fewer than
    TRUSTED of the words match their text, the pass is not used, and words are split evenly instead.
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
    """Return the share (0..1) of words with text that got a label; 1 if no word has a text.

    passes: the labels by the number of their dataset in the mix.
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
    """Return whether a sample has a legible word without known characters."""
    return any(not word.ignore and word.characters is None for word in sample.words)


def forget_labels(out: Path, step: int, every: int) -> None:
    """Remove the passes that neither a training at `step` nor a resumed one will need."""
    for path in (out / FOLDER).glob("*.npz"):
        made = re.match(r"\d+", path.name)
        if made and int(made[0]) < step - step % every:
            path.unlink()


def _pass(path: Path, source: Listed, trainer: Trainer) -> Labels:
    """Read the labels in a file; if it does not exist, the leading process makes it first."""
    if trainer.group.leads and not path.exists():
        model, device = trainer.ema.module, trainer.group.device.type
        runtime = TorchRuntime(trainer.recipe.network, model, device)
        save_labels(path, relabel(source.samples, runtime), trainer.step, model.state_dict())
    trainer.group.wait()
    return load_labels(path)
