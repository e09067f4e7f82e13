"""Has memory that was freed go back to the machine."""

import ctypes
import sys

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # in glibc's malloc.h


def return_what_is_freed() -> None:
    """Has glibc give each large block back as soon as it is freed; elsewhere nothing is done.

    By itself it learns from the first blocks of a picture to keep such blocks, and does so in each
    of the threads that answer visitors: hundreds of megabytes.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, 2**20)
        library.mallopt(M_ARENA_MAX, 2)
