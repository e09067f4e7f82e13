"""The errors that craftlite raises on purpose; the command line prints each as one sentence."""


def printable(text: str) -> str:
    r"""A text with its control characters escaped, as \n is, so that no terminal acts on them.

    Names of files and addresses may contain any; escaping a text again changes nothing.
    """
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


class CraftliteError(Exception):
    """Base of all errors that a user can cause and mend; its text is one clear sentence."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(CraftliteError):
    """A picture that cannot be read or is refused."""


class TooLargeError(InputError):
    """A picture of more bytes or pixels than are read."""


class WeightsError(CraftliteError):
    """A weights file that is missing, corrupt or of another network."""


class ConfigError(CraftliteError):
    """A setting that is outside its range, or settings that contradict each other."""


class DatasetError(CraftliteError):
    """A dataset that is missing or whose annotation cannot be used.

    More lines may follow the sentence: the files expected, or more places like the first.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, Exception.__str__(self).split("\n")))
