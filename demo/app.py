"""The page for hosts that start a file, such as Spaces: `python demo/app.py`."""

import os

from craftlite.demo.page import build, serve
from craftlite.demo.session import DetectorPool

if __name__ == "__main__":
    serve(
        build(DetectorPool()),
        os.environ.get("HOST", "0.0.0.0"),
        int(os.environ.get("PORT", "7860")),
        os.environ.get("ALLOW_HOSTS", os.environ.get("SPACE_HOST", "")).split(),
    )
