"""Work that takes the processor long and needs nothing but its arguments: done at once, or in another process."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class WorkEnded(Exception):
    """Work had no end of its own: it took too long, or ended the process that did it. The message says which."""


class Work(Protocol):
    """Calls a function, perhaps elsewhere.

    The function is one of a module, and it, its arguments and its result are values that can be pickled.
    """

    def __call__(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What the function returns; raises what it raises, and WorkEnded."""
        ...


def at_once(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Do it here and now."""
    return function(*args, **kwargs)
