"""Images are looked after beside the road: real hosts that look at the Referer, real pictures, real files."""

import json
import os
import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from publisher.domain.archive import Judged, Page
from publisher.domain.article import Edited, Enclosure, New
from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.hotlink import READER, RECHECK, RETRY
from publisher.domain.image import Hotlinking, ImageState
from publisher.domain.source import Rights, Source, SourceKind
from publisher.errors import StorageError
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.image_keeper import (
    A_HOST_AT_ONCE,
    KEEP_UNSHOWN,
    PROGRESS,
    REVISIONS_A_TURN,
    TRIES,
    ImageKeeper,
    ImagesConfig,
    KeeperReport,
)
from publisher.pipeline.images import ImageAddresses, known_images
from publisher.pipeline.ports import FeedDocument, Fetcher, FetchRequest, FetchResult, Refused, Storage
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.images import PillowImages
from publisher.storage.database import SqlStorage
from publisher.storage.image_files import ImageFolder
from tests.fakes import START, FakeClock, entry
from tests.pictures import packed, picture
from tests.unit.sources.site import Answer, Asked
from tests.unit.sources.site import Site as Host

POST = Site("The Post", "https://post.example")
ALL = Feed(slug="all-of-it", title="All of it")
PLACEHOLDER = packed(picture(400, 300, number=99), "GIF")


def shut(body: bytes, otherwise: Answer):
    """A host's answer to one image: the picture for its own pages, something else for everybody."""

    def answer(asked: Asked) -> Answer:
        referer = asked.headers.get("Referer", "")
        return Answer(body) if referer.startswith("https://example.org/") else otherwise

    return answer


@dataclass
class Stage:
    """A site that publishes, its database, and the hosts of its images."""

    storage: SqlStorage
    folder: Path
    fetcher: Fetcher
    host: Host
    clock: FakeClock = field(default_factory=FakeClock)
    config: ImagesConfig = ImagesConfig()

    def keeper(self) -> ImageKeeper:
        return ImageKeeper(
            storage=self.storage,
            reader=PillowImages(),
            files=ImageFolder(self.folder),
            fetcher=self.fetcher,
            clock=self.clock,
            config=self.config,
        )

    def tend(self, hours: float = 0) -> KeeperReport:
        self.clock.pass_by(hours=hours)
        return self.keeper().tend()

    def source(self, rights: Rights = Rights.OWN, name: str = "blog") -> int:
        with self.storage.begin() as work:
            others = [one.source for one in work.sources.all() if one.source.name != name]
            made = Source(name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed", rights=rights)
            work.sources.apply([*others, made], self.clock())
            work.feeds.apply([ALL])
            stored = work.sources.get(name)
            assert stored
            return stored.source.id

    def write(self, key: str, *images: str, source: str = "blog", **content: object) -> int:
        """An article with these images of the host in its text; its number."""
        html = "<p>Text</p>" + "".join(f'<p><img src="{self.url(name)}" alt="A"></p>' for name in images)
        with self.storage.begin() as work:
            stored = work.sources.get(source)
            assert stored
            said = entry(key, **{"html": html, **content})
            known = work.articles.known(stored.source.id, [key]).get(key)
            change = Edited(known, said) if known else New(said, True)
            work.articles.store(stored.source.id, [change], self.clock())
            return work.articles.known(stored.source.id, [key])[key].id

    def url(self, name: str) -> str:
        return f"{self.host.url}/{name}"

    def publish(self) -> dict[str, bool]:
        reports = FeedPublisher(self.storage, FeedDocumentWriter(), POST, self.clock).publish()
        return {report.slug: report.changed for report in reports}

    def document(self, format: FeedFormat = FeedFormat.RSS) -> FeedDocument:
        self.publish()
        with self.storage.read() as work:
            found = work.feeds.get(ALL.slug, format)
        assert found
        return found

    def states(self) -> dict[str, ImageState]:
        with self.storage.read() as work:
            images = [*work.images.due(self.clock() + timedelta(days=999), 99), *work.images.copied()]
            return {image.url.rpartition("/")[2]: image.state for image in images}

    def verdict(self) -> Hotlinking | None:
        with self.storage.read() as work:
            return next((one.state for one in work.images.hosts() if one.host == self.host.host), None)

    def asked(self) -> list[tuple[str, str | None]]:
        return [
            (one.path, one.headers.get("Referer"))
            for one in self.host.asked
            if one.path not in ("/robots.txt", "/.well-known/tdmrep.json")
        ]


def fetcher_for(host: Host) -> HttpFetcher:
    """A fetcher that may reach the host. No authorities: to read them takes longer than most tests."""
    return HttpFetcher(FetchConfig(allow_private=(host.host,)), ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: what is remembered is tested on both databases by its own room."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'publisher.db')}"


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


@pytest.fixture
def stage(storage: SqlStorage, tmp_path: Path, host: Host) -> Iterator[Stage]:
    fetcher = fetcher_for(host)
    made = Stage(storage, tmp_path / "images", fetcher, host)
    made.source()
    yield made
    fetcher.close()


# --- hosts that give to everybody --------------------------------------------------------------------------------


def test_a_host_is_tried_once_in_three_ways_and_every_image_copied(stage: Stage) -> None:
    for name in ("a.jpg", "b.jpg"):
        stage.host.pages[f"/{name}"] = Answer(packed(picture(900, 600, number=ord(name[0]))))
    stage.write("one", "b.jpg", "a.jpg")
    [report] = stage.tend().hosts
    assert (report.source, report.copied, report.failed) == ("blog", 2, ())
    assert report.turned is not None
    assert report.turned.state is Hotlinking.ALLOWED
    assert stage.asked() == [
        ("/a.jpg", "https://example.org/one"),
        ("/a.jpg", None),
        ("/a.jpg", READER),
        # Polite again: what comes without a Referer is asked for without.
        ("/b.jpg", None),
    ]
    assert stage.states() == {"a.jpg": ImageState.FINE, "b.jpg": ImageState.FINE}
    assert stage.tend() == KeeperReport()
    assert len(stage.asked()) == 4


def test_feeds_show_the_images_of_such_a_host_as_they_are(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg", image=stage.url("a.jpg"))
    before = stage.document()
    stage.tend()
    assert stage.document() == before
    assert stage.url("a.jpg").encode() in before.body


def test_pages_know_the_copies_of_an_article(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed(picture(900, 600)))
    number = stage.write("one", "a.jpg", image=stage.url("a.jpg"))
    stage.tend()
    with stage.storage.read() as work:
        states = list(work.articles.states([number], work.articles.latest_seq()).values())
        known = known_images(work, states, ImageAddresses(work.meta.keyring(), "https://post.example/sub"))
    [copy, small] = known.copies[states[0].source.id, stage.url("a.jpg")]
    assert (copy.width, copy.height, copy.type, small.width) == (900, 600, "image/jpeg", 600)
    assert copy.url == f"https://post.example{copy.path}"
    assert copy.path.startswith("/sub/images/")
    assert ImageFolder(stage.folder).get(copy.name) is not None


# --- hosts that keep theirs --------------------------------------------------------------------------------------

REFUSALS = {
    "forbidden": Answer(status=403),
    "redirected to a placeholder": Answer(status=302, headers={"Location": "/no.gif"}),
    "redirected to a page": Answer(status=302, headers={"Location": "/"}),
    "another picture": Answer(PLACEHOLDER),
    "a tiny picture": Answer(packed(picture(1, 1), "GIF")),
    "a page": Answer(b"<p>No hotlinking</p>", headers={"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_host_that_keeps_its_images_is_recognised_however_it_does_it(stage: Stage, refusal: Answer) -> None:
    stage.host.pages |= {"/a.jpg": shut(packed(), refusal), "/no.gif": Answer(PLACEHOLDER)}
    stage.host.html("/", "<p>Home</p>")
    stage.write("one", "a.jpg")
    assert stage.verdict() is None
    stage.tend()
    assert stage.verdict() is Hotlinking.PROTECTED
    assert stage.states() == {"a.jpg": ImageState.FINE}


def test_feeds_show_signed_copies_of_protected_images_everywhere(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = shut(packed(picture(900, 600)), Answer(status=403))
    stage.write("one", "a.jpg", image=stage.url("a.jpg"), enclosures=(Enclosure(stage.url("a.jpg"), "image/jpeg"),))
    first = stage.document()
    assert first.body.count(stage.url("a.jpg").encode()) == 3
    report = stage.tend(hours=1)
    assert report.mended == 1
    documents = {format: stage.document(format) for format in FeedFormat}
    assert not any(stage.host.host.encode() in document.body for document in documents.values())
    item = etree.fromstring(documents[FeedFormat.RSS].body).find("channel/item")
    enclosure, media = item.find("enclosure"), item.find("{*}content[@url]")
    copy = ImageFolder(stage.folder).get(enclosure.get("url").rpartition("/")[2])
    assert copy is not None
    assert (enclosure.get("type"), enclosure.get("length")) == ("image/jpeg", str(len(copy)))
    assert (media.get("url"), media.get("fileSize")) == (enclosure.get("url"), str(len(copy)))
    shown = json.loads(documents[FeedFormat.JSON].body)["items"][0]
    assert shown["image"] == enclosure.get("url")
    assert shown["image"].startswith("https://post.example/images/")
    assert f'<img src="{shown["image"]}" alt="A" width="900" height="600">' in shown["content_html"]


def test_what_changed_is_the_document_and_no_article(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = shut(packed(), Answer(status=403))
    stage.write("one", "a.jpg")
    before = stage.document(FeedFormat.ATOM)
    stage.tend(hours=1)
    after = stage.document(FeedFormat.ATOM)
    assert before.etag != after.etag
    assert after.last_modified > before.last_modified
    dates = [etree.fromstring(document.body).findall("{*}entry/{*}updated") for document in (before, after)]
    assert dates[0][0].text == dates[1][0].text
    with stage.storage.read() as work:
        assert work.articles.latest_seq() == 1
    assert stage.document(FeedFormat.ATOM) == after


def test_further_images_of_such_a_host_are_asked_for_as_on_their_own_page(stage: Stage) -> None:
    stage.host.pages |= {
        f"/{name}.jpg": shut(packed(picture(number=n)), Answer(status=403)) for n, name in enumerate("ab")
    }
    stage.write("one", "a.jpg")
    stage.tend()
    stage.write("two/日", "b.jpg")
    assert b"/b.jpg" not in stage.document().body
    stage.tend()
    assert stage.asked()[-1] == ("/b.jpg", "https://example.org/two/%E6%97%A5")
    assert stage.document().body.count(b"https://post.example/images/") == 2


def test_pages_of_archives_that_show_what_was_mended_take_new_versions(stage: Stage) -> None:
    stage.host.pages |= {"/a.jpg": shut(packed(), Answer(status=403)), "/b.jpg": Answer(status=404)}
    numbers = [stage.write("one", "a.jpg"), stage.write("two")]
    with stage.storage.begin() as work:
        history = work.histories.lock("all").id
        judged = [Judged(article_id=n, live=True, announced=True, dated=stage.clock()) for n in numbers]
        work.histories.judge(history, judged, joined=2)
        work.histories.close(history, {1: numbers[:1], 2: numbers[1:]})
        work.histories.save(history, [Page(1, "said", 0, "v1"), Page(2, "said", 0, "v2")])
    stage.tend()
    with stage.storage.read() as work:
        assert [page.touched for page in work.histories.pages(history)] == [1, 0]


def test_the_page_is_named_as_browsers_do_and_an_article_without_one_comes_from_the_host_itself(stage: Stage) -> None:
    stage.config = ImagesConfig(budget=1)
    for url, referer in (
        ("https://ana:secret@example.org/x?y=1#z", "https://example.org/x?y=1"),
        ("urn:publisher:notes:tide.md", f"{stage.host.url}/"),
    ):
        with stage.storage.begin() as work:
            [stored] = work.sources.all()
            html = f'<img src="{stage.url(str(len(url)))}">'
            said = replace(entry(url, html=html), url=url)
            work.articles.store(stored.source.id, [New(said, True)], stage.clock())
        stage.tend(hours=24)
        assert stage.asked()[-1] == (f"/{len(url)}", referer)


def test_without_copies_protected_images_are_left_out(stage: Stage) -> None:
    stage.config = ImagesConfig(copy=False)
    stage.host.pages["/a.jpg"] = shut(packed(), Answer(status=403))
    stage.write("one", "a.jpg", "b.jpg")
    stage.host.pages["/b.jpg"] = Answer(status=404)
    stage.tend()
    body = stage.document().body
    assert stage.verdict() is Hotlinking.PROTECTED
    assert b"<img" not in body
    assert b"&lt;img" not in body
    assert ImageFolder(stage.folder).all() == {}
    asked = len(stage.asked())
    stage.tend(hours=1)
    assert len(stage.asked()) == asked


def test_without_the_trial_images_are_copied_and_stay_in_feeds_as_they_are(stage: Stage) -> None:
    stage.config = ImagesConfig(probe=False)
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg")
    stage.tend()
    assert stage.asked() == [("/a.jpg", None)]
    assert stage.states() == {"a.jpg": ImageState.FINE}
    assert stage.url("a.jpg").encode() in stage.document().body


def test_without_either_nothing_is_asked_for(stage: Stage) -> None:
    stage.config = ImagesConfig(probe=False, copy=False)
    stage.write("one", "a.jpg")
    assert stage.tend() == KeeperReport()
    assert (stage.asked(), stage.states()) == ([], {})


def test_of_what_is_only_quoted_no_image_is_asked_for(stage: Stage) -> None:
    stage.source(Rights.QUOTE, "quoted")
    stage.write("one", "a.jpg", source="quoted")
    stage.tend()
    assert (stage.asked(), stage.states()) == ([], {})


def test_a_host_is_tried_again_after_some_weeks_and_may_have_opened(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = shut(packed(), Answer(status=403))
    stage.write("one", "a.jpg")
    stage.tend()
    shut_document = stage.document()
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.tend(hours=1)
    assert stage.verdict() is Hotlinking.PROTECTED
    stage.clock.now += RECHECK
    report = stage.tend()
    assert (stage.verdict(), report.mended) == (Hotlinking.ALLOWED, 1)
    assert stage.url("a.jpg").encode() in stage.document().body
    assert stage.document().etag != shut_document.etag


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_an_image_that_comes_to_nobody_tells_nothing_of_its_host_and_the_next_one_does(stage: Stage) -> None:
    stage.host.pages |= {"/b.jpg": Answer(status=403), "/a.jpg": shut(packed(), Answer(status=403))}
    stage.write("one", "a.jpg", "b.jpg", "c.jpg")
    [report] = stage.tend().hosts
    assert stage.verdict() is Hotlinking.PROTECTED
    assert stage.states() == {
        "a.jpg": ImageState.FINE,
        "b.jpg": ImageState.BROKEN,
        "c.jpg": ImageState.GONE,
    }
    assert [line.rpartition("/")[2] for line in report.failed] == [
        "c.jpg: the server says 404 Not Found",
        "b.jpg: the server says 403 Forbidden",
    ]


def test_a_trial_that_told_nothing_is_made_again_on_the_next_day(stage: Stage) -> None:
    answers = iter([Answer(packed()), Answer(packed()), Answer(status=503)])
    stage.host.pages["/a.jpg"] = lambda asked: next(answers, Answer(packed()))
    stage.write("one", "a.jpg")
    stage.tend()
    assert (stage.verdict(), len(stage.asked())) == (Hotlinking.UNKNOWN, 3)
    assert stage.states() == {"a.jpg": ImageState.FINE}
    stage.tend(hours=2)
    assert len(stage.asked()) == 3
    stage.clock.now += RETRY
    stage.tend()
    assert (stage.verdict(), len(stage.asked())) == (Hotlinking.ALLOWED, 6)


def test_an_image_that_can_not_be_had_is_asked_for_less_and_less_and_then_no_more(stage: Stage) -> None:
    stage.write("one", "a.jpg")
    stage.tend()
    asked = len(stage.asked())
    stage.tend(hours=5)
    assert len(stage.asked()) == asked
    stage.tend(hours=2)
    assert len(stage.asked()) == asked + 1
    for _ in range(TRIES + 3):
        stage.tend(hours=24 * 17)
    assert len(stage.asked()) == TRIES


def test_a_host_in_trouble_is_left_alone_for_a_while(stage: Stage) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    stage.host.pages |= {f"/{name}": Answer(status=500) for name in names}
    stage.write("one", *names)
    stage.tend()
    assert len(stage.asked()) == 3
    stage.tend()
    assert len(stage.asked()) == 3
    stage.tend(hours=1.1)
    assert len(stage.asked()) == 6


def test_a_host_is_asked_for_no_more_than_its_budget_in_a_day(stage: Stage) -> None:
    stage.config = ImagesConfig(budget=5)
    names = [f"{number}.jpg" for number in range(6)]
    stage.host.pages |= {f"/{name}": Answer(packed()) for name in names}
    stage.write("one", *names)
    for _ in range(3):
        stage.tend(hours=1)
    assert len(stage.asked()) == 5
    stage.tend(hours=24)
    assert len(stage.asked()) == 8
    assert set(stage.states().values()) == {ImageState.FINE}


def test_at_one_run_a_host_is_asked_for_a_few(stage: Stage) -> None:
    names = [f"{number}.jpg" for number in range(A_HOST_AT_ONCE + 2)]
    stage.host.pages |= {f"/{name}": Answer(packed()) for name in names}
    stage.write("one", *names)
    assert [host.copied for host in stage.tend().hosts] == [A_HOST_AT_ONCE]
    assert [host.copied for host in stage.tend().hosts] == [2]


def test_a_host_that_wants_rest_is_given_it(stage: Stage) -> None:
    class Resting(Fetcher):
        def fetch(self, request: FetchRequest) -> FetchResult:
            return Refused("it rests", 429, postponed=True)

    stage.fetcher = Resting()
    stage.write("one", "a.jpg", "b.jpg")
    assert stage.tend().hosts[0].failed == ()
    stage.fetcher = fetcher_for(stage.host)
    assert stage.tend().hosts == ()
    assert set(stage.states().values()) == {ImageState.WANTED}
    stage.tend(hours=1.1)
    assert stage.asked() != []


def test_a_full_disk_stops_the_run_and_the_next_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg")
    with monkeypatch.context() as patch:
        patch.setattr(ImageFolder, "keep", lambda *_: (_ for _ in ()).throw(StorageError("no space")))
        with pytest.raises(StorageError, match="no space"):
            stage.tend()
    stage.tend()
    assert stage.states() == {"a.jpg": ImageState.FINE}


# --- what is shown no more ---------------------------------------------------------------------------------------


def kept(stage: Stage) -> int:
    return len(ImageFolder(stage.folder).all())


def test_an_image_that_an_edit_left_out_is_kept_for_a_while(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg")
    stage.tend()
    stage.write("one")
    assert stage.tend().removed == 0
    assert kept(stage) == 1
    stage.clock.now += KEEP_UNSHOWN + timedelta(minutes=1)
    assert stage.tend().removed == 1
    assert (kept(stage), stage.states()) == (0, {})


def test_the_images_of_an_article_that_is_hidden_are_gone_at_the_next_run(stage: Stage) -> None:
    stage.host.pages |= {"/a.jpg": Answer(packed()), "/b.jpg": Answer(packed(picture(number=2)))}
    number = stage.write("one", "a.jpg", "b.jpg")
    stage.write("two", "b.jpg")
    stage.tend()
    with stage.storage.begin() as work:
        work.articles.flag([number], stage.clock(), visible=False)
    assert stage.tend().removed == 1
    assert (kept(stage), stage.states()) == (1, {"b.jpg": ImageState.FINE})


def test_a_file_that_another_image_has_too_is_kept(stage: Stage) -> None:
    stage.host.pages |= {"/a.jpg": Answer(packed()), "/b.jpg": Answer(packed())}
    number = stage.write("one", "a.jpg")
    stage.write("two", "b.jpg")
    stage.tend()
    assert kept(stage) == 1
    with stage.storage.begin() as work:
        work.articles.flag([number], stage.clock(), visible=False)
    assert (stage.tend().removed, kept(stage)) == (1, 1)


def test_rights_that_are_given_are_used_and_rights_that_are_taken_back_are_respected(stage: Stage) -> None:
    stage.source(Rights.QUOTE)
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg")
    stage.tend()
    assert kept(stage) == 0
    stage.source(Rights.LICENSED)
    stage.tend()
    assert kept(stage) == 1
    stage.source(Rights.QUOTE)
    assert (stage.tend().removed, kept(stage)) == (1, 0)


def test_beyond_the_limit_no_copy_is_made_and_what_nothing_shows_goes_first(stage: Stage) -> None:
    names = "abc"
    stage.host.pages |= {f"/{name}.jpg": Answer(packed(picture(number=ord(name)))) for name in names}
    stage.write("one", "a.jpg")
    stage.tend()
    stage.config = ImagesConfig(limit=10)
    stage.write("one", "b.jpg")
    report = stage.tend()
    assert (report.full, report.removed, kept(stage)) == (True, 1, 0)
    assert stage.tend(hours=25).hosts[0].copied == 1


def test_files_that_nothing_remembers_go_and_files_that_are_lost_come_again(stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed())
    stage.write("one", "a.jpg")
    stage.tend()
    files = ImageFolder(stage.folder)
    [name] = files.all()
    files.remove([name])
    left = "f" * 32 + ".jpg"
    files.keep(left, b"left by an interrupted run")
    os.utime(stage.folder / "ff" / left, (START.timestamp(), START.timestamp()))
    stage.tend(hours=48)
    assert files.all().keys() == set()
    stage.tend()
    assert files.all().keys() == {name}


# --- how much at a time ------------------------------------------------------------------------------------------


def test_articles_are_noted_some_at_a_time_and_each_once(storage: SqlStorage, stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = Answer(packed())
    for number in range(3):
        stage.write(f"{number}", "a.jpg")
    stage.tend()
    with storage.read() as work:
        assert json.loads(work.meta.get(PROGRESS) or "")["seq"] == 3 < REVISIONS_A_TURN
        [image] = work.images.copied()
        assert len(work.images.showing(image.id)) == 3


def test_a_run_that_did_something_leaves_a_row(storage: Storage, stage: Stage) -> None:
    stage.host.pages["/a.jpg"] = shut(packed(), Answer(status=403))
    stage.write("one", "a.jpg", "b.jpg")
    stage.tend()
    with storage.read() as work:
        [run] = [run for run in work.runs.latest() if run.step == "images"]
    assert run.outcome == f"1 image copied; 1 failed; {stage.host.host}: protected"
    stage.tend()
    with storage.read() as work:
        assert [one for one in work.runs.latest() if one.step == "images"] == [replace(run)]
