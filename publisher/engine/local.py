"""Runs the steps in this process: work side by side in threads, and one step of a name at a time."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOOK_UP = 0.1
"""Seconds between two looks whether to stop."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a step did to one thing (a source, a feed, an edition), for people to read. `idle`: nothing happened."""

    subject: str
    outcome: str
    failed: bool = False
    idle: bool = False


class SideBySide(Protocol):
    """Applies a function to items in threads and gives the results as they come."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, finish: bool = False
    ) -> Iterator[Result]:
        """Results in the order of their arrival; an exception of the function is raised here.

        When the process is to end, what has begun is left to itself, unless `finish` asks to wait for it.
        """
        ...


Step = Callable[[SideBySide], Sequence[Line]]


class LocalEngine:
    """Runs steps by name. `threads` bounds the work side by side, `stop` tells that the process is to end."""

    def __init__(self, steps: Mapping[str, Step], *, threads: int, stop: threading.Event) -> None:
        self._steps = steps
        self._threads = threads
        self._stop = stop
        self._locks = {name: threading.Lock() for name in steps}

    def run(self, step: str) -> list[Line]:
        """Run one step and wait for it; a second call of the same name waits for the first."""
        with self._locks[step]:
            return [] if self._stop.is_set() else list(self._steps[step](self.side_by_side))

    def busy(self, step: str) -> bool:
        """Whether a step is running now."""
        return self._locks[step].locked()

    def adopt(self, steps: Mapping[str, Step], threads: int) -> None:
        """Go on with other steps of the same names, once none of the old ones runs any more."""
        with ExitStack() as stack:
            for lock in self._locks.values():
                stack.enter_context(lock)
            self._steps, self._threads = steps, threads

    def side_by_side(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, finish: bool = False
    ) -> Iterator[Result]:
        """See `SideBySide`. With `finish` each item has a thread of its own."""
        waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()
        for item in items:
            waiting.put(item)

        def work() -> None:
            while finish or not self._stop.is_set():
                try:
                    item = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((function(item), None))
                except BaseException as error:  # handed to whoever waits for the result
                    done.put((None, error))

        # Daemons: a server that answers for half a minute must not hold up the end of the process.
        for number in range(len(items) if finish else min(self._threads, len(items))):
            threading.Thread(target=work, name=f"worker-{number}", daemon=True).start()
        for _ in items:
            outcome = self._next(done, finish=finish)
            if outcome is None:
                return
            result, error = outcome
            if error is not None:
                raise error
            yield result  # type: ignore[misc]

    def _next(
        self, done: "queue.SimpleQueue[tuple[Result | None, BaseException | None]]", *, finish: bool
    ) -> tuple[Result | None, BaseException | None] | None:
        while finish or not self._stop.is_set():
            try:
                return done.get(timeout=_LOOK_UP)
            except queue.Empty:
                continue
        return None
