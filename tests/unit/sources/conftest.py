"""A site on loopback, a fetcher that may reach it, and a desk that reads with it."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta

import pytest

from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from tests.unit.sources.site import Desk, Site


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="session")
def certificates() -> ssl.SSLContext:
    """The authorities, read once: that takes longer than most tests."""
    return ssl.create_default_context()


@pytest.fixture
def fetcher(site: Site, certificates: ssl.SSLContext) -> Iterator[HttpFetcher]:
    config = FetchConfig(allow_private=(site.host,), deadline=timedelta(seconds=60))
    fetcher = HttpFetcher(config, ssl_context=certificates)
    yield fetcher
    fetcher.close()


@pytest.fixture
def desk(fetcher: HttpFetcher) -> Desk:
    return Desk(fetcher)


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of loopback on which nobody listens, nor will meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
