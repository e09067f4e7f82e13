"""The settings that the original CRAFT's authors published for datasets of the field."""

from craftlite.postprocess import Thresholds

# Long sides: Baek et al., CVPR 2019, section 4.3. Thresholds: the authors in issues 38, 70 and 85
# of their repository, for ICDAR 2015 and, the link threshold alone, ICDAR 2013.
_LONG_SIDES = {
    "icdar13": 960,
    "icdar15": 2240,
    "mlt17": 2560,
    "td500": 1600,
    "totaltext": 1280,
    "ctw1500": 1024,
}
_THRESHOLDS = {
    "icdar15": Thresholds(text=0.85, link=0.2, low=0.5),
    "icdar13": Thresholds(link=0.2),
}


def published(network: str, dataset: str) -> tuple[Thresholds, int, str] | None:
    """Thresholds, long side and where they are from; None for other networks and datasets."""
    if network != "craft-vgg16" or dataset not in _LONG_SIDES:
        return None
    levels = _THRESHOLDS.get(dataset, Thresholds())
    said = "thresholds" if dataset in _THRESHOLDS else "long side; the code's default thresholds"
    return levels, _LONG_SIDES[dataset], f"the original authors' {said} for {dataset}"
