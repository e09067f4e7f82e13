"""Run the notebooks of docs/notebooks from their first cell to their last, and store the outputs.

    python -m tools.run_notebooks [NOTEBOOK ...]

Each runs in its own folder, as in Jupyter; what it writes goes into a temporary folder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from craftlite.files import write_whole

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def executed(path: Path) -> NotebookNode:
    """The notebook with the outputs of a run; raises nbclient's CellExecutionError for a cell's."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=600, resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which differ from run to run
    return notebook


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the notebooks and write them back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, default=NOTEBOOKS)
    for path in parser.parse_args(arguments).notebooks:
        text = nbformat.writes(executed(path)) + "\n"
        write_whole(path, text.replace(str(ROOT), "craftlite"))
        print(f"ran {path}")


if __name__ == "__main__":
    main()
