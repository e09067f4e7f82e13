"""Exporting an object detector to ONNX, with all that a program needs to run it."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from craftlite.errors import CraftliteError, WeightsError
from craftlite.export.contract import INPUT, PICTURES
from craftlite.export.onnx_file import PARITY, folded, traced
from craftlite.files import written_whole
from craftlite.model.files import read_described
from craftlite.model.ssd import OBJECT_DETECTORS, SsdLite, build_object_detector
from craftlite.objects.detector import TASK
from craftlite.objects.result import OVERLAP
from craftlite.runtime import METADATA, open_session


class _Decoded(nn.Module):
    """SSD-lite with boxes and scores as its outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = self.network.decoded(*self.network(pictures))  # type: ignore[operator]
        return found


def read_object_detector(weights: Path) -> tuple[str, SsdLite, list[str]]:
    """Load a .safetensors file; return name and network, in eval mode, and its class names.

    Raises:
        WeightsError: the file is corrupt, or not of an object detector.
    """
    about, state = read_described(weights)
    network = about["network"]
    if network not in OBJECT_DETECTORS:
        raise WeightsError(
            f"{weights}: is a {network}, not an object detector; export it with craftlite export"
        )
    try:
        classes = [str(name) for name in about["classes"]]
        model = build_object_detector(network, len(classes), int(about["side"]))
        model.load_state_dict(state)
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{weights}: not weights of {network} ({reason})") from None
    model.eval()
    return network, model, classes


def export_objects(weights: Path, out: Path) -> float:
    """Write the network of a weights file as ONNX; return the largest difference from torch's.

    The input is `pictures` (n, 3, side, side) float32, with any n. The outputs are `boxes` (n, A,
    4), relative to the picture's sides, and `scores` (n, A, classes); overlapping boxes are not
    removed.

    Raises:
        WeightsError: the weights cannot be read.
        CraftliteError: the outputs differ from torch's by more than PARITY, or the file cannot be
            written; an existing file is then left unchanged.
    """
    network, model, classes = read_object_detector(weights)
    module = _Decoded(folded(model)).eval()
    pictures = torch.zeros(2, 3, model.side, model.side)
    free = {0: torch.export.Dim.DYNAMIC}
    proto = traced(module, pictures, ["boxes", "scores"], free)
    facts = contract(network, classes, model.side)
    proto.metadata_props.add(key=METADATA, value=json.dumps(facts))
    with written_whole(out) as unfinished:
        unfinished.write_bytes(proto.SerializeToString())
        difference = _difference(_Decoded(model).eval(), unfinished, model.side)
        if not difference <= PARITY:
            raise CraftliteError(
                f"{weights}: the exported boxes or scores differ from torch's by {difference:.2g}, "
                f"more than {PARITY:g}; nothing was written"
            )
    return difference


def contract(network: str, classes: list[str], side: int) -> dict[str, object]:
    """Return how to call an exported object detector; docs/objects.md explains each value."""
    return {
        "network": network,
        "task": TASK,
        "classes": classes,
        **INPUT,
        "side": side,
        "outputs": ["boxes", "scores"],
        "overlap": OVERLAP,
    }


@torch.inference_mode()
def _difference(model: nn.Module, file: Path, side: int) -> float:
    """Return the largest difference from torch's boxes and scores, for 1 and 3 random inputs."""
    session, _ = open_session(file, "cpu", None)
    random, differences = np.random.default_rng(0), []
    for count in (1, 3):
        pictures = random.normal(size=(count, 3, side, side)).astype(np.float32)
        wanted = model(torch.from_numpy(pictures))
        found = session.run(None, {PICTURES: pictures})
        differences += [
            float(np.abs(one - other.numpy()).max())
            for one, other in zip(found, wanted, strict=True)
        ]
    return max(differences)
