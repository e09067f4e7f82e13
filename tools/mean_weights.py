"""The mean of several weights of one network: Wortsman et al., "Model soups", ICML 2022.

    python tools/mean_weights.py first.safetensors second.safetensors --out mean.safetensors

Fine-tuned from one another, weights lie close enough for their mean to be as good as the best of
them or better. A file that is named twice counts twice. The running statistics of batch norm are
averaged like the weights.
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor

from craftlite.errors import CraftliteError, WeightsError
from craftlite.model.files import read_model, save_model


def mean_of(files: list[Path]) -> tuple[str, dict[str, Tensor]]:
    """The network's name and the mean of each of its tensors, in their own dtypes.

    Raises:
        WeightsError: a file cannot be read, or they are of different networks.
    """
    models = [read_model(file) for file in files]
    name = models[0][0]
    for file, (other, _) in zip(files, models, strict=True):
        if other != name:
            raise WeightsError(f"{file}: weights of {other}, but those of {files[0]} are {name}'s")
    states = [model.state_dict() for _, model in models]
    return name, {
        key: torch.stack([state[key].double() for state in states]).mean(0).to(value.dtype)
        for key, value in states[0].items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, help="weights, .safetensors")
    parser.add_argument("--out", type=Path, required=True, help="the file to write, .safetensors")
    arguments = parser.parse_args()
    if arguments.out.exists():
        print(f"{arguments.out} exists; name another file", file=sys.stderr)
        return 1
    try:
        save_model(arguments.out, *mean_of(arguments.files))
    except CraftliteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
