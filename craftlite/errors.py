"""Everything that craftlite raises on purpose; the command line turns these into one sentence."""


def printable(text: str) -> str:
    r"""A text in one line that no terminal obeys: control characters as escapes, such as \n.

    Names of files and addresses may hold any of them; a text that was escaped stays as it is.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


class CraftliteError(Exception):
    """Base of all errors that a user can cause and mend; its text is one clear sentence."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(CraftliteError):
    """A picture that cannot be read or is refused."""


class WeightsError(CraftliteError):
    """A weights file that is missing, corrupt or of another network."""


class ConfigError(CraftliteError):
    """A setting that is outside its range, or settings that contradict each other."""


class DatasetError(CraftliteError):
    """A dataset that is missing or whose annotation cannot be used.

    The sentence may go on for some lines, with the files expected or more places like the first.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, Exception.__str__(self).split("\n")))
