"""The card of a pretrained backbone: what it is, what it learnt from, and how good it was."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from craftlite.files import write_whole
from craftlite.model.cost import cost
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.recipe_file import read_recipe
from craftlite.train.records.card import digests, hours, machine
from craftlite.train.records.log import read_log

Facts = Mapping[str, Any]


def write_card(folder: Path, steps: int) -> None:
    """Write `card.md` into a run's folder, from its config.yaml, env.json, log.jsonl and weights.

    steps: optimiser steps that were done.

    Raises:
        CraftliteError: it cannot be written.
    """
    config = read_recipe(folder / "config.yaml", PretrainRecipe)
    environment = json.loads((folder / "env.json").read_text("utf-8"))
    lines = read_log(folder / "log.jsonl")
    write_whole(folder / "card.md", card(config, environment, lines, digests(folder), steps))


def card(
    config: Facts,
    environment: Facts,
    lines: Sequence[Facts],
    files: Mapping[str, str],
    steps: int,
) -> str:
    """The card as markdown.

    Args:
        config: as config.yaml holds it.
        environment: as env.json holds it.
        lines: of the log.
        files: names of the weights' files, and their SHA-256.
        steps: that were done.
    """
    [data] = environment["datasets"]
    size = cost(config["network"], config["crop"], config["crop"], data["classes"])
    scores = [line for line in lines if "top1_error" in line]
    rows = [
        f"| network | `{config['network']}`, {size.parameters / 1e6:.2f} M parameters, "
        f"{size.macs / 1e9:.3f} G MACs at {config['crop']}x{config['crop']} |"
    ]
    if scores:
        best, last = min(scores, key=lambda line: line["top1_error"]), scores[-1]
        for name, line in (("`best.safetensors`", best), ("last validation", last)):
            rows.append(
                f"| {name} | step {line['step']}: top-1 error {line['top1_error']:.2%}, top-5 "
                f"{line['top5_error']:.2%} |"
            )
    rows.append(
        f"| data | `{data['name']}`: {data['pictures']} pictures of {data['classes']} classes; "
        f"{data['validation_pictures']} for validation, by which the best weights were chosen |"
    )
    passes = steps * config["batch"] / data["pictures"]
    return "\n".join(
        [
            f"# {config['network']}, pretrained on {data['name']}\n",
            "| | |",
            "|---|---|",
            *rows,
            "\nThe terms of the data are not known to this card: see where it is from.",
            "\n## Schedule\n",
            f"{config['optimiser'].upper()}, peak learning rate {config['learning_rate']:g}, "
            f"{config['warmup']} steps of warm-up, cosine to zero, momentum "
            f"{config['momentum']:g}, weight decay {config['weight_decay']:g}, label smoothing "
            f"{config['label_smoothing']:g}, CutMix {config['cutmix']:g}, RandAugment "
            f"{config['randaugment']}, crops of {config['crop']}x{config['crop']} with "
            f"{config['least_area']:g} of a picture or more, batch {config['batch']}: {steps} of "
            f"{config['steps']} steps, {passes:.1f} epochs. Seed {config['seed']}.",
            "\n" + machine(environment, hours(lines, config)),
            "\n## Files\n",
            "| file | SHA-256 |",
            "|---|---|",
            *(f"| `{name}` | `{digest}` |" for name, digest in files.items()),
            "",
        ]
    )
