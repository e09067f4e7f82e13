"""MkDocs' hook: the site's pages are the repository's Markdown files, at their own places.

So no page is written twice, and a relative link between two of them is right on a code host and on
the site.
"""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CHANGELOG.md", "LICENSE", "docs/**/*", "*/README.md", "weights/*.md")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the files that a pattern in `nav` matches in its place."""
    config.nav = [_expanded(entry) for entry in config.nav or ()]
    return config


@event_priority(100)  # before the plugins that look for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the repository's files instead of those of docs/ alone."""
    kept = [file for file in files if file.src_dir != config.docs_dir]
    paths = sorted({path for pattern in PAGES for path in ROOT.glob(pattern) if path.is_file()})
    return Files([*kept, *(_file(path, config) for path in paths)])


def _file(path: Path, config: MkDocsConfig) -> File:
    uri = path.relative_to(ROOT).as_posix()
    return File(uri, str(ROOT), config.site_dir, config.use_directory_urls)


def _expanded(entry: Any) -> Any:
    """A nav entry, with the list of files where its value is a pattern such as weights/*.md."""
    if isinstance(entry, dict):
        return {title: _expanded(value) for title, value in entry.items()}
    if isinstance(entry, list):
        return [_expanded(one) for one in entry]
    if "*" not in entry:
        return entry
    return [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob(entry))]
