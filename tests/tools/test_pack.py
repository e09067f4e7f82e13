"""Datasets in packs of a limited size, and back: nothing is lost, and nothing but them is there."""

import json
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.model.files import read_model
from craftlite.weights import backbones, find_weights
from tools.pack import main
from tools.packs.archive import MIB
from tools.packs.pictures import unique
from tools.packs.unpack import unpack

QUAD = [[4.25, 3], [30, 3], [30, 12.5], [4.25, 12.5]]
HALVES = [[[4, 3], [17, 3], [17, 12], [4, 12]], [[17, 3], [30, 3], [30, 12], [17, 12]]]
WORDS = [
    {"polygon": QUAD, "text": "Äß", "characters": HALVES},
    {"polygon": QUAD, "text": "Café", "characters": HALVES, "confidence": 0.6667},
    {"polygon": [*QUAD, [2, 8]], "text": None},
    {"polygon": QUAD, "ignore": True},
]
LIMIT = 0.08  # MiB: a few of the pictures below

Packer = Callable[..., int]


@pytest.fixture
def packer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Packer:
    """Runs the tool on the datasets below, with more options, into a folder of tmp_path."""

    def run(*options: object, out: str = "packs", limit: float = LIMIT) -> int:
        datasets = ["--dataset", "words:5", "--data", tmp_path / "mine"]
        datasets += ["--dataset", "quads:0.5", "--data", tmp_path / "quads"]
        line = ["pack.py", *datasets, "--out", tmp_path / out, "--max-mib", limit, *options]
        monkeypatch.setattr(sys, "argv", [str(word) for word in line])
        return main()

    write_words(tmp_path / "mine")
    write_quads(tmp_path / "quads")
    return run


def write_noise(path: Path, seed: int, **options: Any) -> None:
    """A picture that hardly any format makes smaller than its 60 x 40 x 3 bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(path, **options)


def write_words(root: Path) -> None:
    """Twenty pictures to train on and ten to validate on."""
    lines = []
    for number in range(30):
        image = f"some/{number}.png"
        write_noise(root / image, number)
        split = "val" if number % 3 == 2 else "train"
        lines.append(json.dumps({"image": image, "words": WORDS, "split": split}))
    (root / "words.jsonl").write_text("\n".join(lines))


def write_quads(root: Path) -> None:
    """Ten pictures."""
    (root / "gt").mkdir(parents=True)
    for number in range(10):
        write_noise(root / f"images/p{number}.JPG", 50 + number, quality=95)
        (root / f"gt/gt_p{number}.txt").write_text(
            "4,3,30,3,30,12,4,12,TEXT\n5,5,9,5,9,9,5,9,###\n"
        )


def packs_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def assert_same(before: Sequence[Sample], after: Sequence[Sample]) -> None:
    """The same words on pictures of the same bytes."""
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert one.name == other.name
        assert isinstance(one.picture, Path)
        assert isinstance(other.picture, Path)
        assert one.picture.read_bytes() == other.picture.read_bytes()
        assert list(map(plain, one.words)) == list(map(plain, other.words))


def plain(word: Word) -> tuple[object, ...]:
    characters = None if word.characters is None else word.characters.tolist()
    return word.polygon.tolist(), word.text, word.ignore, characters, word.confidence


def test_what_is_unpacked_is_what_was_packed(
    packer: Packer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packer() == 0
    packs = packs_of(tmp_path / "packs")
    assert len(packs) > 3
    assert all(path.stat().st_size <= LIMIT * MIB for path in packs)
    unpack(packs, tmp_path / "new")
    for split in ("train", "val"):
        mine = (
            read_dataset("words", tmp_path / d, split) for d in ("mine", "new/datasets/1-words")
        )
        assert_same(*(dataset.samples for dataset in mine))
    quads = read_dataset("quads", tmp_path / "quads", "train").samples
    assert_same(quads, read_dataset("words", tmp_path / "new/datasets/2-quads", "train").samples)
    mix = json.loads((tmp_path / "new/mix.json").read_text())
    weights = [{"name": "1-words", "weight": 5.0}, {"name": "2-quads", "weight": 0.5}]
    assert (mix["datasets"], mix["start"], mix["characters"]) == (weights, None, None)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == len(packs) + 2
    assert "1-words: 20 train and 10 val pictures" in out[-2]
    assert "90 legible words, 60 with characters" in out[-2]
    assert "10 legible words, 0 with characters" in out[-1]


def test_every_pack_has_its_share_of_every_dataset(packer: Packer, tmp_path: Path) -> None:
    packer()
    packs = packs_of(tmp_path / "packs")
    for pack in packs[:-1]:
        with tarfile.open(pack) as tar:
            names = tar.getnames()
        of_words, of_quads = (
            sum(f"{d}/images" in n for n in names) for d in ("1-words", "2-quads")
        )
        assert 2 <= of_words / max(of_quads, 1) <= 5


def test_the_same_input_gives_the_same_bytes(packer: Packer, tmp_path: Path) -> None:
    packer("--quality", 60)
    packer("--quality", 60, out="again")
    first, second = ([p.read_bytes() for p in packs_of(tmp_path / d)] for d in ("packs", "again"))
    assert first == second


def test_packs_are_not_written_over(
    packer: Packer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packer()
    before = [path.read_bytes() for path in packs_of(tmp_path / "packs")]
    assert packer(limit=1) == 1
    assert "already contains packs; choose another --out" in capsys.readouterr().err
    assert [path.read_bytes() for path in packs_of(tmp_path / "packs")] == before


def test_a_file_that_fits_no_pack_is_named_and_nothing_is_left(
    packer: Packer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    big = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(big).save(tmp_path / "mine/some/28.png")
    assert packer() == 1
    assert "datasets/1-words/images/28.png: 0.2 MiB do not fit" in capsys.readouterr().err
    assert packs_of(tmp_path / "packs") == []


def test_pictures_are_encoded_anew_on_request_and_keep_their_size(
    packer: Packer, tmp_path: Path
) -> None:
    packer("--quality", 60)
    unpack(packs_of(tmp_path / "packs"), tmp_path / "new")
    train, val = (
        read_dataset("words", tmp_path / "new/datasets/1-words", split).samples
        for split in ("train", "val")
    )
    assert {Path(str(sample.picture)).suffix for sample in train} == {".webp"}
    assert {sample.pixels().shape for sample in train} == {(40, 60, 3)}
    assert {Path(str(sample.picture)).suffix for sample in val} == {".png"}


def test_a_picture_that_its_tag_turns_is_stored_without(packer: Packer, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    write_noise(tmp_path / "quads/images/p4.JPG", 1, exif=turned)
    before = read_dataset("quads", tmp_path / "quads", "train").samples[4].pixels()
    packer()
    unpack(packs_of(tmp_path / "packs"), tmp_path / "new")
    dataset = read_dataset("words", tmp_path / "new/datasets/2-quads", "train")
    assert not dataset.problems
    assert np.array_equal(dataset.samples[4].pixels(), before)


def test_packs_can_come_one_after_another(packer: Packer, tmp_path: Path) -> None:
    packer()
    packs = packs_of(tmp_path / "packs")
    folder = tmp_path / "new/datasets/1-words"
    unpack(packs[1:], tmp_path / "new")
    assert len(read_dataset("words", folder, "train").samples) < 20
    picture = next((folder / "images").iterdir())
    picture.touch()
    before = picture.stat().st_mtime_ns
    unpack(packs, tmp_path / "new")
    assert picture.stat().st_mtime_ns == before
    assert len(read_dataset("words", folder, "train").samples) == 20


def test_packs_that_are_cut_off_or_of_others_are_told(packer: Packer, tmp_path: Path) -> None:
    packer()
    packer("--quality", 60, out="others")
    first, second, *_ = packs_of(tmp_path / "packs")
    whole = second.read_bytes()
    # In a picture, and where the next file's header would begin.
    for size in (len(whole) // 2, tarfile.open(second).getmembers()[2].offset):  # noqa: SIM115
        second.write_bytes(whole[:size])
        with pytest.raises(DatasetError, match=r"pack-002\.tar: .*fetch it again"):
            unpack([first, second], tmp_path / "new")
    with pytest.raises(DatasetError, match="use a new folder"):
        unpack(packs_of(tmp_path / "others"), tmp_path / "new")
    with pytest.raises(DatasetError, match="there is no such pack"):
        unpack([tmp_path / "pack-009.tar"], tmp_path / "new")


def test_other_files_come_first(packer: Packer, tmp_path: Path) -> None:
    for name in ("more/in/a.ttf", "more/b.whl", "more/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    write_noise(tmp_path / "more/d.jpg", 3)
    more = [
        option
        for name in ("wheels", "fonts", "backgrounds")
        for option in (f"--{name}", tmp_path / "more")
    ]
    backbone = next(iter(backbones().values()))
    assert packer(*more, "--init", backbone.name, limit=backbone.file.stat().st_size / MIB + 1) == 0
    with tarfile.open(packs_of(tmp_path / "packs")[0]) as tar:
        names = tar.getnames()
    assert names[:4] == ["wheels/b.whl", "start.safetensors", "fonts/in/a.ttf", "backgrounds/d.jpg"]
    unpack(packs_of(tmp_path / "packs"), tmp_path / "new")
    start = json.loads((tmp_path / "new/mix.json").read_text())["start"]
    network, _ = read_model(tmp_path / "new/start.safetensors")
    assert (start["weights"], start["network"]) == (backbone.name, network)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--dataset", "synth"], "synth is made where it is trained"),
        (["--data", "x", "--data", "y"], "4 --data for 2 --dataset"),
        (["--init", "craftlite-small-int8"], "--init craftlite-small-int8: give a .safetensors"),
        (["--fonts", "."], "--fonts .: holds no"),
        (["--characters", "nothing"], "nothing: no such weights"),
    ],
)
def test_options_that_make_no_sense_are_told(
    packer: Packer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    told: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert packer(*options) == 1
    assert told in capsys.readouterr().err


def write_real(root: Path, lettered: bool) -> None:
    """Pictures of one word each, drawn or not, in the place of those of `write_quads`."""
    for number in range(10):
        picture = np.full((120, 260, 3), 230, np.uint8)
        if lettered:
            cv2.putText(picture, "SHOP", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 5)
        Image.fromarray(picture).save(root / f"images/p{number}.JPG", quality=90)
        (root / f"gt/gt_p{number}.txt").write_text("38,32,192,32,192,86,38,86,SHOP\n")


@pytest.mark.parametrize("lettered", [True, False])
def test_characters_are_found_unless_they_fit_too_few_words(
    packer: Packer, tmp_path: Path, capsys: pytest.CaptureFixture[str], lettered: bool
) -> None:
    write_real(tmp_path / "quads", lettered)
    assert packer("--characters", "craftlite-small", limit=1) == 0
    assert ("characters are left unknown" in capsys.readouterr().err) is not lettered
    unpack(packs_of(tmp_path / "packs"), tmp_path / "new")
    found = json.loads((tmp_path / "new/mix.json").read_text())["characters"]
    assert (found is not None) is lettered
    file = find_weights("craftlite-small").sha256["craftlite-small.safetensors"]
    assert not lettered or (found["network"], found["sha256"]) == ("craftlite-small-v2", file)
    for sample in read_dataset("words", tmp_path / "new/datasets/2-quads", "train").samples:
        [word] = sample.words
        assert (word.characters is not None) is lettered
        assert not lettered or word.confidence >= 0.5


def test_names_that_were_there_get_a_number() -> None:
    assert unique(["a", "b", "a", "a-2", "a"]) == ["a", "b", "a-2", "a-2-2", "a-3"]
