"""For who watches over the process: `/healthz` says that it lives, `/readyz` that it can do its work."""

import logging

from fastapi import APIRouter
from starlette.responses import JSONResponse

from publisher.errors import StorageError
from publisher.pipeline.ports import Storage

_log = logging.getLogger(__name__)


def health_routes(storage: Storage) -> APIRouter:
    """The two routes, in plain JSON."""
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def ready() -> JSONResponse:
        try:
            # Reads a row that every database of ours has, through the tables as this program knows them.
            with storage.read() as work:
                work.meta.instance()
                work.feeds.version()
        except StorageError as error:
            # The whole message may name hosts and paths: that is for the log.
            _log.warning("not ready: %s", error)
            return JSONResponse({"status": "unavailable", "reason": "the database does not answer"}, 503)
        return JSONResponse({"status": "ok"})

    return router
