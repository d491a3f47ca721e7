"""Signals as something to wait for: no handler interrupts what the program is doing."""

import signal
from types import TracebackType

WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDING = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Holds the signals back, in this thread and in all that it starts from now on, until they are asked for."""

    def __enter__(self) -> "Signals":
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self.next(0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def next(self, seconds: float) -> int | None:
        """The next signal, waiting so long for it; None when none came."""
        received = signal.sigtimedwait(WATCHED, seconds)
        return received.si_signo if received else None
