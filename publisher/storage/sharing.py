"""One commit for several jobs: what threads want to store at the same moment goes into the database together.

A commit waits for the disk, whatever it holds. While one thread waits, others bring their jobs; the next of them takes
all that are there along in its own transaction, each behind a savepoint, so that one that fails takes back only its
own part. A job for later waits for such a commit, or until many like it are there; nobody waits for it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from publisher.storage.unit import SqlUnitOfWork

Result = TypeVar("Result")

MANY = 32
"""Jobs for later that are worth a commit of their own."""

LONGEST = 0.03
"""Seconds after which a shared transaction takes in no more jobs: who only wants to write a row waits behind it."""


class _Job(Generic[Result]):
    """Work that a thread waits for, and how it ended."""

    def __init__(self, work: Callable[[SqlUnitOfWork], Result], *, later: bool = False) -> None:
        self._work = work
        self.later = later
        self._results: list[Result] = []
        self.error: BaseException | None = None
        self.is_over = False

    def run(self, unit: SqlUnitOfWork) -> None:
        """Do it; a failure takes back its own part. Raises only what has ended the whole transaction."""
        try:
            with unit.part():
                self._results.append(self._work(unit))
        except Exception as error:  # handed to the thread that waits
            self.error = error
            if not unit.is_open:
                raise

    def outcome(self) -> Result:
        """The result; raises what ended the job."""
        if self.error is not None:
            raise self.error
        [result] = self._results
        return result


class SharedCommits:
    """Runs jobs of many threads in few transactions. `begin` opens one that commits durably at its end."""

    def __init__(self, begin: Callable[[], AbstractContextManager[SqlUnitOfWork]]) -> None:
        self._begin = begin
        self._waiting: deque[_Job[Any]] = deque()
        self._turn = threading.Lock()
        self._failed: list[BaseException] = []

    def run(self, work: Callable[[SqlUnitOfWork], Result]) -> Result:
        """Run a job and return once it is committed; raises what the job raised, or what the disk says."""
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            # Another thread may have taken it along meanwhile. First come, first served, so this ends.
            while not job.is_over:
                self._commit()
        return job.outcome()

    def later(self, work: Callable[[SqlUnitOfWork], object]) -> None:
        """Run a job with the next commit, or with as many like it as are worth one. See `settle`."""
        self._waiting.append(_Job(work, later=True))
        # Whoever has the turn takes them along.
        if len(self._waiting) >= MANY and self._turn.acquire(blocking=False):
            try:
                self._commit()
            finally:
                self._turn.release()

    def settle(self) -> None:
        """Commit what waits; raises what one of the jobs for later has raised since this was asked last."""
        with self._turn:
            while self._waiting:
                self._commit()
            failed, self._failed = self._failed, []
        if failed:
            raise failed[0]

    def _commit(self) -> None:
        """One transaction with what waits now, as far as it goes in `LONGEST`."""
        began = time.monotonic()
        taken = [self._waiting.popleft()]
        try:
            with self._begin() as unit:
                taken[0].run(unit)
                while self._waiting and time.monotonic() - began < LONGEST:
                    taken.append(self._waiting.popleft())
                    taken[-1].run(unit)
        except BaseException as error:  # handed to all that were in it: nothing of it was stored
            for job in taken:
                job.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for job in taken:
                job.is_over = True
                if job.later and job.error is not None:
                    self._failed.append(job.error)
