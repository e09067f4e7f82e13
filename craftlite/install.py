"""The pip command that installs an extra of craftlite from wherever craftlite came from."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_ROOT = Path(__file__).parents[1]


def install_hint(extra: str) -> str:
    """Return the pip command for an extra, from the clone, wheel or URL that craftlite came from.

    pip records such an origin as PEP 610 specifies; without a record, craftlite came from a package
    index. A clone is installed with -e, so that the weights to start trainings from are available.
    """
    if (_ROOT / "pyproject.toml").is_file():
        return f"pip install -e '{_ROOT}[{extra}]'"
    try:
        noted = distribution("craftlite").read_text("direct_url.json")
    except PackageNotFoundError:
        noted = None
    if noted is None:
        return f"pip install 'craftlite[{extra}]'"
    origin = json.loads(noted)
    if "dir_info" in origin:
        return f"pip install -e '{url2pathname(urlsplit(origin['url']).path)}[{extra}]'"
    scheme = f"{origin['vcs_info']['vcs']}+" if "vcs_info" in origin else ""
    return f"pip install 'craftlite[{extra}] @ {scheme}{origin['url']}'"
