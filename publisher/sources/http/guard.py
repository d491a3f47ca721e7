"""The network under the fetcher: it connects only to addresses it has checked, and only until a deadline.

A name is resolved here, once, and the connection goes to the very address that was judged, so that a name that
changes its address between the check and the use (DNS rebinding) gains nothing.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import httpcore2

CONNECT_TIMEOUT = 10.0
"""Seconds for one address: a host with a dead IPv6 address still gets its turn on IPv4."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]
"""Gives the addresses of a name for a port, as text; raises OSError (or ValueError) when there is none."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REFUSED_V6 = tuple(
    ipaddress.ip_network(network)
    # IPv4-mapped and -compatible, local NAT64, Teredo, 6to4, site-local: none names a public host of today, and
    # most carry an IPv4 address that a gateway may unpack.
    for network in ("::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "fec0::/10")
)


class AddressRefused(httpcore2.ConnectError):
    """The guard let no address of a host through; the message is for the operator. `pair` names the host, as
    `allow_private` would."""

    def __init__(self, message: str, pair: str = "") -> None:
        super().__init__(message)
        self.pair = pair


class ProxyUnreachable(httpcore2.ConnectError):
    """No connection to a proxy could be had; the message is for the operator."""


class Deadline:
    """An instant by which a whole request must be over; it stands still while `paused`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; never less than zero."""
        return max(0.0, self._end - time.monotonic())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Waiting for our own manners costs the server nothing of its time."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._end += time.monotonic() - started


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Bind a deadline to everything this thread does on the network meanwhile."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def _limit(timeout: float | None, error: type[Exception]) -> float | None:
    """The shorter of a timeout and what is left until the deadline; raises `error` when nothing is."""
    deadline = _current.get()
    if deadline is None:
        return timeout
    left = deadline.remaining()
    if left <= 0:
        raise error("the deadline has passed")
    return left if timeout is None else min(timeout, left)


def is_public(address: Address) -> bool:
    """Whether an address is a public unicast one.

    Not: private, loopback, link-local, shared (RFC 6598), unspecified, multicast, reserved, IPv4 inside IPv6. An
    address behind the well-known NAT64 prefix (RFC 6052) is judged by the IPv4 address it carries.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.scope_id is not None or any(address in network for network in _REFUSED_V6):
            return False
    elif address.is_reserved or address in ipaddress.ip_network("192.88.99.0/24"):
        return False
    return address.is_global and not address.is_multicast


@lru_cache(maxsize=1024)
def is_loopback_host(host: str) -> bool:
    """Whether a URL's host names this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class GuardedBackend(httpcore2.NetworkBackend):
    """Connects to public addresses, and to the `host:port` pairs that were opened by name."""

    def __init__(self, allow_private: Iterable[str] = (), resolve: Resolver | None = None) -> None:
        self._open = frozenset(pair.casefold() for pair in allow_private)
        self._resolve = resolve or system_resolver
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, judge, and connect to one of the addresses that passed."""
        failure: Exception | None = None
        for address in self._permitted(host, port):
            limit = _limit(timeout, httpcore2.ConnectTimeout)
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    port,
                    timeout=CONNECT_TIMEOUT if limit is None else min(limit, CONNECT_TIMEOUT),
                    local_address=local_address,
                    socket_options=socket_options,
                )
                return _DeadlineStream(stream)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("the name has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore2.NetworkStream:
        """Never: no URL names a socket file."""
        raise AddressRefused("sockets in the file system are not for fetching")

    def check(self, host: str, port: int) -> None:
        """Judge an address without connecting; raises AddressRefused. A name that can't be resolved here passes."""
        try:
            self._permitted(host, port)
        except AddressRefused:
            raise
        except httpcore2.ConnectError:
            return

    def _permitted(self, host: str, port: int) -> list[Address]:
        addresses = _addresses(host, port, self._resolve, _limit(CONNECT_TIMEOUT, httpcore2.ConnectTimeout))
        pair = pair_of(host, port)
        if pair in self._open:
            return addresses
        passed = [address for address in addresses if is_public(address)]
        if not passed:
            shown = host if str(addresses[0]) == host else f"{host} is {addresses[0]}, which"
            raise AddressRefused(f"{shown} is not a public address", pair)
        return passed


class ProxyBackend(GuardedBackend):
    """Connects to a proxy, and to nothing else: what fails here is the way, not the server that was asked for."""

    def __init__(self, host: str, port: int, resolve: Resolver | None = None) -> None:
        super().__init__([pair_of(host, port)], resolve)
        self._proxy = pair_of(host, port)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the proxy; raises ProxyUnreachable."""
        try:
            return super().connect_tcp(host, port, timeout, local_address, socket_options)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            reason = str(error) or "connecting timed out"
            raise ProxyUnreachable(f"the proxy of this source, {self._proxy}, can't be reached ({reason})") from error


def pair_of(host: str, port: int) -> str:
    """A host and a port as one word, an IPv6 address in brackets, in lower case."""
    return f"[{host}]:{port}".casefold() if ":" in host else f"{host}:{port}".casefold()


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that this machine's resolver gives for a name; raises OSError or UnicodeError."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _addresses(host: str, port: int, resolve: Resolver, timeout: float | None) -> list[Address]:
    """All addresses of a name. A resolver knows no deadline, so it is asked in a thread of its own."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    answers: queue.SimpleQueue[list[Address] | OSError | ValueError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put([ipaddress.ip_address(address) for address in resolve(host, port)])
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from None
    if not isinstance(answer, list) or not answer:
        raise httpcore2.ConnectError(f"the name {host} can't be resolved")
    return answer


class _DeadlineStream(httpcore2.NetworkStream):
    """A connection whose every wait ends at the deadline of the request that uses it now."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=_limit(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=_limit(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit = _limit(timeout, httpcore2.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, timeout=limit))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
