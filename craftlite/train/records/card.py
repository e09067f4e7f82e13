"""The card of a run's weights: what they are, what they learnt from, and how good they were."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from craftlite.data.mix import parse_mix
from craftlite.files import sha256_of, write_whole
from craftlite.model.cost import cost
from craftlite.postprocess import Thresholds
from craftlite.preprocess import MEAN, STD, STRIDE
from craftlite.train.recipe import NO_TEACHER
from craftlite.train.recipe_file import read_recipe
from craftlite.train.records.log import read_log

Facts = Mapping[str, Any]


def write_card(
    folder: Path, steps: int, thresholds: Thresholds, validation_pictures: Sequence[str]
) -> None:
    """Write `card.md` into a run's folder, from its config.yaml, env.json, log.jsonl and weights.

    steps: optimiser steps that were done. thresholds, validation_pictures: of the validations,
    the latter by name.

    Raises:
        CraftliteError: it cannot be written.
        OSError: the folder has no env.json.
    """
    config = read_recipe(folder / "config.yaml")
    environment = json.loads((folder / "env.json").read_text("utf-8"))
    text = card(
        config,
        environment,
        read_log(folder / "log.jsonl"),
        digests(folder),
        steps=steps,
        parameters=cost(config["network"], STRIDE, STRIDE).parameters,
        thresholds=asdict(thresholds),
        validation_pictures=validation_pictures,
    )
    write_whole(folder / "card.md", text)


def card(
    config: Facts,
    environment: Facts,
    lines: Sequence[Facts],
    files: Mapping[str, str],
    *,
    steps: int,
    parameters: int,
    thresholds: Mapping[str, float],
    validation_pictures: Sequence[str],
) -> str:
    """The card as markdown; what is not known is marked as unknown.

    Args:
        config: as config.yaml holds it.
        environment: as env.json holds it.
        lines: of the log.
        files: names of the weights' files, and their SHA-256.
        steps: that were done.
        parameters: of the network.
        thresholds: text, link and low, of the validations.
        validation_pictures: the names of the pictures that they looked at.
    """
    names, shares = parse_mix(config["dataset"])
    described, init = environment["datasets"], config.get("init")
    data = [
        f"- {data_line(name, share, facts)}"
        for name, share, facts in zip(names, shares, described, strict=True)
    ]
    if init:
        data.append(f"- what `{Path(init).name}`, the start, learnt from: unknown to this card")
    return "\n".join(
        [
            f"# {config['network']}, trained on {', '.join(names)}\n",
            *head(config, lines, parameters, thresholds, validation_pictures),
            "\n## Data and its terms\n",
            *data,
            "\nThe terms of the data are not known to this card: see where each dataset is from.",
            "\n## Schedule\n",
            schedule(config, steps),
            "\n" + machine(environment, hours(lines, config)),
            "\n## Known failures\n",
            "Unknown: nobody has looked yet.",
            "\n## Files\n",
            "| file | SHA-256 |",
            "|---|---|",
            *(f"| `{name}` | `{digest}` |" for name, digest in files.items()),
            "",
        ]
    )


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the weights in a run's folder, by the names of their files."""
    weights = sorted(folder.glob("*.safetensors"))
    return {path.name: sha256_of(path) for path in weights}


def list_file(folder: Path, file: Path) -> None:
    """Add a file, such as the exported network, to the table that ends a run's `card.md`.

    Raises:
        CraftliteError: the card cannot be written.
        OSError: the card or the file is not there.
    """
    digest = sha256_of(file)
    path = folder / "card.md"
    write_whole(path, f"{path.read_text('utf-8')}| `{file.name}` | `{digest}` |\n")


def head(
    config: Facts,
    lines: Sequence[Facts],
    parameters: int,
    thresholds: Mapping[str, float],
    pictures: Sequence[str],
) -> Iterator[str]:
    """The table of the network, its input and how good it was."""
    mean, std = (", ".join(f"{value:g}" for value in values.tolist()) for values in (MEAN, STD))
    levels = ", ".join(f"{name} {value:g}" for name, value in thresholds.items())
    yield "| | |"
    yield "|---|---|"
    yield f"| network | `{config['network']}`, {parameters / 1e6:.2f} M parameters |"
    yield (
        f"| input | RGB, (x - mean) / std with mean {mean} and std {std} of 255; "
        f"sides multiples of {STRIDE} |"
    )
    scores = [line for line in lines if "hmean" in line]
    if not scores or not pictures:
        yield "| H-mean | not measured: no pictures were kept apart |"
        return
    best = max(scores, key=lambda line: line["hmean"])
    yield (
        f"| H-mean | {best['hmean']:.4f} (precision {best['precision']:.4f}, recall "
        f"{best['recall']:.4f}), IoU > 0.5, `best.safetensors`: of "
        f"{len(scores)} validations the one at step {best['step']} |"
    )
    which = f"`{pictures[0]}` to `{pictures[-1]}`"
    yield f"| measured on | {len(pictures)} pictures kept apart, {which} |"
    yield f"| measured with | {levels}, long side {config['validate_long_side']}; not tuned yet |"
    yield "| on official test sets | not measured |"


def data_line(name: str, share: float, facts: Facts) -> str:
    """A dataset, its share of the crops (0..1), and what env.json knows of it."""
    start = f"`{name}`, {share:.1%} of the crops: "
    if "sha256" not in facts:
        return start + "made on the fly, without end"
    return (
        f"{start}{facts['pictures']} pictures with {facts['legible_words']} legible words of "
        f"{facts['words']}; SHA-256 of names, sizes and words `{facts['sha256']}`"
    )


def schedule(config: Facts, steps: int) -> str:
    """The training in words."""
    init = config.get("init")
    start = f"`{Path(init).name}`" if init else "random weights"
    optimiser = "AdamW"
    if config["optimiser"] == "sgd":
        optimiser = f"SGD with momentum {config['momentum']:g}"
    planned = f"{config['steps']} steps"
    done = planned if steps == config["steps"] else f"{steps} of the planned {planned}"
    frozen = config["freeze_steps"]
    backbone = f", the backbone frozen in the first {frozen}" if frozen else ""
    labels = "Words without known characters were split evenly"
    if every := config["pseudo_every"]:
        labels = f"Characters of words without known ones were looked for anew every {every} steps"
    teacher = config.get("teacher", NO_TEACHER)
    taught = "" if teacher == NO_TEACHER else f" The maps of `{Path(teacher).name}` were a teacher."
    return (
        f"Start: {start}. {optimiser}, peak learning rate "
        f"{config['learning_rate']:g}, {config['warmup']} steps of warm-up, cosine to zero, "
        f"weight decay {config['weight_decay']:g}. Batches of {config['batch']} crops of "
        f"{config['crop']}x{config['crop']} pixels, {done}{backbone}: {steps * config['batch']} "
        f"crops seen. {labels}.{taught} Seed {config['seed']}, precision {config['precision']}."
    )


def hours(lines: Sequence[Facts], config: Facts) -> float | None:
    """Hours that the steps took, validations and saving left out; None where the log is empty."""
    rates = [line["crops_per_second"] for line in lines if line.get("crops_per_second")]
    crops = config["log_every"] * config["batch"]
    return sum(crops / rate for rate in rates) / 3600 if rates else None


def machine(environment: Facts, worked: float | None) -> str:
    """What it ran on, how long, and with which versions."""
    cpu, git = environment["cpu"], environment["git"]
    gpus = ", ".join(environment["gpus"]) or "no GPU"
    time = "an unknown time" if worked is None else f"{worked:.1f} hours"
    commit = "at an unknown commit"
    if git:
        commit = f"at commit `{git['commit']}`" + (", with changes" if git["dirty"] else "")
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    return (
        f"{cpu['model'] or 'An unknown processor'} with {cpu['cores']} cores, {gpus}; {time} for "
        f"the steps alone, validations and saving not counted. Started or resumed on "
        f"{environment['date']} {commit}: {versions}."
    )
