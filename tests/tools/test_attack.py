"""The harness finds faults that are planted for it, and passes what is sound."""

import faulthandler
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from craftlite.data.readers import read_dataset
from craftlite.errors import CraftliteError
from tools.attack import attack, main, table
from tools.attacks.checks import check_stopped, resumed
from tools.attacks.jobs import JOBS, undisturbed
from tools.attacks.label_trees import Tree, trees
from tools.attacks.mutate import mutated
from tools.attacks.worker import Attack, Broken

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and groups are Linux's")


def sound(rng: Random, folder: Path) -> None:
    (folder / "input").write_text("sound")
    if rng.random() < 0.5:
        raise CraftliteError("a sentence")


def fragile(rng: Random, folder: Path) -> None:
    number = rng.randrange(3)
    (folder / "input").write_text(str(number))
    print(10 // number)


def crashing(rng: Random, folder: Path) -> None:
    faulthandler._sigsegv()  # type: ignore[attr-defined]


def stuck(rng: Random, folder: Path) -> None:
    time.sleep(60)


def greedy(rng: Random, folder: Path) -> None:
    bytearray(4 * 1024**3)


def in_a_thread(rng: Random, folder: Path) -> None:
    thread = Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()


def test_sound_function_passes(tmp_path: Path) -> None:
    tallies = attack({"sound": Attack(sound)}, 0, 0.02, tmp_path / "out")
    assert tallies["sound"].cases > 5
    assert tallies["sound"].findings == 0
    assert not (tmp_path / "out").exists()
    assert table(tallies).split("\n")[1].split()[:3] == ["sound", str(tallies["sound"].cases), "0"]


def test_planted_fault_is_told_once_counted_and_can_be_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.attack.ATTACKS", {"fragile": Attack(fragile)})
    assert main(["--minutes", "0.02", "--out", str(tmp_path)]) == 1
    line, *rest = capsys.readouterr().out.splitlines()
    assert line.startswith("fragile: ZeroDivisionError")
    _, cases, findings, distinct, _ = rest[-1].split()
    assert int(cases) > int(findings) > 1 == int(distinct)
    [kept] = tmp_path.iterdir()
    assert (kept / "input").read_text() == "0"
    assert "10 // number" in (kept / "finding.txt").read_text()
    repeat = line.split("repeat with ")[1].split()
    assert main([*repeat, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("fragile: ZeroDivisionError")


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (crashing, "the process ended with -11"),
        (stuck, "no end after 1 seconds"),
        (greedy, "MemoryError"),
        (in_a_thread, "a traceback on stderr"),
    ],
)
def test_faults_that_are_no_exception(
    run: Callable[[Random, Path], None], what: str, tmp_path: Path
) -> None:
    tallies = attack({"bad": Attack(run, seconds=1, mebibytes=2048)}, 0, 0.001, tmp_path)
    assert tallies["bad"].findings == tallies["bad"].cases > 0
    assert tallies["bad"].told == {what}


def test_a_case_needs_its_kind() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--case", "3"])
    assert stop.value.code == 2


@pytest.mark.parametrize("tree", trees(), ids=lambda tree: f"{tree.name}-{tree.split}")
def test_datasets_are_sound_before_they_are_changed(tree: Tree, tmp_path: Path) -> None:
    for name, content in tree.files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    dataset = read_dataset(tree.name, tmp_path, tree.split)
    assert [word for sample in dataset.samples for word in sample.words]
    assert not dataset.problems


def test_mutations_differ_and_repeat() -> None:
    for tree in trees():
        for name, content in tree.files().items():
            first, again = ([mutated(Random(n), name, content) for n in range(8)] for _ in "ab")
            assert first == again
            assert len(set(first)) > 4


def test_damaged_lost_and_surplus_results_are_found(tmp_path: Path) -> None:
    [job, *_] = JOBS["detect"]
    out = tmp_path / "case"
    shutil.copytree(undisturbed(job, tmp_path).folder, out)
    [lost, *_, cut] = sorted(out.rglob("*.json"))
    lost.unlink()
    check_stopped(job, tmp_path, out)
    resumed(job, tmp_path, out)
    cut.write_text(cut.read_text()[:20])
    with pytest.raises(Broken, match="is not what it is in the end"):
        check_stopped(job, tmp_path, out)
    with pytest.raises(Broken, match=f"{cut.name} is not what an undisturbed run writes"):
        resumed(job, tmp_path, out)
    cut.unlink()
    (out / "more.json").write_text("{}")
    with pytest.raises(Broken, match=r"there is more\.json too"):
        resumed(job, tmp_path, out)
