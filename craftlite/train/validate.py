"""H-mean on the validation split while a training runs."""

from collections.abc import Sequence

from torch import nn

from craftlite.data.sample import Sample
from craftlite.detector import Detector
from craftlite.evaluate.iou import score
from craftlite.postprocess import Thresholds
from craftlite.runtime import Device, TorchRuntime

# Fixed during training, so that validations can be compared; tuning comes after.
THRESHOLDS = Thresholds(text=0.5, link=0.3, low=0.3)


def validate(model: nn.Module, samples: Sequence[Sample], long_side: int) -> dict[str, float]:
    """Precision, recall and H-mean (ICDAR 2015) of a network on samples, with fixed thresholds."""
    training = model.training
    device: Device = "cuda" if next(model.parameters()).is_cuda else "cpu"
    detector = Detector(TorchRuntime(model, device), long_side=long_side)
    result = score(samples, lambda pixels: detector(pixels, THRESHOLDS, polygons=False))
    model.train(training)
    return {"precision": result.precision, "recall": result.recall, "hmean": result.hmean}
