"""Everything that craftlite raises on purpose; the command line turns these into one sentence."""


class CraftliteError(Exception):
    """Base of all errors that a user can cause and mend; its text is one clear sentence."""


class InputError(CraftliteError):
    """A picture that cannot be read or is refused."""


class WeightsError(CraftliteError):
    """A weights file that is missing, corrupt or of another network."""


class ConfigError(CraftliteError):
    """A setting that is outside its range, or settings that contradict each other."""


class DatasetError(CraftliteError):
    """A dataset that is missing or whose annotation cannot be used."""
