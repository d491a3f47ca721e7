"""Our copies of images: `/images/<token>/<name>`. A name is a hash of the bytes, so a copy may be kept for ever."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher.domain.image import COPY_TYPES
from publisher.domain.token import Keyring, is_signed
from publisher.pipeline.images import IMAGES_PATH, PURPOSE
from publisher.pipeline.ports import ImageFiles
from publisher.pipeline.publish import EPOCH
from publisher.web.negotiation import not_modified
from publisher.web.representation import joined

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    # Feed readers on the web show it on pages of their own.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def image_routes(files: ImageFiles, keyring: Keyring) -> APIRouter:
    """The route of copies. What is not signed by us is not there, whatever lies in the folder."""
    router = APIRouter()

    @router.api_route(f"{IMAGES_PATH}/{{token}}/{{name}}", methods=["GET", "HEAD"])
    def image(request: Request, token: str, name: str) -> Response:
        body = files.get(name) if is_signed(keyring, PURPOSE, name, token) else None
        kind = COPY_TYPES.get(name.rpartition(".")[2])
        if body is None or kind is None:
            raise HTTPException(404)
        etag = f'"{name}"'
        headers = {**_HEADERS, "ETag": etag}
        if not_modified(joined(request.headers, "if-none-match"), None, etag, EPOCH):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=kind, headers=headers)

    return router
