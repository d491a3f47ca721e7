"""Which server runs our applications: uvicorn, in a thread of this process, on a socket that we bind ourselves.

Granian is faster, but embedded it wants to bind by itself, and then can't say which port it was given.
"""

import errno
import socket
import threading
import time
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

from publisher.errors import PublisherError

START_LIMIT = 10.0
"""Seconds that a server may take to come up."""


class Server:
    """One application on one address.

    No signal handlers and no access log: its lines would hold addresses and tokens. `key` names the setting that a
    message speaks of when the port can't be had. Who asks is believed to `trusted_proxies` alone, addresses and
    networks: there the client is the last address in X-Forwarded-For that is none of theirs.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, key: str, trusted_proxies: Sequence[str] = ()) -> None:
        self.host = host
        self.port = port
        """The port it listens on; for 0 the one that was given, once started."""
        self._key = key
        self._socket: socket.socket | None = None
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Without a proxy to trust they are not read, so forged headers change nothing.
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=f"web {host}:{port}", daemon=True)

    def start(self) -> None:
        """Bind and serve; returns when requests are answered. Raises PublisherError when the port can't be had."""
        self._socket = bind(self.host, self.port, self._key)
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        give_up = time.monotonic() + START_LIMIT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > give_up:
                raise PublisherError(f"The server on {self.host}:{self.port} did not come up: see the log")
            time.sleep(0.005)

    @property
    def address(self) -> str:
        """Where it answers, as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def stop(self, timeout: float = 1.0) -> bool:
        """End: idle connections are closed at once, an answer under way has `timeout` seconds. False when it hangs."""
        if not self._thread.is_alive():
            return True
        self._server.should_exit = True
        self._thread.join(timeout)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(0.5)
        return not self._thread.is_alive()

    def _run(self) -> None:
        assert self._socket is not None
        self._server.run(sockets=[self._socket])


def bind(host: str, port: int, key: str) -> socket.socket:
    """A socket that listens. Raises PublisherError with a line that names the `key` to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise PublisherError(
            f"{key.replace('port', 'host')}: {host} is no address of this machine ({error})"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        # A restart must not wait for the connections of the run before it to fade.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PublisherError(_refusal(key, f"{host}:{port}", error)) from error
    return listener


def _refusal(key: str, where: str, error: OSError) -> str:
    """One line that names the key to change."""
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use by another program: stop that one, or change {key}"
        case errno.EACCES:
            return f"{where} is not ours to open (ports below 1024 need rights): change {key}"
        case errno.EADDRNOTAVAIL:
            host_key = key.replace("port", "host")
            return f"{where} can't be opened: no such address on this machine: change {host_key}"
        case _:
            return f"{where} can't be opened ({error}): change {key}"
