"""Pack the input of a training into tar files of limited size, for a machine without internet.

    python -m tools.pack --dataset icdar15:2 --data DIR --dataset quads --data DIR \\
        --characters craftlite-small --init craftlite-small --quality 80 --out packs

A pack contains pictures in `datasets/<name>/images/` and their annotations, in the words format, in
`datasets/<name>/words.jsonl.d/<number of the pack>.jsonl`. The first pack also contains `wheels/`,
`start.safetensors`, `fonts/` and `backgrounds/`. Each pack ends with the same `mix.json`: the
datasets with their weights, and the networks. Every dataset is spread evenly over the packs, so a
few of them make a smaller training set. `tools/train_pack.py` unpacks them. The same input gives
the same bytes.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from craftlite.errors import ConfigError, CraftliteError
from tools.packs.archive import MIB, write_packs
from tools.packs.content import START, Content, PackedDataset, gather
from tools.packs.pictures import encode, interleave, line_of


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    mix = "Dataset to pack, as for craftlite train. Repeat it for a mix."
    add("--dataset", action="append", required=True, metavar="NAME[:WEIGHT]", help=mix)
    folders = "Folder of each --dataset, in the same order. Default: data/NAME."
    add("--data", action="append", default=[], type=Path, metavar="DIR", help=folders)
    add("--out", type=Path, required=True, metavar="DIR", help="Folder to write packs to.")
    size = "Largest size of a pack in MiB. Default: 60."
    add("--max-mib", type=float, default=60, metavar="N", help=size)
    for option, kind in (("--quality", "training"), ("--val-quality", "validation")):
        text = f"WebP quality of {kind} pictures, 1 to 100. Default: do not re-encode."
        add(option, type=int, choices=range(1, 101), metavar="Q", help=text)
    finder = "Weights (name or .safetensors file) for finding the characters of real words."
    add("--characters", metavar="NAME|FILE", help=finder)
    start = f"Weights (name or .safetensors file) to start from; stored as {START}."
    add("--init", metavar="NAME|FILE", help=start)
    add("--backgrounds", type=Path, metavar="DIR", help="Folder of photographs to write on.")
    add("--fonts", type=Path, metavar="DIR", help="Folder of fonts to write with.")
    add("--wheels", type=Path, metavar="DIR", help="Folder of Python packages, *.whl.")
    return parser.parse_args()


def write_content(content: Content, args: argparse.Namespace) -> tuple[list[str], dict[str, int]]:
    """Write the packs; return a line about each, and each dataset's picture size in bytes."""
    sizes = {dataset.name: 0 for dataset in content.datasets}
    quality = {"train": args.quality, "val": args.val_quality}
    with write_packs(args.out, int(args.max_mib * MIB), content.mix) as packs:
        for path, file in content.files:
            packs.add(path, file.read_bytes())
        pictures = interleave(content.datasets)
        for picture in tqdm(pictures, "packs", unit="picture", disable=None):
            suffix, data = encode(picture.sample, quality[picture.split])
            image = f"images/{picture.stem}{suffix}"
            line = line_of(image, picture)
            packs.add(f"datasets/{picture.dataset}/{image}", data, picture.dataset, line)
            sizes[picture.dataset] += len(data)
    lines = [
        f"{path}: {path.stat().st_size / MIB:.1f} MiB, {count} pictures"
        for path, count in packs.written
    ]
    return lines, sizes


def summary(dataset: PackedDataset, size: int) -> str:
    """Return a line about a dataset whose pictures take `size` bytes."""
    legible = [word for sample in dataset.samples for word in sample.words if not word.ignore]
    known = sum(word.characters is not None for word in legible)
    counts = {split: len(samples) for split, samples in dataset.splits.items()}
    return (
        f"{dataset.name}: {counts['train']} train and {counts.get('val', 0)} val pictures, "
        f"{size / MIB:.1f} MiB, {len(legible)} legible words, {known} with characters"
    )


def main() -> int:
    """Write the packs and print a summary; return 1 if something cannot be read or written."""
    args = parse_arguments()
    try:
        if any(args.out.glob("pack-*.tar")):
            raise ConfigError(f"{args.out}: already contains packs; choose another --out")
        content = gather(args)
        lines, sizes = write_content(content, args)
    except (CraftliteError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join([*lines, *(summary(one, sizes[one.name]) for one in content.datasets)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
