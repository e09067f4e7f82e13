"""The scenes by the name of their picture; each draws one and says how it is photographed."""

from collections.abc import Callable

import numpy as np

from tools.samples.layer import Layer
from tools.samples.photo import Camera
from tools.samples.scenes.books import books
from tools.samples.scenes.hall import hall
from tools.samples.scenes.tables import badge, receipt, tin
from tools.samples.scenes.traffic import motorway, plate
from tools.samples.scenes.walls import platform, poster, street

SCENES: dict[str, Callable[[np.random.Generator], tuple[Layer, Camera]]] = {
    "street": street,
    "receipt": receipt,
    "poster": poster,
    "motorway": motorway,
    "tin": tin,
    "badge": badge,
    "books": books,
    "hall": hall,
    "plate": plate,
    "platform": platform,
}
