"""For who watches over the process: `/healthz` says that it lives, `/readyz` that it can do its work."""

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse

from publisher.errors import StorageError
from publisher.storage.database import SqlStorage
from publisher.storage.migrate import is_current

log = structlog.get_logger(__name__)


def health_routes(storage: SqlStorage) -> APIRouter:
    """The two routes, in plain JSON."""
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def ready() -> JSONResponse:
        try:
            with storage.look() as connection:
                fits = is_current(connection)
        except StorageError as error:
            # The whole message may name hosts and paths: that is for the log.
            log.warning("not ready", reason=str(error))
            return _unavailable("the database does not answer")
        return JSONResponse({"status": "ok"}) if fits else _unavailable("the database has another schema: restart")

    return router


def _unavailable(reason: str) -> JSONResponse:
    return JSONResponse({"status": "unavailable", "reason": reason}, 503)
