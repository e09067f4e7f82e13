"""Storage of the visitors' current pictures, within a memory budget."""

import secrets
from collections import OrderedDict
from threading import Lock

from craftlite.demo.session import Analysis
from craftlite.errors import InputError

BUDGET = 256 * 2**20  # bytes: two of the largest pictures, or 64 of 1280x1024 pixels
GONE = "Your picture was removed to free memory for later visitors: drop it again."


class Shelf:
    """Analysed pictures of all sessions; the least recently used are removed above the budget.

    Args:
        budget: maximum size in bytes; the newest picture stays even if it is larger by itself.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._kept: OrderedDict[str, Analysis] = OrderedDict()
        self._lock = Lock()

    def put(self, analysis: Analysis, instead_of: str | None = None) -> str:
        """Store a picture, replacing a session's previous one; return its key."""
        key = secrets.token_hex()
        with self._lock:
            self._kept.pop(instead_of or "", None)
            self._kept[key] = analysis
            size = sum(kept.bytes for kept in self._kept.values())
            while len(self._kept) > 1 and size > self.budget:
                size -= self._kept.popitem(last=False)[1].bytes
        return key

    def get(self, key: str) -> Analysis:
        """Return the picture of a key.

        Raises:
            InputError: the picture has been removed.
        """
        with self._lock:
            if key not in self._kept:
                raise InputError(GONE)
            self._kept.move_to_end(key)
            return self._kept[key]

    def drop(self, key: str | None) -> None:
        """Remove a picture if it is still stored."""
        with self._lock:
            self._kept.pop(key or "", None)
