"""The card of an object detector."""

from collections.abc import Sequence
from pathlib import Path

from craftlite.model.cost import cost_of
from craftlite.model.ssd import build_object_detector
from craftlite.train.recipe import ObjectsRecipe
from craftlite.train.records.card import Card, Facts


def objects_card(
    recipe: ObjectsRecipe, init: Path | None, data: Facts, lines: Sequence[Facts], steps: int
) -> Card:
    """Return the card of an object detector after `steps` steps of training.

    data: the folder of pictures as described in env.json. lines: the lines of the log.
    """
    model = build_object_detector(recipe.network, len(data["classes"]), recipe.crop)
    size = cost_of(model.eval(), recipe.crop, recipe.crop)
    network = (
        f"`{recipe.network}`, {size.parameters / 1e6:.2f} M parameters, {size.macs / 1e9:.2f} G "
        f"MACs at {recipe.crop}x{recipe.crop}, the size that every picture is scaled to"
    )
    rows = [("network", network), ("classes", ", ".join(data["classes"]))]
    if scores := [line for line in lines if "ap" in line]:
        best = max(scores, key=lambda line: line["ap"])
        rows += [
            (name, f"step {line['step']}: AP {line['ap']:.2%}, AP50 {line['ap50']:.2%}")
            for name, line in (("`best.safetensors`", best), ("last validation", scores[-1]))
        ]
    pictures = (
        f"`{data['name']}`: {data['pictures']} pictures with {data['objects']} objects; "
        f"{data['validation_pictures']} for validation, by which the best weights were chosen"
    )
    schedule = (
        f"Start: {f'`{init.name}`' if init else 'random weights'}. {recipe.optimiser.upper()}, "
        f"peak learning rate {recipe.learning_rate:g}, {recipe.warmup} steps of warm-up, cosine to "
        f"zero, weight decay {recipe.weight_decay:g}, moving average {recipe.ema:g}, batch "
        f"{recipe.batch}: {steps} of {recipe.steps} steps, "
        f"{steps * recipe.batch / data['pictures']:.1f} epochs. SSD's augmentation: zooming out, "
        f"crops around objects, flips, colour changes. Seed {recipe.seed}."
    )
    return Card(f"{recipe.network}, trained on {data['name']}", rows, [pictures], schedule)
