"""Errors that a user can cause. Each says what is wrong and what to type next, and has an exit code of its kind."""


class IsicbenchError(Exception):
    """An error to show as one message, without a traceback.

    `hint` is what to type or do next.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(IsicbenchError):
    """An option or a config field holds a value that it cannot have."""

    exit_code = 2


class DataError(IsicbenchError):
    """Images, masks, archives or folders are missing or unsound."""

    exit_code = 3


class WeightsError(IsicbenchError):
    """Pretrained weights cannot be had or do not fit the network."""

    exit_code = 4


class StoreError(IsicbenchError):
    """The database cannot be opened, read or written."""

    exit_code = 5


class DeviceError(IsicbenchError):
    """A device that was asked for is not there, or cannot be used."""

    exit_code = 6


class RunsFailedError(IsicbenchError):
    """A study ended with runs that failed or diverged."""

    exit_code = 7


class ImagesLeftOutError(IsicbenchError):
    """Some images could not be read; what was asked for was done for the others."""

    exit_code = 8


class ClusterError(IsicbenchError):
    """A cluster's queue is not there, does not take the work, or has ended it."""

    exit_code = 9


class ExportError(IsicbenchError):
    """A network cannot be written in a format, or computes something else there."""

    exit_code = 12


class NotReproducedError(IsicbenchError):
    """A run that was trained again has other figures."""

    exit_code = 13


class StudyInterruptedError(IsicbenchError):
    """The user or the system asked the command to stop."""

    exit_code = 130
