"""The free faces that the scenes are lettered with, and the Debian package of each."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from craftlite.synth.fonts import SYSTEM_FONTS

PACKAGES = {
    "EBGaramond12-Bold.otf": "fonts-ebgaramond",
    "EBGaramond12-Italic.otf": "fonts-ebgaramond",
    "Lato-Black.ttf": "fonts-lato",
    "Lato-Bold.ttf": "fonts-lato",
    "LeagueSpartan-Bold.otf": "fonts-league-spartan",
    "LiberationMono-Bold.ttf": "fonts-liberation",
    "LiberationMono-Regular.ttf": "fonts-liberation",
    "LiberationSans-Bold.ttf": "fonts-liberation",
    "OpenSans-Semibold.ttf": "fonts-open-sans",
    "Roboto-Medium.ttf": "fonts-roboto-unhinted",
    "RobotoCondensed-Bold.ttf": "fonts-roboto-unhinted",
    "Vollkorn-Bold.ttf": "fonts-vollkorn",
    "YanoneKaffeesatz-Bold.otf": "fonts-yanone-kaffeesatz",
    "lobster.otf": "fonts-lobster",
}


@lru_cache(maxsize=64)
def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The face whose file has this stem, at `size` pixels an em; exits naming what to install."""
    file = next(known for known in PACKAGES if Path(known).stem == name)
    path = next(SYSTEM_FONTS.rglob(file), None)
    if path is None:
        raise SystemExit(f"{file} is not under {SYSTEM_FONTS}: install {PACKAGES[file]}")
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
