"""The card of a pretrained backbone."""

from collections.abc import Sequence

from craftlite.model.cost import cost
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.records.card import Card, Facts


def classifier_card(
    recipe: PretrainRecipe, data: Facts, lines: Sequence[Facts], steps: int
) -> Card:
    """Return the card of a backbone after `steps` steps of pretraining.

    data: the folder of pictures as described in env.json. lines: the lines of the log.
    """
    size = cost(recipe.network, recipe.crop, recipe.crop, data["classes"])
    network = (
        f"`{recipe.network}`, {size.parameters / 1e6:.2f} M parameters, {size.macs / 1e9:.3f} G "
        f"MACs at {recipe.crop}x{recipe.crop}"
    )
    rows = [("network", network)]
    if scores := [line for line in lines if "top1_error" in line]:
        best = min(scores, key=lambda line: line["top1_error"])
        rows += [
            (
                name,
                f"step {line['step']}: top-1 error {line['top1_error']:.2%}, top-5 "
                f"{line['top5_error']:.2%}",
            )
            for name, line in (("`best.safetensors`", best), ("last validation", scores[-1]))
        ]
    pictures = (
        f"`{data['name']}`: {data['pictures']} pictures of {data['classes']} classes; "
        f"{data['validation_pictures']} for validation, by which the best weights were chosen"
    )
    schedule = (
        f"{recipe.optimiser.upper()}, peak learning rate {recipe.learning_rate:g}, "
        f"{recipe.warmup} steps of warm-up, cosine to zero, momentum "
        f"{recipe.momentum:g}, weight decay {recipe.weight_decay:g}, label smoothing "
        f"{recipe.label_smoothing:g}, CutMix {recipe.cutmix:g}, RandAugment "
        f"{recipe.randaugment}, crops of {recipe.crop}x{recipe.crop} with "
        f"{recipe.least_area:g} of a picture or more, batch {recipe.batch}: {steps} of "
        f"{recipe.steps} steps, {steps * recipe.batch / data['pictures']:.1f} epochs. "
        f"Seed {recipe.seed}."
    )
    return Card(f"{recipe.network}, pretrained on {data['name']}", rows, [pictures], schedule)
