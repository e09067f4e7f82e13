"""Zip files of results: read within limits, and refused with the file and the reason."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from craftlite.errors import DatasetError
from craftlite.evaluate.results import zip_file
from craftlite.evaluate.results.read import read_results
from craftlite.evaluate.results.zip_file import read_members

LINE = "1,2,9,2,9,8,1,8\n"


def packed(*texts: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"folder/{number}.txt", text)
    return file.getvalue()


def read(folder: Path, raw: bytes) -> list[tuple[str, bytes]]:
    (folder / "a.zip").write_bytes(raw)
    return list(read_members(folder / "a.zip", lambda name: name.endswith(".txt")))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_in_the_order_of_their_names(tmp_path: Path, method: int) -> None:
    found = read(tmp_path, packed(LINE, "second", method=method))
    assert found == [("0.txt", LINE.encode()), ("1.txt", b"second")]


def test_what_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"a\.zip: holds .* bytes .* more than the limit of 200 times"
    ):
        read(tmp_path, packed("0" * 2**20))


@pytest.mark.parametrize("limit", ["MOST_MEMBERS", "MOST_BYTES"])
def test_too_many_members_or_bytes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(zip_file, limit, 1)
    with pytest.raises(DatasetError, match=r"a\.zip: holds .* more than the limit of 1"):
        read(tmp_path, packed(LINE, LINE))


def test_a_member_that_holds_more_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    raw = packed("0" * 2**20)
    size = (2**20).to_bytes(4, "little")
    with pytest.raises(DatasetError, match=r"a\.zip/folder/0\.txt: cannot be unpacked \(Bad CRC"):
        read(tmp_path, raw.replace(size, (100).to_bytes(4, "little")))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_methods_are_refused(tmp_path: Path, method: int) -> None:
    with pytest.raises(DatasetError, match=r"0\.txt: cannot be unpacked \(its method is not defl"):
        read(tmp_path, packed(LINE, method=method))


def test_any_damage_is_told_with_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(packed(LINE * 5, LINE), np.uint8)
    told = 0
    for _ in range(300):
        raw = whole.copy()
        places = rng.integers(0, len(raw), 4)
        raw[places] = rng.integers(0, 256, 4)
        try:
            read(tmp_path, raw.tobytes())
        except DatasetError as error:
            told += 1
            assert str(error).startswith(str(tmp_path / "a.zip"))
    assert told > 100


def test_a_member_without_a_name_is_no_result(tmp_path: Path) -> None:
    path = tmp_path / "results.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("res_a.txt", "0,0,9,0,9,9,0,9\n")
        archive.writestr(zipfile.ZipInfo("Q"), "")
    # Its name is cut to nothing, as in a damaged archive, in both places that hold it.
    path.write_bytes(path.read_bytes().replace(b"Q", b"\0"))
    assert list(read_results(path, {"a": None}).detections) == ["a"]
