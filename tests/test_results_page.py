"""The snippets of docs/results-in-python.md and of README run, one after another, as they are."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["README.md", "docs/results-in-python.md"])
def test_the_snippets_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "data/samples/images/tin.jpg", "photo.jpg")
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert snippets
    names: dict[str, object] = {}
    for snippet in snippets:
        if "import supervision" in snippet:
            pytest.importorskip("supervision")
        exec(compile(snippet, page, "exec"), names)
