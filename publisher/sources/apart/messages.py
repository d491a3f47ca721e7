"""What two processes say to each other: values, pickled, each behind its length, over a pair of sockets."""

import pickle
import socket
import struct
import sys
import time
from io import BytesIO
from typing import Any

LARGEST = 256 * 1024 * 1024
"""Bytes of one message: a document may have 50 MiB, and what is read of it is seldom larger."""

_LENGTH = struct.Struct("!I")
_OTHERS = {("datetime", "datetime"), ("datetime", "timedelta"), ("datetime", "timezone"), ("builtins", "frozenset")}


class Broken(Exception):
    """What came is no message, or names what nobody may send."""


def pack(value: object) -> bytes:
    """A value as a message."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpack(message: bytes) -> Any:
    """The value of a message from who must not be trusted: plain values, and those of our own classes that are loaded
    here. Raises Broken."""
    try:
        return _OwnValues(BytesIO(message)).load()
    except Exception as error:  # a pickle can raise whatever its classes raise
        raise Broken(f"{type(error).__name__}: {error}") from error


class _OwnValues(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        ours = module_name.startswith("publisher.") and module_name in sys.modules and "." not in global_name
        if ours or (module_name, global_name) in _OTHERS:
            found = super().find_class(module_name, global_name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no value of ours")


def send(connection: socket.socket, message: bytes, seconds: float | None = None) -> None:
    """Send a message; raises TimeoutError when the other side does not take it in time, OSError when it is gone."""
    connection.settimeout(seconds)
    connection.sendall(_LENGTH.pack(len(message)) + message)


def receive(connection: socket.socket, seconds: float | None = None) -> bytes:
    """The next message; raises TimeoutError, EOFError when the other side has ended, and Broken."""
    until = None if seconds is None else time.monotonic() + seconds
    [length] = _LENGTH.unpack(_exactly(connection, _LENGTH.size, until))
    if length > LARGEST:
        raise Broken(f"a message of {length:,} bytes")
    return bytes(_exactly(connection, length, until))


def _exactly(connection: socket.socket, length: int, until: float | None) -> memoryview:
    whole = memoryview(bytearray(length))
    filled = 0
    while filled < length:
        connection.settimeout(None if until is None else max(until - time.monotonic(), 1e-3))
        count = connection.recv_into(whole[filled:])
        if not count:
            raise EOFError
        filled += count
    return whole
