"""API keys, compared in constant time."""

from collections.abc import Collection, Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from craftlite.errors import ConfigError

LEAST = 16  # minimum number of characters of a key


class Keys:
    """The accepted API keys; without any, every request is accepted.

    Raises:
        ConfigError: a key is too short, or is not printable ASCII.
    """

    def __init__(self, keys: Collection[str]) -> None:
        for key in keys:
            if len(key) < LEAST or not (key.isascii() and key.isprintable()):
                raise ConfigError(f"an API key needs at least {LEAST} characters, all ASCII")
        self._digests = [sha256(key.encode()).digest() for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def accept(self, headers: Mapping[str, str]) -> bool:
        """Return whether headers contain a key: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else headers.get("X-API-Key", "")
        digest = sha256(given.encode("latin-1", "replace")).digest()
        # Compare with all keys, so that the time does not depend on which one matches.
        return not self._digests or sum(compare_digest(digest, key) for key in self._digests) > 0


def read_keys(file: Path | None, environment: Mapping[str, str]) -> Keys:
    """Return the keys in a file, one per line, and the key in CRAFTLITE_API_KEY.

    Raises:
        ConfigError: the file cannot be read or has no key, or a key is too short.
    """
    keys = [key] if (key := environment.get("CRAFTLITE_API_KEY", "").strip()) else []
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise ConfigError(f"--api-key-file {file}: cannot be read ({error})") from None
        found = [line.strip() for line in lines if line.strip()]
        if not found:
            raise ConfigError(f"--api-key-file {file}: contains no key; write one per line")
        keys += found
    return Keys(keys)
