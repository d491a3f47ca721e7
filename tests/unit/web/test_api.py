"""Articles are pushed, corrected and hidden over HTTP; what can't be taken is said in one line."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from publisher.domain.article import ArticleState
from publisher.domain.selection import Selection
from publisher.domain.source import Rights, Source, SourceKind
from publisher.pipeline.ports import Storage
from publisher.pipeline.publish import Site
from publisher.pipeline.receive import Receiver
from publisher.pipeline.subscribe import Subscribing
from publisher.sources.kinds import build_readers
from publisher.templating import Templates, shipped_templates
from publisher.web.api import Limiter, Pushing, api_routes
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, NoFetcher, no_feed

TOKEN = "a-token-of-twenty-letters"
DESK = Source(name="desk", kind=SourceKind.PUSH, url="https://quay.example/", timezone="Asia/Shanghai", tags=("quay",))
PATH = "/api/sources/desk/articles"
FERRY = {
    "id": "ferry-1",
    "url": "https://quay.example/ferry?utm_source=x",
    "title": "The ferry is late",
    "html": "<p>It left at <b>eight</b>.</p><script>alert(1)</script><img src=/f.jpg onerror=alert(1)>",
    "authors": ["Ada Example"],
    "tags": ["ferry"],
    "published": "2026-11-23T08:00",
}


@dataclass
class Door:
    """Pushes to a running instance."""

    storage: Storage
    client: Any

    def push(self, body: object, token: str = TOKEN, path: str = PATH, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.ask(path, said, "POST", sent)
        return answer.status, json.loads(answer.body)

    def refusal(self, body: object, **more: str) -> str:
        status, said = self.push(body, **more)
        assert 400 <= status < 500
        assert said["status"] == status
        detail: str = said["detail"]
        assert "\n" not in detail
        assert TOKEN not in detail
        return detail

    def hide(self, path: str, token: str = TOKEN) -> int:
        status: int = self.client.ask(path, {"Authorization": f"Bearer {token}"}, "DELETE").status
        return status

    def stored(self) -> list[ArticleState]:
        with self.storage.read() as work:
            return work.articles.current(Selection(), limit=99)


@pytest.fixture
def door(storage: Storage, serve: Callable[[ASGIApp], object]) -> Door:
    clock = FakeClock()
    with storage.begin() as work:
        work.sources.apply(
            [replace(DESK, rights=Rights.OWN), Source(name="blog", kind=SourceKind.FEED, url="https://b.example/")],
            clock(),
        )
    receiver = Receiver(storage, build_readers(), NoFetcher(), clock)
    pushing = Pushing(receiver, clock, {"desk": TOKEN})
    web = build_web(
        storage,
        Templates([shipped_templates()]),
        Site("Q", "http://127.0.0.1:8080"),
        Services(Subscribing(storage, clock), no_feed, pushing=pushing),
    )
    return Door(storage, serve(web))


def test_an_article_is_pushed_sanitised_and_announced(door: Door) -> None:
    status, said = door.push(FERRY)
    assert status == 201
    assert said == {"new": 1, "edited": 0, "unchanged": 0, "articles": [{"id": "ferry-1", "result": "new"}]}
    [state] = door.stored()
    content = state.revision.content
    assert state.article.url == "https://quay.example/ferry"
    assert content.html == '<p>It left at <b>eight</b>.</p><img src="https://quay.example/f.jpg">'
    assert content.text.strip() == "It left at eight."
    assert content.tags == ("ferry", "quay")
    assert content.published is not None
    assert content.published.isoformat() == "2026-11-23T00:00:00+00:00"
    assert content.image == "https://quay.example/f.jpg"
    assert state.revision.announced


def test_pushing_again_changes_nothing_and_an_edit_is_a_revision(door: Door) -> None:
    door.push(FERRY)
    assert door.push(FERRY)[0] == 200
    assert door.push([FERRY])[1]["unchanged"] == 1
    [first] = door.stored()
    status, said = door.push({**FERRY, "title": "The ferry is very late"})
    assert (status, said["edited"]) == (200, 1)
    [second] = door.stored()
    assert second.revision.seq > first.revision.seq
    assert second.article.guid == first.article.guid
    assert second.revision.content.title == "The ferry is very late"


def test_several_at_once_and_a_backlog_that_is_not_announced(door: Door) -> None:
    articles = [
        {"id": str(n), "title": f"Old {n}", "text": "One.\n\nTwo < three.", "announce": False} for n in range(3)
    ]
    assert door.push({"articles": articles})[1]["new"] == 3
    states = door.stored()
    assert [state.revision.announced for state in states] == [False] * 3
    assert states[0].revision.content.html == "<p>One.</p><p>Two &lt; three.</p>"
    assert states[0].article.url.startswith("urn:publisher:desk:")


def test_markdown_is_read_and_made_harmless(door: Door) -> None:
    door.push({"url": "https://quay.example/md", "title": "M", "markdown": "**Hi** <script>x</script>\n\n- one\n- two"})
    [state] = door.stored()
    assert "<b>Hi</b>" in state.revision.content.html or "<strong>Hi</strong>" in state.revision.content.html
    assert "script" not in state.revision.content.html
    assert "<li>one</li>" in state.revision.content.html


def test_what_extract_prints_can_be_pushed(door: Door) -> None:
    extracted = {
        **FERRY,
        "id": None,
        "images": ["x"],
        "evidence": {},
        "canonical_url": None,
        "language": "en",
        "updated": None,
    }
    assert door.push(extracted)[0] == 201


def test_a_hidden_article_is_away_until_it_is_pushed_again(door: Door) -> None:
    door.push(FERRY)
    assert door.hide(f"{PATH}/ferry-1") == 204
    assert door.stored() == []
    assert door.hide(f"{PATH}/ferry-1") == 204
    assert door.hide(f"{PATH}?id=unknown") == 404
    assert door.hide(PATH) == 400
    assert door.hide(f"{PATH}/ferry-1", "wrong") == 401
    door.push(FERRY)
    assert [state.revision.content.title for state in door.stored()] == ["The ferry is late"]


def test_one_without_an_id_is_named_by_its_address(door: Door) -> None:
    article = {name: value for name, value in FERRY.items() if name != "id"}
    door.push(article)
    assert door.push(article)[1]["unchanged"] == 1
    assert door.hide(f"{PATH}?url=https://quay.example/ferry") == 204


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 20])
def test_only_the_token_opens(door: Door, token: str) -> None:
    status, said = door.push(FERRY, token.encode().decode("latin-1"))
    assert (status, said["title"]) == (401, "Unauthorized")
    assert door.stored() == []


@pytest.mark.parametrize("name", ["blog", "nothing"])
def test_no_other_source_is_told_from_a_wrong_token(door: Door, name: str) -> None:
    wrong = door.push(FERRY, "wrong")
    assert door.push(FERRY, path=f"/api/sources/{name}/articles") == wrong
    assert door.push(FERRY, "", path=f"/api/sources/{name}/articles") == wrong


def test_what_is_wrong_is_said_in_one_line_and_nothing_is_stored(door: Door) -> None:
    line = door.refusal([FERRY, {**FERRY, "id": "2", "published": "yesterday"}])
    assert line == (
        'article 1: published = "yesterday": is no date; write it in ISO 8601, such as 2026-11-24T08:00:00+08:00'
    )
    assert door.stored() == []


def test_other_types_and_codings_are_refused(door: Door) -> None:
    assert "Content-Type = text/xml: send the articles as JSON" in door.refusal(FERRY, Content_Type="text/xml")
    assert "Content-Encoding = gzip" in door.refusal(FERRY, Content_Encoding="gzip")


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.client.port, timeout=60)
    connection.putrequest("POST", PATH)
    for name, value in (
        ("Authorization", f"Bearer {TOKEN}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(5 * 1024 * 1024 + 1)),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert "larger than 5 MiB" in answer.read().decode()
    connection.close()


def test_a_minute_holds_only_so_many_requests() -> None:
    seconds = [0.0]
    limiter = Limiter({"desk": TOKEN}, a_minute=2, monotonic=lambda: seconds[0])
    assert [limiter.wait("desk") for _ in range(3)] == [0, 0, 30]
    assert limiter.wait("other") == 0
    seconds[0] = 29.0
    assert limiter.wait("desk") == pytest.approx(1)
    seconds[0] = 31.0
    assert limiter.wait("desk") == 0
    assert limiter.wait("guessed") == 0
    assert limiter.wait("guessed again") == 0
    assert limiter.wait("and again") > 0


def test_too_many_requests_are_told_when_to_come_again(storage: Storage, serve: Callable[[ASGIApp], Any]) -> None:
    clock = FakeClock()
    pushing = Pushing(Receiver(storage, build_readers(), NoFetcher(), clock), clock, {"desk": TOKEN})
    app = FastAPI()
    app.include_router(api_routes(pushing, Limiter(pushing.tokens, a_minute=1)))
    client = serve(app)
    assert client.ask(PATH, {}, "POST", b"").status == 401
    answer = client.ask(PATH, {}, "POST", b"")
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61


def test_tokens_are_never_shown() -> None:
    pushing = Pushing(None, FakeClock(), {"desk": TOKEN})  # type: ignore[arg-type]
    assert TOKEN not in repr(pushing)
    assert TOKEN not in repr(Limiter(pushing.tokens))


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", PATH, 405, "DELETE, POST"),
        ("PUT", f"{PATH}/ferry-1", 405, "DELETE"),
        ("POST", f"{PATH}/ferry-1", 405, "DELETE"),
        ("GET", "/api/articles", 404, None),
    ],
)
def test_a_request_that_no_route_takes_is_answered_as_a_problem(
    door: Door, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = door.client.ask(path, {}, method)
    said = json.loads(answer.body)
    assert (answer.status, said["status"], answer.headers.get("allow")) == (status, status, allow)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert said["detail"].endswith(allow.replace(", ", " or ") if allow else "/api/sources/<name>/articles")
