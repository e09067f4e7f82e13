"""The metadata of an exported network, with all that a program needs to run it on its own."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from craftlite.files import write_whole
from craftlite.postprocess import Thresholds
from craftlite.preprocess import MAP_STRIDE, MAX_ENLARGEMENT, MEAN, STD, STRIDE
from craftlite.runtime import METADATA
from craftlite.weights import DEFAULT_LONG_SIDE, Weights, find_weights

PICTURES, MAPS = "pictures", "maps"  # the names of input and output
INPUT = {
    "input": PICTURES,
    "layout": "NCHW",
    "dtype": "float32",
    "colours": "RGB",
    "mean": [round(value, 3) for value in MEAN.tolist()],
    "std": [round(value, 3) for value in STD.tolist()],
}


def contract(network: str, entry: Weights | None = None) -> dict[str, Any]:
    """Return how to call a network and to interpret its maps; docs/export.md explains each value.

    entry: the weights whose thresholds and long side to use; None uses the defaults.
    """
    thresholds, long_side = Thresholds(), DEFAULT_LONG_SIDE
    if entry is not None:
        thresholds, long_side = entry.thresholds, entry.long_side
    return {
        "network": network,
        **INPUT,
        "multiple": STRIDE,
        "long_side": long_side,
        "max_enlargement": MAX_ENLARGEMENT,
        "output": MAPS,
        "maps": ["region", "affinity"],
        "map_scale": 1 / MAP_STRIDE,
        "thresholds": asdict(thresholds),
    }


def describe(proto: onnx.ModelProto, network: str, entry: Weights | None = None) -> None:
    """Put the contract into a network's metadata, replacing any earlier one."""
    others = [prop for prop in proto.metadata_props if prop.key != METADATA]
    del proto.metadata_props[:]
    proto.metadata_props.extend(others)
    proto.metadata_props.add(key=METADATA, value=json.dumps(contract(network, entry)))


def describe_file(file: Path) -> None:
    """Update the contract of an exported file to its current thresholds.

    Raises:
        WeightsError: the settings next to the file cannot be used.
        CraftliteError: the file cannot be written.
    """
    proto = onnx.load(file)
    [metadata] = (prop.value for prop in proto.metadata_props if prop.key == METADATA)
    describe(proto, json.loads(metadata)["network"], find_weights(file))
    write_whole(file, proto.SerializeToString())
