"""Rendering of an untrusted PDF's page in a separate process, as PDFium has no time limit.

`python -m craftlite.image.pdf_process PAGE MAX_PIXELS < FILE` writes the picture, then the number
of pages.
"""

import os
import subprocess
import sys
from contextlib import suppress
from io import BytesIO

import numpy as np

from craftlite.errors import InputError
from craftlite.geometry import Picture
from craftlite.image.pdf import Pdf

SECONDS = 30  # time limit for one page, including the start of the process
MEMORY = 2 * 2**30  # limit on the process's address space in bytes
_REFUSED = 3  # exit code after an InputError, whose message is on stderr


def draw_page(data: bytes, number: int, max_pixels: int) -> tuple[Picture, int]:
    """Return a page of a PDF as (H, W, 3) uint8 RGB, and the number of pages.

    Raises:
        InputError: the page does not exist or cannot be drawn within SECONDS and MEMORY.
    """
    command = [sys.executable, "-m", "craftlite.image.pdf_process", str(number), str(max_pixels)]
    # On a large machine, one thread per core would exceed the address space.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"drawing page {number} timed out after {SECONDS} s") from None
    if done.returncode == _REFUSED:
        raise InputError(done.stderr.decode(errors="replace").strip())
    if done.returncode:
        raise InputError(f"page {number} cannot be drawn: the PDF is damaged, or too large")
    answer = BytesIO(done.stdout)
    return np.load(answer), int(np.load(answer))


def main() -> int:
    """Draw the page of a PDF on standard input that the arguments name; return the exit code."""
    with suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    number, max_pixels = map(int, sys.argv[1:])
    try:
        pdf = Pdf(sys.stdin.buffer.read(), "the PDF", max_pixels)
        if not pdf.has(number):
            raise InputError(f"the PDF has no page {number}")
        np.save(sys.stdout.buffer, pdf.read(number))
        np.save(sys.stdout.buffer, pdf.count)
    except InputError as error:
        print(error, file=sys.stderr)
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
