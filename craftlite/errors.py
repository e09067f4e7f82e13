"""The exceptions that craftlite raises; the command line prints each as one sentence."""


def printable(text: str) -> str:
    r"""Escape control characters (as \n, for example) so that no terminal interprets them.

    File names and URLs may contain any character. Escaping a text twice changes nothing.
    """
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


class CraftliteError(Exception):
    """Base class of all errors that a user can cause and fix; the message is one sentence."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(CraftliteError):
    """A picture cannot be read or is refused."""


class TooLargeError(InputError):
    """A picture exceeds the limit on bytes or pixels."""


class WeightsError(CraftliteError):
    """A weights file is missing, corrupt or of another network."""


class ConfigError(CraftliteError):
    """A setting is outside its range, or settings contradict each other."""


class DatasetError(CraftliteError):
    """A dataset is missing, or its annotations cannot be used.

    Further lines may follow the sentence: the expected files, or more places with the same problem.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, Exception.__str__(self).split("\n")))
