import os
from pathlib import Path, PurePath

import pytest

from craftlite.inputs import expand, unread_line


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder "photos" below the working folder; what lies in its files does not matter here."""
    monkeypatch.chdir(tmp_path)
    names = "b.jpg a.PNG a.jpg notes.txt .hidden.jpg ._a.jpg sub/a.jpg sub/deep/c.webp none/x.txt"
    for name in names.split():
        file = Path("photos", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return Path("photos")


def names_and_targets(*arguments: str) -> list[tuple[str, str]]:
    inputs, errors = expand(arguments)
    assert not errors
    return [(item.name, item.target.as_posix()) for item in inputs]


def test_a_folder_gives_its_pictures_sorted_and_mirrored(photos: Path) -> None:
    assert names_and_targets("photos") == [
        ("photos/a.PNG", "a"),
        ("photos/a.jpg", "a-2"),
        ("photos/b.jpg", "b"),
        ("photos/sub/a.jpg", "sub/a"),
        ("photos/sub/deep/c.webp", "sub/deep/c"),
    ]


def test_arguments_keep_their_order_and_name_a_picture_once(photos: Path) -> None:
    assert names_and_targets("photos/b.jpg", "photos/sub", "./photos/../photos/b.jpg", "x.jpg") == [
        ("photos/b.jpg", "b"),
        ("photos/sub/a.jpg", "a"),
        ("photos/sub/deep/c.webp", "deep/c"),
        ("x.jpg", "x"),
    ]


def test_a_glob_mirrors_what_its_stars_stand_for(photos: Path) -> None:
    assert names_and_targets("photos/*.jpg") == [("photos/a.jpg", "a"), ("photos/b.jpg", "b")]
    assert names_and_targets("photos/s*/a.jpg") == [("photos/sub/a.jpg", "sub/a")]
    assert names_and_targets(f"{photos.absolute()}/**/*.webp") == [
        (f"{photos.absolute()}/sub/deep/c.webp", "sub/deep/c")
    ]
    assert names_and_targets("photos/s*") == [
        ("photos/sub/a.jpg", "sub/a"),
        ("photos/sub/deep/c.webp", "sub/deep/c"),
    ]
    assert len(names_and_targets("photos/**")) == 5


def test_a_file_whose_name_looks_like_a_glob(photos: Path) -> None:
    (photos / "x[1].jpg").touch()
    assert names_and_targets("photos/x[1].jpg") == [("photos/x[1].jpg", "x[1]")]


def test_stdin_and_addresses() -> None:
    assert names_and_targets("-", "https://a.example/p/cat.jpg?w=1", "http://a.example", "-") == [
        ("-", "stdin"),
        ("https://a.example/p/cat.jpg?w=1", "cat"),
        ("http://a.example", "a"),
    ]


def test_an_address_without_its_password_and_one_that_is_malformed() -> None:
    assert names_and_targets(
        "http://me:secret@a.example", "http://[::1", "http://me:x@a.example"
    ) == [
        ("http://a.example", "a"),
        ("http://[::1", "picture"),
        ("http://a.example", "a-2"),
    ]


def test_arguments_that_the_system_cannot_even_look_at(photos: Path) -> None:
    odd = ["x" * 300, "a\0.jpg", "photos/a.jpg/b.jpg"]
    assert [name for name, _ in names_and_targets(*odd)] == odd
    inputs, errors = expand(["", "a\0*.jpg", "x" * 300 + "*", "[", "**["])
    assert (len(inputs), len(errors)) == (0, 5)
    assert all(str(error).isprintable() for error in errors)


def test_targets_never_leave_the_folder_of_results(photos: Path) -> None:
    arguments = ["photos/sub/../b.jpg", "photos/*/../a.jpg", "http://a.example/x/..", ".."]
    for _, target in names_and_targets(*arguments):
        assert not PurePath(target).is_absolute()
        assert ".." not in PurePath(target).parts


def test_targets_differ_even_where_case_is_not_told_apart(photos: Path) -> None:
    (photos / "A.jpg").touch()
    (photos / "a-2.jpg").touch()
    inputs, _ = expand(["photos", "photos/sub"])
    targets = [str(item.target).casefold() for item in inputs]
    assert len(set(targets)) == len(targets) == 7


def test_what_holds_no_picture_is_an_error_and_the_rest_goes_on(photos: Path) -> None:
    inputs, errors = expand(["photos/none", "nothing/*.jpg", "photos/*.txt", "photos/b.jpg"])
    assert [item.name for item in inputs] == ["photos/b.jpg"]
    assert [str(error) for error in errors] == [
        "photos/none: the folder holds no picture",
        "nothing/*.jpg: no picture matches this pattern",
        "photos/*.txt: no picture matches this pattern",
    ]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed(photos: Path) -> None:
    (photos / "sub").chmod(0)
    inputs, errors = expand(["photos"])
    (photos / "sub").chmod(0o700)
    assert len(inputs) == 3
    assert "photos/sub: the folder cannot be listed" in str(errors[0])


def test_skipped_folders(photos: Path) -> None:
    for argument in ("photos", "photos/**/*.*", str(photos.absolute())):
        inputs, _ = expand([argument], skip=[Path("photos/sub/deep"), Path("elsewhere")])
        assert {item.target.name for item in inputs} == {"a", "a-2", "b"}
        assert len(inputs) == 4


def test_kinds_of_files_that_are_not_read_and_what_would_read_them(photos: Path) -> None:
    unread: set[str] = set()
    expand(["photos", "photos/**", "photos/b.jpg"], skip=[Path("photos/none")], unread=unread)
    assert {Path(path).name for path in unread} == {"notes.txt"}
    assert unread_line({"a/b.HEIC", "a/c.heic", "c/d.pdf", "x"}) == (
        "skipped: 2 .heic, 1 without a suffix, 1 .pdf (pip install pillow-heif pypdfium2)"
    )
    many = unread_line({f"a.k{number:02}" for number in range(14)})
    assert many.endswith("1 .k09, 4 of other kinds")
