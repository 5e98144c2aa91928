"""Why a command cannot be sent."""


class NotPossible(Exception):
    """The command cannot be put to this station, and why."""
