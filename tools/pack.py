"""Write what a training needs into tar packs of a limited size, for a machine without internet.

    python tools/pack.py --dataset icdar15:2 --data DIR --dataset quads --data DIR \\
        --characters craftlite-small --init craftlite-small --quality 80 --out packs

A pack holds `datasets/<name>/images/` and, for those pictures, lines of the words format in
`datasets/<name>/words.jsonl.d/<number of the pack>.jsonl`; the first one also `wheels/`,
`start.safetensors`, `fonts/` and `backgrounds/`. Each ends with the same `mix.json`: the datasets
with their weights, and the networks. Every pack has a fair share of every dataset, so that a few of
them are a smaller training set. `unpack` is the way back. The same input gives the same bytes.
"""

import argparse
import io
import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2
from tqdm import tqdm

from craftlite.data import SYNTH
from craftlite.data.annotations import problem_lines
from craftlite.data.files.folder import PICTURE_SUFFIXES
from craftlite.data.mix import folders_of, parse_mix
from craftlite.data.readers import has_validation, read_dataset
from craftlite.data.readers.words import FILE, is_turned
from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, CraftliteError, DatasetError
from craftlite.files import sha256_of, write_whole
from craftlite.model.files import read_model, read_state
from craftlite.pseudo.labels import relabel
from craftlite.runtime import TorchRuntime
from craftlite.synth.typesetting.fonts import SUFFIXES as FONT_SUFFIXES
from craftlite.synth.writer import rounded
from craftlite.train.detector.pseudo_schedule import TRUSTED
from craftlite.weights import backbones, find_weights

MIX = "mix.json"
START = "start.safetensors"
PARTS = FILE + ".d"  # folder of the lines that came with each pack
UNPACKED = ".unpacked"  # folder of a file for each pack that is unpacked, named by its SHA-256
MIB = 2**20
LOSSLESS = 101  # what OpenCV takes as WebP quality for it
END = 2 * tarfile.BLOCKSIZE  # of a tar file


@dataclass(frozen=True)
class Part:
    """A dataset: its folder's name in the packs, its weight, and the samples of its splits."""

    name: str
    weight: float
    splits: dict[str, list[Sample]]

    @property
    def samples(self) -> list[Sample]:
        """Those of all splits."""
        return [*chain(*self.splits.values())]


class Picture(NamedTuple):
    """A picture that goes into a pack; `stem` is what it is called there."""

    part: str
    split: str
    stem: str
    sample: Sample


@dataclass(frozen=True)
class Content:
    """All that goes into the packs; `files` are other ones than pictures, by their paths there."""

    parts: Sequence[Part]
    files: Sequence[tuple[str, Path]]
    mix: bytes


@dataclass
class Pack:
    """A pack that is being written: how many bytes it has, and the lines that go to its end."""

    number: int
    unfinished: Path
    tar: tarfile.TarFile
    stored: int = 0
    pictures: int = 0
    lines: dict[str, bytes] = field(default_factory=dict)


class Packs:
    """Writes files into packs of `limit` bytes at most, a new one where the last has no room."""

    def __init__(self, out: Path, limit: int, mix: bytes) -> None:
        self.out, self.limit, self.mix = out, limit, mix
        self.written: list[tuple[Path, int]] = []  # with how many pictures each has
        out.mkdir(parents=True, exist_ok=True)
        self._pack = self._begin()

    def add(self, path: str, content: bytes, part: str = "", line: bytes = b"") -> None:
        """A file; where it is a picture, with its dataset's name and its line.

        Raises:
            DatasetError: it is too large for any pack.
        """
        for last_try in (False, True):
            lines = self._pack.lines | (
                {part: self._pack.lines.get(part, b"") + line} if part else {}
            )
            stored = self._pack.stored + stored_size(path, len(content))
            if stored + self._tail(lines) <= self.limit:
                break
            if last_try or not self._pack.stored:
                raise DatasetError(
                    f"{path}: {len(content) / MIB:.1f} MiB do not fit into a pack; "
                    "raise --max-mib or leave the file out"
                )
            self.finish()
            self._pack = self._begin()
        add_to_tar(self._pack.tar, path, content)
        self._pack.stored, self._pack.lines = stored, lines
        self._pack.pictures += bool(part)

    def finish(self) -> None:
        """Ends the pack that is being written, and gives it its name."""
        pack = self._pack
        for part, text in pack.lines.items():
            add_to_tar(pack.tar, lines_path(part, pack.number), text)
        add_to_tar(pack.tar, MIX, self.mix)  # the last one: a pack without it is not whole
        pack.tar.close()
        path = self.out / f"pack-{pack.number:03d}.tar"
        pack.unfinished.replace(path)
        self.written.append((path, pack.pictures))

    def drop(self) -> None:
        """Removes everything that was written: some of the packs would look like all."""
        self._pack.tar.close()
        for path in (self._pack.unfinished, *(path for path, _ in self.written)):
            path.unlink(missing_ok=True)

    def _begin(self) -> Pack:
        number = len(self.written) + 1
        unfinished = self.out / f".{number:03d}.tmp"
        return Pack(number, unfinished, tarfile.open(unfinished, "w"))

    def _tail(self, lines: dict[str, bytes]) -> int:
        """Bytes of what follows the pictures, were the pack finished with these lines."""
        sizes = [
            stored_size(lines_path(part, self._pack.number), len(text))
            for part, text in lines.items()
        ]
        # tarfile fills its last record, and END comes before that.
        return sum(sizes) + stored_size(MIX, len(self.mix)) + END + tarfile.RECORDSIZE


@contextmanager
def packing(out: Path, limit: int, mix: bytes) -> Iterator[Packs]:
    """Packs that are finished at the end of the block, or not there at all where it fails."""
    packs = Packs(out, limit, mix)
    try:
        yield packs
        packs.finish()
    except BaseException:
        packs.drop()
        raise


def lines_path(part: str, number: int) -> str:
    """The path, in a pack, of the lines of `words.jsonl` for its pictures of a dataset."""
    return f"datasets/{part}/{PARTS}/{number:03d}.jsonl"


def stored_size(path: str, size: int) -> int:
    """Bytes that a file takes in a tar file."""
    return len(tarfile.TarInfo(path).tobuf()) + -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def read_parts(datasets: Sequence[str], folders: Sequence[Path]) -> list[Part]:
    """The datasets with the splits that a training reads; train, and val where there is one.

    Raises:
        ConfigError: a dataset is unknown or made on the fly, or there are more folders than names.
        DatasetError: a dataset cannot be read.
    """
    names, _ = parse_mix(datasets)
    if SYNTH in names:
        raise ConfigError(f"{SYNTH} is made where it is trained on; give its --backgrounds alone")
    places = folders_of(names, folders)
    parts = []
    for number, (entry, name, folder) in enumerate(zip(datasets, names, places, strict=True), 1):
        weight = float(entry.partition(":")[2] or 1)
        splits = {"train": read_split(name, folder, "train")}
        if has_validation(name, folder):
            splits["val"] = read_split(name, folder, "val")
        parts.append(Part(f"{number}-{name}", weight, splits))
    return parts


def read_split(name: str, folder: Path, split: str) -> list[Sample]:
    """Read one split of a dataset; problems in it are printed to stderr."""
    dataset = read_dataset(name, folder, split)
    for line in problem_lines(dataset.problems):
        print(f"{name}: {line}", file=sys.stderr)
    return list(dataset.samples)


def labelled(parts: Sequence[Part], file: Path) -> list[Part] | None:
    """The parts with the characters that a network finds in words to train on.

    None where they fit the texts of so few words that training would not use them. Words to
    validate on are left alone, so that the loss on them stays comparable.
    """
    runtime = TorchRuntime(*read_model(file))
    found = [
        replace(part, splits=part.splits | {"train": relabel(part.splits["train"], runtime)})
        if part.weight
        else part
        for part in parts
    ]
    fits = [fit for pair in zip(parts, found, strict=True) for fit in fitting(*pair)]
    share = sum(fits) / len(fits) if fits else 1.0
    poor = share < TRUSTED
    note = f" (< {TRUSTED:.0%}): characters are left unknown" if poor else ""
    print(f"words whose characters fit their text: {share:.1%}{note}", file=sys.stderr)
    return None if poor else found


def fitting(before: Part, after: Part) -> list[bool]:
    """For each word to train on with a text and unknown characters, whether some were found."""
    if not before.weight:
        return []
    pairs = zip(before.splits["train"], after.splits["train"], strict=True)
    return [
        new.characters is not None
        for was, now in pairs
        for word, new in zip(was.words, now.words, strict=True)
        if word.text and not word.ignore and word.characters is None
    ]


def torch_file(option: str, name: str) -> Path:
    """The .safetensors file of weights that ship, or that file itself.

    Raises:
        ConfigError: they are in another format.
        WeightsError: there are no such weights.
    """
    if option == "--init" and name in backbones():
        return backbones()[name].file
    file = find_weights(name).torch
    if file is None or file.suffix != ".safetensors":
        raise ConfigError(f"{option} {name}: give a .safetensors file, or the name of one")
    return file


def facts_of(name: str | None, file: Path | None) -> dict[str, str] | None:
    """What mix.json says of weights."""
    if name is None or file is None:
        return None
    digest = sha256_of(file)
    return {"weights": Path(name).name, "network": read_state(file)[0], "sha256": digest}


def files_of(folder: Path | None, option: str, suffixes: frozenset[str]) -> list[tuple[str, Path]]:
    """The files of a folder and those in it, with their paths in the packs.

    Raises:
        ConfigError: there are none.
    """
    if folder is None:
        return []
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    if not found:
        raise ConfigError(f"--{option} {folder}: holds no {', '.join(sorted(suffixes))} file")
    return [(f"{option}/{path.relative_to(folder).as_posix()}", path) for path in found]


def gathered(args: argparse.Namespace) -> Content:
    """All that the options ask for.

    Raises:
        CraftliteError: something cannot be read, or an option makes no sense.
    """
    start = torch_file("--init", args.init) if args.init else None
    finder = torch_file("--characters", args.characters) if args.characters else None
    files = [
        *files_of(args.wheels, "wheels", frozenset({".whl"})),
        *([(START, start)] if start else []),
        *files_of(args.fonts, "fonts", FONT_SUFFIXES),
        *files_of(args.backgrounds, "backgrounds", PICTURE_SUFFIXES),
    ]
    parts = read_parts(args.dataset, args.data)
    found = labelled(parts, finder) if finder else None
    facts = {
        "datasets": [{"name": part.name, "weight": part.weight} for part in parts],
        "start": facts_of(args.init, start),
        "characters": facts_of(args.characters, finder) if found else None,
        "quality": args.quality,
        "val_quality": args.val_quality,
    }
    return Content(found or parts, files, (json.dumps(facts, indent=2) + "\n").encode())


def in_order(parts: Sequence[Part]) -> list[Picture]:
    """The pictures as they are stored, each split of each dataset spread evenly over them all."""
    placed = []
    for part in parts:
        stems = iter(unique([picture_path(sample).stem for sample in part.samples]))
        for split, samples in part.splits.items():
            for number, sample in enumerate(samples):
                place = (number + 0.5) / len(samples)
                placed.append((place, Picture(part.name, split, next(stems), sample)))
    return [picture for _, picture in sorted(placed, key=lambda pair: pair[0])]


def unique(stems: Sequence[str]) -> list[str]:
    """The names, those that were there before with a number after them."""
    taken: dict[str, None] = {}
    for stem in stems:
        numbered = (f"{stem}-{number}" for number in range(2, len(stems) + 2))
        taken[next(name for name in chain([stem], numbered) if name not in taken)] = None
    return list(taken)


def picture_path(sample: Sample) -> Path:
    """A sample's file; all that `read_dataset` gives have one."""
    assert isinstance(sample.picture, Path)
    return sample.picture


def picture_file(sample: Sample, quality: int | None) -> tuple[str, bytes]:
    """The suffix and the bytes to store: the file's own, or those of a WebP where it is smaller.

    One that its EXIF tag turns is always encoded anew, so that none does.

    Raises:
        DatasetError: the picture cannot be read or is too large for WebP.
    """
    path = picture_path(sample)
    own, turned = path.read_bytes(), is_turned(path)
    if quality is None and not turned:
        return path.suffix.lower(), own
    webp = webp_of(sample, quality or LOSSLESS)
    return (".webp", webp) if turned or len(webp) < len(own) else (path.suffix.lower(), own)


def webp_of(sample: Sample, quality: int) -> bytes:
    """The picture as it is stored, its EXIF tag ignored, as WebP."""
    bgr = cv2.cvtColor(sample.pixels(), cv2.COLOR_RGB2BGR)
    try:
        data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    except cv2.error as error:
        raise DatasetError(
            f"{sample.picture}: cannot be written as WebP, whose sides have 16383 pixels at most; "
            "make it smaller or leave it out"
        ) from error
    return data.tobytes()


def line_of(image: str, picture: Picture) -> bytes:
    """The picture's line in the words format."""
    words = [record(word) for word in picture.sample.words]
    return (json.dumps({"image": image, "words": words, "split": picture.split}) + "\n").encode()


def record(word: Word) -> dict[str, Any]:
    """A word in the words format; hundredths of a pixel are kept."""
    facts = {"polygon": rounded(word.polygon), "text": word.text, "ignore": word.ignore}
    if word.characters is not None:
        facts["characters"] = rounded(word.characters)
        facts["confidence"] = round(word.confidence, 4)
    return facts


def write_packs(content: Content, args: argparse.Namespace) -> tuple[list[str], dict[str, int]]:
    """Writes the packs; gives a line on each, and the bytes of each dataset's pictures."""
    pictures = in_order(content.parts)
    sizes = {part.name: 0 for part in content.parts}
    quality = {"train": args.quality, "val": args.val_quality}
    with packing(args.out, int(args.max_mib * MIB), content.mix) as packs:
        for path, file in content.files:
            packs.add(path, file.read_bytes())
        for picture in tqdm(pictures, "packs", unit="picture", disable=None):
            suffix, data = picture_file(picture.sample, quality[picture.split])
            image = f"images/{picture.stem}{suffix}"
            line = line_of(image, picture)
            packs.add(f"datasets/{picture.part}/{image}", data, picture.part, line)
            sizes[picture.part] += len(data)
    lines = [
        f"{path}: {path.stat().st_size / MIB:.1f} MiB, {count} pictures"
        for path, count in packs.written
    ]
    return lines, sizes


def summary(part: Part, size: int) -> str:
    """A line on a dataset."""
    legible = [word for sample in part.samples for word in sample.words if not word.ignore]
    known = sum(word.characters is not None for word in legible)
    counts = {split: len(samples) for split, samples in part.splits.items()}
    return (
        f"{part.name}: {counts['train']} train and {counts.get('val', 0)} val pictures, "
        f"{size / MIB:.1f} MiB, {len(legible)} legible words, {known} with characters"
    )


def unpack(packs: Sequence[Path], folder: Path) -> None:
    """Unpacks packs into a folder, and makes each dataset's `words.jsonl` of what is there.

    Those that were unpacked there before are left out, so that it can be called again when more
    have come.

    Raises:
        DatasetError: a pack is missing or not whole, or belongs to other packs than those before.
        CraftliteError: a file cannot be written.
    """
    for pack in packs:
        if not pack.is_file():
            raise DatasetError(f"{pack}: there is no such pack")
        marker = folder / UNPACKED / sha256_of(pack)
        if not marker.exists():
            _extract(pack, folder)
            write_whole(marker, f"{pack.name}\n")
    for parts in sorted(folder.glob(f"datasets/*/{PARTS}")):
        lines = b"".join(path.read_bytes() for path in sorted(parts.glob("*.jsonl")))
        write_whole(parts.parent / FILE, lines)


def _extract(pack: Path, folder: Path) -> None:
    try:
        with tarfile.open(pack) as tar:
            last = tar.getmembers()[-1:]
            mix = tar.extractfile(MIX) if last and last[0].name == MIX else None
            if mix is None:
                raise DatasetError(f"{pack}: ends too early; fetch it again")
            there = folder / MIX
            if there.exists() and there.read_bytes() != mix.read():
                raise DatasetError(f"{pack}: belongs to other packs than {there}; use a new folder")
            tar.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise DatasetError(f"{pack}: cannot be unpacked ({error}); fetch it again") from error


def parsed() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--dataset", action="append", required=True, metavar="NAME[:WEIGHT]", help="as in train")
    add("--data", action="append", default=[], type=Path, metavar="DIR", help="as in train")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the packs")
    add("--max-mib", type=float, default=60, metavar="N", help="size of a pack, at most")
    for option, of in (("--quality", "pictures to train on"), ("--val-quality", "others")):
        says = f"WebP quality of {of}, 1 to 100; by default the files as they are"
        add(option, type=int, choices=range(1, 101), metavar="Q", help=says)
    says = "find the characters of real words: a name of craftlite info, or a .safetensors file"
    add("--characters", metavar="WEIGHTS", help=says)
    add("--init", metavar="WEIGHTS", help=f"weights to start from, stored as {START}")
    add("--backgrounds", type=Path, metavar="DIR", help="photographs to write on")
    add("--fonts", type=Path, metavar="DIR", help="fonts to write with")
    add("--wheels", type=Path, metavar="DIR", help="Python packages, *.whl")
    return parser.parse_args()


def add_to_tar(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file so that the same content gives the same bytes."""
    member = tarfile.TarInfo(name)  # its time, owner and mode are fixed
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def main() -> int:
    """Write the packs, and say what is in them."""
    args = parsed()
    try:
        if any(args.out.glob("pack-*.tar")):
            raise ConfigError(f"{args.out}: holds packs already; name another --out")
        content = gathered(args)
        lines, sizes = write_packs(content, args)
    except (CraftliteError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join([*lines, *(summary(part, sizes[part.name]) for part in content.parts)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
