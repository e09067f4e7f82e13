"""The settings that the original CRAFT's authors published for datasets of the field."""

from craftlite.data import DATASETS
from craftlite.postprocess import Thresholds


def published(network: str, dataset: str) -> tuple[Thresholds, int, str] | None:
    """Thresholds, long side and where they are from; None for other networks and datasets."""
    facts = DATASETS[dataset]
    if network != "craft-vgg16" or facts.craft_long_side is None:
        return None
    levels = Thresholds(**facts.craft_thresholds)
    what = "thresholds" if facts.craft_thresholds else "long side; the code's default thresholds"
    return levels, facts.craft_long_side, f"the original authors' {what} for {dataset}"
