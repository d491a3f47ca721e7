"""The example site of the first run: plain files, as any small web server would give them.

With ETag, Last-Modified and 304, so that collecting it is like collecting a real one.
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp


def build_example(folder: Path) -> ASGIApp:
    """The application that serves a folder; `/` is its index.html."""
    return Starlette(routes=[Mount("/", StaticFiles(directory=folder, html=True))])
