"""The web server of `publisher web`: Granian on the event loop of this process."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server as Granian
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from publisher.web.serve import bind

log = logging.getLogger(__name__)

END_WITHIN = 1.0
"""Seconds that answers under way have once it is told to end, and so has the rest of a question."""


def serve_until_told(app: ASGIApp, host: str, port: int, trusted_proxies: Sequence[str] = ()) -> None:
    """Serve until SIGINT or SIGTERM. Raises PublisherError when the port can't be had.

    Who asks is believed to `trusted_proxies` alone, as by `web.serve.Server`.
    """
    # Granian binds by itself; here it is found out first whether it can, for a line that names the key.
    bind(host, port, "web.port").close()
    if trusted_proxies:
        app = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted_proxies))  # type: ignore[arg-type,assignment]
    server = Granian(
        _logged(app),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
        backlog=1024,
    )
    uvloop.run(_serve(server))


async def _serve(server: Granian) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.stop()  # type: ignore[no-untyped-call]
        # Granian would wait for as long as somebody keeps it waiting.
        loop.call_later(END_WITHIN, os._exit, 0)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    await server.serve()


def _logged(app: ASGIApp) -> ASGIApp:
    """An application whose faults stand in our log: Granian would print them, and nothing would be struck out."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception:  # the others are served on
            log.exception("a request was not answered")

    return answer
