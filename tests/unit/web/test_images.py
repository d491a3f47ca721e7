"""Copies of images are served to who has our word for it, for ever, and as nothing but images."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from publisher.domain.token import Keyring, sign_name
from publisher.pipeline.images import PURPOSE
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.storage.image_files import ImageFolder
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, no_feed
from tests.unit.web.conftest import Client

NAME = "ab" + "0" * 30 + ".jpg"


@pytest.fixture
def client(storage: SqlStorage, serve: Callable[[ASGIApp], Client], tmp_path: Path) -> Client:
    files = ImageFolder(tmp_path / "images")
    files.keep(NAME, b"a picture")
    services = Services(Subscribing(storage, FakeClock()), no_feed, images=files)
    return serve(build_web(storage, Templates([shipped_templates()]), Site("Post", "https://post.example"), services))


@pytest.fixture
def token(storage: SqlStorage) -> str:
    with storage.read() as work:
        return sign_name(work.meta.keyring(), PURPOSE, NAME)


def test_a_copy_is_served_as_what_it_is_and_for_ever(client: Client, token: str) -> None:
    answer = client.ask(f"/images/{token}/{NAME}")
    assert (answer.status, answer.body) == (200, b"a picture")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == "9"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_who_has_it_is_told_so_without_a_body(client: Client, token: str) -> None:
    etag = client.ask(f"/images/{token}/{NAME}").headers["etag"]
    answer = client.ask(f"/images/{token}/{NAME}", {"If-None-Match": f'"other", W/{etag}'})
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert "content-type" not in answer.headers


def test_its_head_comes_without_its_body(client: Client, token: str) -> None:
    answer = client.ask(f"/images/{token}/{NAME}", method="HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "9")


def test_nothing_is_served_that_we_did_not_sign(client: Client, token: str, storage: SqlStorage) -> None:
    forged = sign_name(Keyring({1: b"guess"}, b""), PURPOSE, NAME)
    with storage.read() as work:
        page = sign_name(work.meta.keyring(), "page", NAME)
        missing = sign_name(work.meta.keyring(), PURPOSE, "other.jpg")
    for path in (
        f"/images/{forged}/{NAME}",
        f"/images/{page}/{NAME}",
        f"/images/{token}/x{NAME}",
        f"/images/{missing}/other.jpg",
        f"/images/{'%20' * 15}/{NAME}",
        f"/images/{token}/",
        f"/images/{token}/..%2f{NAME}",
        f"/images/{token}/https:%2f%2fexample.org%2fa.jpg",
    ):
        assert client.ask(path).status == 404, path


def test_a_post_is_refused(client: Client, token: str) -> None:
    assert client.ask(f"/images/{token}/{NAME}", method="POST").status == 405
