"""What other people's programs make of an article with formulas, readings, code, footnotes and images: all of it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import feedparser_sgmllib
import pytest

from publisher.domain.feed import FeedFormat
from publisher.feeds.documents import FeedDocumentWriter
from publisher.sources.pages import sanitize
from tests.unit.feeds.samples import channel, state
from tests.unit.feeds.test_addresses import BODY, PAGE

HTML = sanitize.clean(BODY, PAGE)
IMAGE = "https://quay.example/img/lead.jpg"


@pytest.fixture
def feed(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A feed of one article as a file, in the format of the test."""
    format = FeedFormat(request.param)
    made = channel(state(1, url=PAGE, html=HTML, summary="Tides", image=IMAGE))
    path = tmp_path / f"feed.{format}"
    path.write_bytes(FeedDocumentWriter().write(made, format))
    return path


def run(*command: str, cwd: Path, stdin: bytes = b"") -> bytes:
    environment = {"HOME": str(cwd), "TERM": "dumb", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=cwd, input=stdin, env=environment, capture_output=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.skipif(not shutil.which("newsboat"), reason="newsboat is not installed")
@pytest.mark.parametrize("feed", ["rss", "atom"], indirect=True)
def test_newsboat_keeps_it_whole_and_knows_where_its_footnotes_lead(feed: Path, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"file://{feed}\n")
    run("newsboat", "-u", "urls", "-c", "cache.db", "-C", os.devnull, "-x", "reload", cwd=tmp_path)
    with sqlite3.connect(tmp_path / "cache.db") as cache:
        rows = cache.execute("SELECT content, base, url FROM rss_item").fetchall()
    assert rows == [(HTML, PAGE, PAGE)]


@pytest.mark.skipif(not shutil.which("sfeed"), reason="sfeed is not installed")
@pytest.mark.parametrize("feed", ["rss", "atom"], indirect=True)
def test_sfeed_keeps_it_whole(feed: Path, tmp_path: Path) -> None:
    line = run("sfeed", cwd=tmp_path, stdin=feed.read_bytes()).decode().rstrip("\n").split("\t")
    content = line[3].replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
    assert (line[2], line[7]) == (PAGE, IMAGE)
    assert content.strip() == HTML


@pytest.mark.parametrize("feed", ["rss", "atom", "json"], indirect=True)
def test_reader_loses_only_what_its_sanitiser_does_not_know(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sgmllib", feedparser_sgmllib)
    reader = pytest.importorskip("reader").make_reader(":memory:", feed_root=str(feed.parent))
    reader.add_feed(feed.name)
    reader.update_feeds()
    [entry] = reader.get_entries()
    content = max((one.value for one in entry.content), key=len)
    if feed.suffix == ".json":
        assert content == HTML
        return
    for kept in (
        "<mfrac><mi>h</mi><msub><mi>t</mi><mn>0</mn></msub></mfrac><mo>&lt;</mo><mn>3</mn></math>",
        "潮(cháo)",
        '<pre><code>if level &lt; 3:\n    print("ebb  tide")</code></pre>',
        f'<a href="{PAGE}#a-fn1" id="a-ref1"',
        '<li id="a-fn1">',
        'src="https://quay.example/news/img/tide.jpg"',
    ):
        assert kept in content
    assert entry.enclosures[0].href == IMAGE
