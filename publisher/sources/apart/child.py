"""What a process does that works for another: `python -m publisher.sources.apart.child SECONDS IDLE`.

Its standard input is a socket. What comes is a function of ours with its arguments; back go its result, or what it
raised. It ends when the other side does, when nothing came for IDLE seconds, and when one piece of work took so much
longer than SECONDS that nobody can be waiting for it any more.
"""

import importlib
import pickle
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from publisher.sources.apart.messages import pack, receive, send

MEMORY = 1024**3
"""Bytes that it may hold, whatever a document asks for."""

READY = b"ready"
ENDED_IDLE = 0
SPARE = 10
"""Seconds beyond those that the other side waits: by then it is gone."""

_USUAL = "publisher.sources.feeds.drafts"
"""What it is mostly asked for, loaded before it says that it is ready."""


def main(seconds: int, idle: int) -> int:
    """Work until there is none; returns the status of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    importlib.import_module(_USUAL)
    # The other side may end at any moment, which is no fault.
    with socket.socket(fileno=0) as connection, suppress(EOFError, ConnectionError, TimeoutError):
        send(connection, READY)
        while True:
            message = receive(connection, idle)
            signal.alarm(seconds + SPARE)
            answer = done(message)
            signal.alarm(0)
            send(connection, answer)
    return ENDED_IDLE


def done(message: bytes) -> bytes:
    """Do what a message asks for: the answer, as a message."""
    function: Callable[..., Any]
    function, args, kwargs = pickle.loads(message)
    try:
        return pack(("done", function(*args, **kwargs)))
    except MemoryError:
        return pack(("ended", f"it takes more memory than {MEMORY // 1024**2} MiB"))
    except Exception as error:  # handed to who asked
        if type(error).__module__.startswith("publisher."):
            return pack(("raised", error))
        return pack(("failed", "".join(traceback.format_exception(error))))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
