"""The public site as files: all of it, nothing else, and nothing that leads nowhere."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree, html

from publisher.domain.files import file_of
from publisher.domain.pages import ArticleAddress
from publisher.pipeline.pages import PagePublisher
from publisher.pipeline.publish import FeedPublisher
from publisher.storage.database import open_storage
from publisher.storage.runner import runner_lock
from publisher.web.security import HEADERS
from tests.loopback import free_port
from tests.nginx import nginx
from tests.pictures import packed
from tests.unit.cli.conftest import CONFIG, NOTES, Run
from tests.unit.sources.site import Answer, Site
from tests.unit.web.conftest import Client

BASE = "http://127.0.0.1:8080"
ROOT = Path(__file__).parents[3]
ARTICLES = 34
LINKS = {"a": "href", "link": "href", "img": "src", "form": "action"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a site is kept once it was made."""
    return tmp_path_factory.mktemp("made") / "site"


@pytest.fixture
def full(run: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with an archive, an edition that was sent, and tags that are no names of files, exported to `www`.

    For each test it is at the same place: where its notes are is what its source is.
    """
    site = made.with_name("now")
    shutil.rmtree(site, ignore_errors=True)
    if made.exists():
        shutil.copytree(made, site, symlinks=True)
        monkeypatch.chdir(site)
        return site
    (site / "notes").mkdir(parents=True)
    monkeypatch.chdir(site)
    for name, text in NOTES.items():
        (site / "notes" / name).write_text(text)
    config = CONFIG.replace('title = "All news"', 'title = "All news"\nprevious_slugs = ["old"]\nlimit = 5')
    (site / "publisher.toml").write_text(config)
    for number in range(ARTICLES - 2):
        tags = f"[港口/海, ../up, a.rss{', rare' if number == 3 else ''}]"
        text = f"---\ntitle: Note {number}\ndate: 2026-10-{number % 28 + 1:02}\ntags: {tags}\n"
        (site / "notes" / f"n{number}.md").write_text(f"{text}author: Ana Ruiz\nlanguage: en\n---\nThe text.\n")
    subscribed = run("subscriber", "add", "reader@example.org", "--newsletter", "daily", "--confirmed")
    assert subscribed.code == run("collect", "--once").code == 0
    assert run("compose", "--once").code == run("deliver", "--once").code == 0
    export(run)
    shutil.copytree(site, made, symlinks=True)
    return site


def export(run: Run, *options: str) -> Any:
    """What an export into `www` did."""
    done = run("feed", "export", "www", "--json", *options)
    assert done.code == 0, done.err
    return json.loads(done.out)


def files(folder: Path) -> dict[str, bytes]:
    """All files of a site but what is ours alone."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".publisher-export/")}


def texts(folder: Path) -> dict[str, bytes]:
    return {name: body for name, body in files(folder).items() if not name.endswith((".gz", ".br"))}


def addresses(name: str, body: bytes) -> Iterator[str]:
    """What a document leads to."""
    if name.endswith(".html"):
        for element in html.document_fromstring(body).iter(*LINKS):
            yield str(element.get(LINKS[str(element.tag)]))
    elif name.endswith((".rss", ".atom", ".opml", ".xml")):
        for found in etree.fromstring(body).iter(etree.Element):
            yield from (str(found.get(key)) for key in ("href", "url", "xmlUrl", "htmlUrl") if found.get(key))
            yield from [found.text] if str(found.tag).endswith("loc") and found.text else []
    elif name.endswith(".json"):
        said = json.loads(body)
        yield from (said[key] for key in ("home_page_url", "feed_url", "next_url") if key in said)


def own(address: str) -> str | None:
    """The decoded path of an address of ours."""
    if address.startswith(BASE) or (address.startswith("/") and not address.startswith("//")):
        return unquote(urlsplit(address).path)
    return None


def test_everything_that_anything_leads_to_is_there(full: Path) -> None:
    there = texts(full / "www")
    leading = {(name, path) for name, body in there.items() for each in addresses(name, body) if (path := own(each))}
    assert [(name, path) for name, path in leading if file_of(path) not in there] == []
    assert {"index.html", "collector/index.html", "404.html", "410.html", "robots.txt", "sitemap.xml"} <= there.keys()
    assert {"feeds.opml", "feeds/index.html", "static/feed.css", "static/pico.min.css"} <= there.keys()
    slugs = ("news", "source/notes", "all", "newsletter/daily", "tag/港口/海", "author/Ana Ruiz", "language/en")
    for slug in slugs:
        assert {f"feeds/{slug}{end}" for end in (".rss", ".atom", ".json", "/index.html")} <= there.keys(), slug
    assert len([name for name in there if name.startswith("articles/")]) == ARTICLES
    assert len([name for name in there if name.startswith("editions/")]) == 1
    assert any(name.startswith("feeds/all/before-") for name in there)
    assert any(re.fullmatch(r"feeds/all/archive/1-[0-9a-f]{12}\.atom", name) for name in there)
    assert not (full / "up").exists()


def test_nothing_private_is_there(full: Path) -> None:
    there = texts(full / "www")
    tops = {name.partition("/")[0] for name in there}
    assert tops == {"articles", "collector", "editions", "feeds", "feeds.opml", "static", "index.html", "404.html"} | {
        "410.html",
        "robots.txt",
        "sitemap.xml",
    }
    for name, body in there.items():
        assert b"reader@example.org" not in body, name
        assert b"/unsubscribe" not in body or name == "robots.txt", name
        assert b"/outbox" not in body or name == "robots.txt", name
        # There is no search in a folder.
        assert b'"/search' not in body, name


def test_the_same_again_touches_no_file_and_elsewhere_it_has_the_same_bytes(run: Run, full: Path) -> None:
    def stamps() -> dict[Path, tuple[int, int]]:
        found = ((path, path.lstat()) for path in (full / "www").rglob("*") if ".publisher-export" not in path.parts)
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found}

    before = stamps()
    report = export(run)
    assert stamps() == before
    assert (report["removed"], report["left_out"]) == (0, ["tag/../up", "tag/a.rss"])
    assert report["files"]["articles"] == {"new": 0, "changed": 0, "same": ARTICLES}
    assert {count for counts in report["files"].values() for count in (counts["new"], counts["changed"])} == {0}
    shutil.move("www", "first")
    export(run)
    assert files(full / "first") == files(full / "www")


def test_an_edit_changes_the_files_that_show_it_and_no_others_are_made(
    run: Run, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    page, implied = PagePublisher.page, FeedPublisher.implied
    monkeypatch.setattr(
        PagePublisher, "page", lambda self, address, use: made.append(address) or page(self, address, use)
    )
    monkeypatch.setattr(FeedPublisher, "implied", lambda self, *name: made.append(name) or implied(self, *name))
    export(run)
    assert made == []
    note = full / "notes" / "ferry.md"
    note.write_text(note.read_text().replace("at eight", "at nine"))
    run("collect", "--once", "notes")
    report = export(run)
    assert len([one for one in made if isinstance(one, ArticleAddress)]) == 1
    assert report["files"]["articles"] == {"new": 0, "changed": 1, "same": ARTICLES - 1}
    assert report["files"]["feeds"]["changed"] > 0
    assert b"at nine" in (full / "www" / "feeds" / "news.rss").read_bytes()
    assert b"at nine" in (full / "www" / "feeds" / "all.rss").read_bytes()


def number_of(title: str) -> str:
    """The number of an article, by what its page is called."""
    pages = Path("www/articles").glob("*/index.html")
    return next(page.parent.name for page in pages if f'<h1 lang="en">{title}</h1>' in page.read_text())


def test_what_is_taken_down_is_gone_and_told(run: Run, full: Path) -> None:
    number = number_of("Note 3")
    assert sum(b"Note 3<" in body or b'Note 3"' in body for body in texts(full / "www").values()) > 5
    assert run("article", "hide", number).code == 0
    report = export(run)
    assert report["removed"] > 0
    assert not (full / "www" / "articles" / number).exists()
    there = texts(full / "www")
    assert [name for name, body in there.items() if re.search(rb'Note 3(?=[<"])', body)] == []
    ours = full / "www" / ".publisher-export"
    assert (ours / "gone.map").read_text() == f'"/articles/{number}/" "1";\n'
    assert '"/feeds/old.rss" "/feeds/news.rss";' in (ours / "moved.map").read_text()
    leading = {(name, path) for name, body in there.items() for each in addresses(name, body) if (path := own(each))}
    assert [(name, path) for name, path in leading if file_of(path) not in there] == []


def test_what_the_configuration_says_no_longer_is_nowhere(run: Run, full: Path) -> None:
    config = (full / "publisher.toml").read_text()
    (full / "publisher.toml").write_text(config.replace('slug = "news"', 'slug = "晚报"').replace("Quay", "Port"))
    export(run)
    there = texts(full / "www")
    assert "feeds/晚报.rss" in there
    assert [name for name, body in there.items() if b"Quay News" in body] == []
    assert [name for name in there if name.startswith(("feeds/news.", "feeds/news/"))] == []
    assert '"/feeds/news.rss" "1";' in (full / "www" / ".publisher-export" / "gone.map").read_text()


def test_names_are_bounded_and_pages_link_no_others(run: Run, full: Path) -> None:
    export(run, "--names", "1")
    there = texts(full / "www")
    tags = {name for name in there if name.startswith("feeds/tag/")}
    assert tags
    assert all(name.startswith("feeds/tag/港口/海") for name in tags)
    page = there[f"articles/{number_of('Note 3')}/index.html"]
    assert b"#rare" in page
    assert b"/feeds/tag/rare/" not in page


def test_copies_of_images_come_along_and_go_with_their_article(run: Run, site: Path) -> None:
    server = Site()
    server.pages["/ferry.jpg"] = Answer(packed())
    (site / "publisher.toml").write_text(f'[fetch]\nallow_private = ["{server.host}"]\n{CONFIG}')
    (site / "notes" / "ferry.md").write_text(f"# Ferry\n\nIt is late. ![Ferry]({server.url}/ferry.jpg)\n")
    run("collect", "--once")
    assert "1 image copied" in run("images", "--once").out
    server.close()
    export(run)
    [image] = [name for name in texts(site / "www") if name.startswith("images/")]
    assert texts(site / "www")[image].startswith(b"\xff\xd8")
    assert any(
        f"/{image}".encode() in body for name, body in texts(site / "www").items() if name.startswith("articles/")
    )
    assert export(run)["files"]["images"] == {"new": 0, "changed": 0, "same": 1}
    number = next(one for one in "12" if "Ferry" in run("article", "show", one).out)
    run("article", "hide", number)
    export(run)
    assert [name for name in texts(site / "www") if name.startswith("images/")] == []


@pytest.fixture(name="nginx")
def nginx_on_files(run: Run, full: Path) -> Iterator[Client]:
    """nginx on the exported site, with what docs/how-to tells to write into its configuration."""
    if not full.with_name("served").exists():
        config = (full / "publisher.toml").read_text()
        (full / "publisher.toml").write_text(config.replace('["old"]', '["old", "晚报"]'))
        run("article", "hide", number_of("Note 3"))
        export(run)
        shutil.copytree(full / "www", full.with_name("served"), symlinks=True)
    shutil.rmtree(full / "www")
    shutil.copytree(full.with_name("served"), full / "www", symlinks=True)
    port = free_port()
    how_to = (ROOT / "docs" / "how-to" / "static-site.md").read_text()
    [ours] = re.findall(r"```nginx\n(.*?)```", how_to, re.DOTALL)
    ours = ours.replace("/srv/www/news", str(full / "www")).replace("listen 80;", f"listen 127.0.0.1:{port};")
    with nginx(full, port, ours):
        yield Client(port)


@pytest.mark.nginx
def test_a_plain_nginx_serves_it_as_the_web_does(nginx: Client, full: Path) -> None:
    number = number_of("Note 4")
    types = {
        "/": "text/html",
        f"/articles/{number}/": "text/html",
        "/collector": "text/html",
        "/feeds/": "text/html",
        "/feeds/tag/%E6%B8%AF%E5%8F%A3/%E6%B5%B7/": "text/html",
        "/feeds/news.rss": "application/rss+xml",
        "/feeds/tag/%E6%B8%AF%E5%8F%A3/%E6%B5%B7.atom": "application/atom+xml",
        "/feeds/author/Ana%20Ruiz.json": "application/feed+json",
        "/feeds/all/archive/1.rss": "application/rss+xml",
        "/feeds.opml": "text/x-opml",
        "/sitemap.xml": "application/xml",
        "/robots.txt": "text/plain",
        "/static/feed.css": "text/css",
    }
    for path, media_type in types.items():
        plain, zipped = nginx.ask(path), nginx.ask(path, {"Accept-Encoding": "gzip"})
        assert (plain.status, plain.headers["content-type"]) == (200, f"{media_type}; charset=utf-8"), path
        assert zipped.headers["content-type"] == plain.headers["content-type"]
        assert zipped.headers["content-encoding"] == "gzip", path
        assert gzip.decompress(zipped.body) == plain.body
        assert zipped.headers["etag"] != plain.headers["etag"]
        assert "Accept-Encoding" in plain.headers["vary"] or "Sec-Fetch-Dest" in plain.headers["vary"]
        assert plain.body == (full / "www" / file_of(unquote(path))).read_bytes()
        changed = {"If-Modified-Since": plain.headers["last-modified"]}
        for condition in (changed, {"If-None-Match": zipped.headers["etag"], "Accept-Encoding": "gzip"}):
            unchanged = nginx.ask(path, condition)
            assert (unchanged.status, unchanged.body) == (304, b""), path


@pytest.mark.nginx
def test_nginx_leads_on_and_tells_what_is_gone(nginx: Client, full: Path) -> None:
    [gone] = re.findall(r'"(/articles/\d+/)" "1";', (full / "www/.publisher-export/gone.map").read_text())
    for path, status, words in (
        (gone, 410, b"no longer published"),
        ("/articles/999/", 404, b"no page at this address"),
        ("/articles/", 404, b"no page at this address"),
        ("/.publisher-export/files", 404, b"no page at this address"),
        ("/favicon.ico", 204, b""),
    ):
        answer = nginx.ask(path)
        assert answer.status == status, path
        assert words in answer.body, path
    for path, status, target in (
        ("/articles/1", 301, "/articles/1/"),
        ("/feeds/old.rss", 301, "/feeds/news.rss"),
        ("/feeds/old/", 301, "/feeds/news/"),
        ("/feeds/old/before-20/", 301, "/feeds/news/before-20/"),
        ("/feeds/old/archive/1-0123456789ab.atom", 301, "/feeds/news/archive/1-0123456789ab.atom"),
        ("/feeds/%E6%99%9A%E6%8A%A5/archive/1.rss", 301, "/feeds/news/archive/1.rss"),
        ("/feeds/%E6%99%9A%E6%8A%A5.json", 301, "/feeds/news.json"),
        ("/feeds/all/archive/1-0123456789ab.atom", 302, "/feeds/all/archive/1.atom"),
        ("/feeds/tag/%E6%B8%AF/archive/1-0123456789ab.rss", 302, "/feeds/tag/%E6%B8%AF/archive/1.rss"),
    ):
        answer = nginx.ask(path)
        assert (answer.status, answer.headers["location"]) == (status, target), path
    feed = nginx.ask("/feeds/news.rss")
    assert (feed.headers["cache-control"], feed.headers["access-control-allow-origin"]) == ("public, max-age=1800", "*")
    shown = nginx.ask("/feeds/news.rss", {"Sec-Fetch-Dest": "document"})
    assert (shown.headers["content-type"], shown.body) == ("application/xml; charset=utf-8", feed.body)
    assert nginx.ask("/feeds/all/archive/1.rss").headers["cache-control"] == "no-cache"
    for path in (gone, "/feeds/none.rss"):
        answer = nginx.ask(path)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = nginx.ask("/")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_people_see_a_table_and_one_line_of_what_is_wrong(run: Run, full: Path) -> None:
    run("article", "hide", number_of("Note 3"))
    shown = run("feed", "export", "www", "--names", "0")
    assert shown.code == 0
    # They link no tags now.
    assert re.search(rf"articles +0 +{ARTICLES - 1} +0", shown.out)
    assert "removed: no longer published." in shown.err
    refused = run("feed", "export", "notes")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert refused.err.startswith("publisher: DIR notes: it is not empty and no export wrote it")


def test_beside_a_runner_it_takes_what_that_one_published(run: Run, full: Path) -> None:
    with closing(open_storage("sqlite:///publisher.db")) as storage, runner_lock(storage):
        shown = run("feed", "export", "www")
    assert shown.code == 0
    assert "2 feeds left out, whose names can't be those of files; the first: 'tag/../up'" in shown.err
