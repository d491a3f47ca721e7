"""The processes that work for this one: started when there is much to do, stopped when they take too long."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import cast

import structlog

from publisher.sources.apart import messages
from publisher.sources.apart.child import ENDED_IDLE, READY
from publisher.sources.apart.messages import Broken
from publisher.sources.work import Arguments, Result, Work, WorkEnded

_log = structlog.get_logger(__name__)

LIMIT = 60
"""Seconds that one piece of work may take: the slowest known document takes ten."""

IDLE = 60
"""Seconds without work after which a process ends: memory that nobody uses."""

ATTEMPTS = 3
"""Processes that are asked for one piece of work, when each ends just then because it had nothing to do."""

START = 60.0
"""Seconds within which a process is ready."""

MUCH, WITHIN = 16, 30.0
"""So many pieces of work within so many seconds are worth a process."""

MOST = 2
"""Processes that are used unless the operator says otherwise: more of them wait for what this one can store."""

_CHILD = "publisher.sources.apart.child"


def usual_number() -> int:
    """How many processes there may be unless the operator says otherwise: none where there is one processor."""
    return min(MOST, processors()) if processors() > 1 else 0


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not everywhere
        return os.cpu_count() or 1


class _Ended(Exception):
    """A process is no more; `idle` when it had nothing to do, and has not begun with what it was sent."""

    def __init__(self, reason: str, *, idle: bool = False) -> None:
        super().__init__(reason)
        self.idle = idle


class Processes(Work):
    """At most so many processes; threads share them. Few pieces of work, or 0 processes: it is done here."""

    def __init__(self, most: int, *, limit: int = LIMIT, idle: int = IDLE, much: int = MUCH) -> None:
        """`limit` is how many seconds one piece may take, `idle` after how many without one a process ends, `much` from
        how many pieces in a while on processes do them."""
        self._most = most if sys.executable else 0
        self._limit = limit
        self._seconds = idle
        self._much = much
        self._changed = threading.Condition()
        self._begun: deque[float] = deque(maxlen=max(1, much))
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._starting = 0

    @property
    def ids(self) -> list[int]:
        """The process ids of those that were started and have not been found ended."""
        with self._changed:
            return sorted(child.id for child in self._children)

    def __call__(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What the function returns; raises what it raises, and WorkEnded."""
        child = self._take() if self._is_much() else None
        if child is None:
            return function(*args, **kwargs)
        message = messages.pack((function, args, kwargs))
        for _ in range(ATTEMPTS):
            try:
                return cast(Result, _judged(*self._asked(child, message)))
            except _Ended as ended:
                if not ended.idle:
                    raise WorkEnded(str(ended)) from None
            if (child := self._take()) is None:
                break
        return function(*args, **kwargs)

    def close(self) -> None:
        """End the processes; from now on all is done here."""
        with self._changed:
            self._most = 0
            idle, self._idle = self._idle, []
            busy, self._children = self._children.difference(idle), set()
            self._changed.notify_all()
        for child in idle:
            child.end()
        for child in busy:
            child.kill()

    def _is_much(self) -> bool:
        if not self._most:
            return False
        now = time.monotonic()
        with self._changed:
            self._begun.append(now)
            return len(self._begun) >= self._much and now - self._begun[0] <= WITHIN

    def _take(self) -> "_Child | None":
        """A process that has nothing to do; waits for one while there are as many as there may be. None: do it here."""
        with self._changed:
            while self._most:
                while self._idle:
                    child = self._idle.pop()
                    if child.is_alive():
                        return child
                    self._children.discard(child)
                if len(self._children) + self._starting < self._most:
                    self._starting += 1
                    break
                self._changed.wait()
            else:
                return None
        return self._started()

    def _started(self) -> "_Child | None":
        child = None
        try:
            child = _Child(self._limit, self._seconds)
        except (OSError, EOFError, Broken) as error:
            _log.warning("no process could be started: feeds are read in this one", error=str(error) or "it ended")
        with self._changed:
            self._starting -= 1
            if child is None:
                self._most = 0
            elif self._most:
                self._children.add(child)
            self._changed.notify_all()
            if child is None or self._most:
                return child
        child.end()
        return None

    def _asked(self, child: "_Child", message: bytes) -> tuple[str, object]:
        """The answer of a process, which is free for others then. Raises _Ended."""
        try:
            answer = child.ask(message)
        except _Ended:
            with self._changed:
                self._children.discard(child)
                self._changed.notify()
            raise
        with self._changed:
            if child in self._children:
                self._idle.append(child)
            self._changed.notify()
        return answer


def _judged(outcome: str, value: object) -> object:
    match outcome, value:
        case "done", result:
            return result
        case "raised", Exception() as error:
            raise error
        case "ended", reason:
            raise WorkEnded(str(reason))
        case _, told:
            _log.error("reading failed", traceback=str(told))
            raise WorkEnded(f"reading it failed ({str(told).strip().rpartition(chr(10))[2]})")


class _Child:
    """One process. Raises OSError, EOFError and Broken when it does not start."""

    def __init__(self, limit: int, idle: int) -> None:
        self._limit = limit
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _CHILD, str(limit), str(idle)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                # Ctrl-C on a terminal is for us; this one ends with its work.
                process_group=0,
            )
        self.id: int = self._process.pid
        try:
            if messages.receive(self._connection, START) != READY:
                raise Broken("it does not say that it is ready")
        except BaseException:
            self.end()
            raise

    def is_alive(self) -> bool:
        """Whether it runs; one that does not leaves nothing behind."""
        if self._process.poll() is None:
            return True
        self._connection.close()
        return False

    def end(self) -> None:
        """End it at once, whatever it does: for who has it."""
        self.kill()
        self._connection.close()

    def kill(self) -> None:
        """End it at once, and leave the connection to the thread that may be waiting at it."""
        self._process.kill()
        self._process.wait()

    def ask(self, message: bytes) -> tuple[str, object]:
        """Have it do something, and wait for the answer. Raises _Ended, and then it is no more."""
        began = time.monotonic()
        try:
            messages.send(self._connection, message, self._limit)
            left = self._limit - (time.monotonic() - began)
            outcome, value = messages.unpack(messages.receive(self._connection, left))
        except TimeoutError:
            self.end()
            raise _Ended(f"reading it took longer than {self._limit} s and was stopped") from None
        except (EOFError, ConnectionError):
            raise self._ended() from None
        except (Broken, ValueError, TypeError, OSError) as error:
            self.end()
            raise _Ended(f"the process that read it made no sense of it ({error})") from error
        return outcome, value

    def _ended(self) -> _Ended:
        """How it ended by itself."""
        try:
            status = self._process.wait(START)
        except subprocess.TimeoutExpired:
            self.end()
            status = self._process.returncode
        self._connection.close()
        if status == ENDED_IDLE:
            return _Ended("it had nothing to do", idle=True)
        how = f"by {_signal_name(-status)}" if status < 0 else f"with status {status}"
        return _Ended(f"the process that read it ended {how}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _environment() -> dict[str, str]:
    """Ours, with the same modules to be found, and without what only we shall know."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("PUBLISHER")}
    return kept | {"PYTHONPATH": os.pathsep.join(os.path.abspath(folder) for folder in sys.path)}
