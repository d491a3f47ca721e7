"""The connections of the fetcher: straight to the servers, or through the proxy that a source's owner named."""

import functools
import ssl
import threading
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from publisher.sources.http.guard import GuardedBackend, ProxyBackend, Resolver

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@functools.cache
def _usual_context() -> ssl.SSLContext:
    """What is trusted. To read all those certificates takes longer than the rest of a start, so once is enough."""
    # Without the environment: SSL_CERT_FILE and proxies of the shell are not for other people's pages.
    return httpx2.create_ssl_context(trust_env=False)


class Pools:
    """A pool for each way out, made when it is first taken.

    Straight connections go to addresses that the guard has judged. A proxy was named by the owner, so its own address
    may be private; what it is asked for is judged before, as far as that can be done from here (`check`): an address
    that is not public, and a name that is known here to be at one, are refused. A name that only the proxy can resolve
    is the proxy's to judge.
    """

    def __init__(self, allow_private: tuple[str, ...], ssl_context: ssl.SSLContext | None, resolve: Resolver) -> None:
        self._ssl_context = ssl_context or _usual_context()
        self._guard = GuardedBackend(allow_private, resolve)
        self._resolve = resolve
        self._pools: dict[str, httpcore2.ConnectionPool] = {}
        self._lock = threading.Lock()

    def get(self, proxy: str, url: httpx2.URL) -> httpcore2.ConnectionPool:
        """The pool for an address through a proxy (or none); raises AddressRefused for what a proxy may not be
        asked."""
        if proxy:
            self.check(url)
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._through(proxy) if proxy else self._straight()
            return self._pools[proxy]

    def check(self, url: httpx2.URL) -> None:
        """Judge an address without asking for it; raises AddressRefused."""
        self._guard.check(url.host, port_of(url))

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()

    def _straight(self) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=self._guard,
        )

    def _through(self, proxy: str) -> httpcore2.ConnectionPool:
        parts = urlsplit(proxy)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        shown = f"[{host}]" if ":" in host else host
        user = (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username else None
        kind = httpcore2.SOCKSProxy if parts.scheme.startswith("socks") else httpcore2.HTTPProxy
        return kind(
            f"{parts.scheme}://{shown}:{port}",
            proxy_auth=user,
            ssl_context=self._ssl_context,
            max_connections=None,
            max_keepalive_connections=5,
            keepalive_expiry=5.0,
            network_backend=ProxyBackend(host, port, self._resolve),
        )


def port_of(url: httpx2.URL) -> int:
    """The port of an http(s) address, written or not."""
    return url.port or _PORTS[url.scheme]
