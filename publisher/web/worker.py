"""The web server of `publisher web`: Granian on the event loop of this process."""

import asyncio
import signal
from collections.abc import Sequence

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server as Granian
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from publisher.web.serve import bind


def serve_until_told(app: ASGIApp, host: str, port: int, trusted_proxies: Sequence[str] = ()) -> None:
    """Serve until SIGINT or SIGTERM. Raises PublisherError when the port can't be had.

    Who asks is believed to `trusted_proxies` alone, as by `web.serve.Server`.
    """
    # Granian binds by itself; here it is found out first whether it can, for a line that names the key.
    bind(host, port, "web.port").close()
    if trusted_proxies:
        app = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted_proxies))  # type: ignore[arg-type,assignment]
    server = Granian(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        backlog=1024,
    )
    uvloop.run(_serve(server))


async def _serve(server: Granian) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    await server.serve()
