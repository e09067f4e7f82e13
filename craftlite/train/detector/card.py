"""The card of a detector's weights."""

from collections.abc import Sequence
from pathlib import Path

from craftlite.data.mix import parse_mix
from craftlite.evaluate.runner import FIGURES
from craftlite.model.cost import cost
from craftlite.preprocess import MEAN, STD, STRIDE
from craftlite.train.detector.validate import WordScore
from craftlite.train.recipe import NO_TEACHER, Recipe
from craftlite.train.records.card import Card, Facts


def detector_card(
    recipe: Recipe,
    mix: Sequence[str],
    init: Path | None,
    datasets: Sequence[Facts],
    lines: Sequence[Facts],
    steps: int,
    validation: WordScore | None,
) -> Card:
    """Return the card of a detector after `steps` steps of training.

    mix: NAME or NAME:WEIGHT of each dataset. init: the weights that training started from, or None.
    datasets: as described in env.json. lines: the lines of the log. validation: the score on the
    validation pictures, or None if there are none.
    """
    names, shares = parse_mix(mix)
    data = [data_line(*part) for part in zip(names, shares, datasets, strict=True)]
    if init:
        data.append(f"data that `{init.name}`, the start, was trained on: not recorded here")
    parameters = cost(recipe.network, STRIDE, STRIDE).parameters
    mean, std = (", ".join(f"{value:g}" for value in values.tolist()) for values in (MEAN, STD))
    rows = [
        ("network", f"`{recipe.network}`, {parameters / 1e6:.2f} M parameters"),
        (
            "input",
            f"RGB, (x - mean) / std with mean {mean} and std {std} of 255; sides multiples of "
            f"{STRIDE}",
        ),
        *score_rows(lines, validation),
    ]
    title = f"{recipe.network}, trained on {', '.join(names)}"
    return Card(title, rows, data, schedule(recipe, init, steps))


def score_rows(lines: Sequence[Facts], validation: WordScore | None) -> list[tuple[str, str]]:
    """Return table rows on how good the best weights were, and how that was measured."""
    scores = [line for line in lines if "hmean" in line]
    if not scores or validation is None:
        return [("H-mean", "not measured: there were no validation pictures")]
    best = max(scores, key=lambda line: line["hmean"])
    names = [sample.name for sample in validation.samples]
    levels = ", ".join(f"{name} {best[key]:g}" for name, key in FIGURES.items() if key in best)
    sets = len(validation.candidates)
    return [
        (
            "H-mean",
            f"{best['hmean']:.4f} (precision {best['precision']:.4f}, recall "
            f"{best['recall']:.4f}), IoU > 0.5, `best.safetensors`: the best of {len(scores)} "
            f"validations, at step {best['step']}",
        ),
        (
            "measured on",
            f"{len(names)} validation pictures, `{names[0]}` to `{names[-1]}`",
        ),
        (
            "measured with",
            f"{levels or 'fixed thresholds'}, the best of {sets} sets; "
            f"long side {validation.long_side}",
        ),
        ("on official test sets", "not measured"),
    ]


def data_line(name: str, share: float, facts: Facts) -> str:
    """Describe a dataset: its share of the crops (0..1) and what env.json records about it."""
    start = f"`{name}`, {share:.1%} of the crops: "
    if "sha256" not in facts:
        return start + "generated during training, without end"
    return (
        f"{start}{facts['pictures']} pictures with {facts['legible_words']} legible words of "
        f"{facts['words']}; SHA-256 of names, sizes and words `{facts['sha256']}`"
    )


def schedule(recipe: Recipe, init: Path | None, steps: int) -> str:
    """Describe the training in words."""
    start = f"`{init.name}`" if init else "random weights"
    optimiser = "AdamW"
    if recipe.optimiser == "sgd":
        optimiser = f"SGD with momentum {recipe.momentum:g}"
    planned = f"{recipe.steps} steps"
    done = planned if steps == recipe.steps else f"{steps} of the planned {planned}"
    frozen = recipe.freeze_steps
    backbone = f", the backbone frozen in the first {frozen}" if frozen else ""
    labels = "Words without known characters were split evenly"
    if every := recipe.pseudo_every:
        labels = f"Words without known characters got new pseudo-labels every {every} steps"
    taught = f" The score maps of `{Path(recipe.teacher).name}` were a second target."
    return (
        f"Start: {start}. {optimiser}, peak learning rate "
        f"{recipe.learning_rate:g}, {recipe.warmup} steps of warm-up, cosine to zero, "
        f"weight decay {recipe.weight_decay:g}. Batches of {recipe.batch} crops of "
        f"{recipe.crop}x{recipe.crop} pixels, {done}{backbone}: {steps * recipe.batch} "
        f"crops seen. {labels}.{taught if recipe.teacher != NO_TEACHER else ''} "
        f"Seed {recipe.seed}, precision {recipe.precision}."
    )
