"""What an operator sees of the manners: hosts that rest, sources that are off, trials that cost nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.sources.site import Answer, Site

FEED = '[[source]]\nname = "{name}"\nkind = "feed"\nurl = "{url}/{name}"\n'


@pytest.fixture
def server() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


def configure(site: Path, server: Site, *names: str, more: str = "") -> None:
    sources = "".join(FEED.format(name=name, url=server.url) for name in names)
    (site / "publisher.toml").write_text(
        f'[fetch]\nallow_private = ["{server.host}"]\nbudget = 3\n{sources}{more}\n'
        '[database]\nurl = "sqlite:///publisher.db"\n'
    )


def rss(title: str) -> Answer:
    return Answer(
        f"<rss><channel><item><title>{title}</title><guid isPermaLink='false'>1</guid></item></channel></rss>".encode()
    )


def test_a_second_trial_costs_no_request_unless_it_is_asked_for(run: Run, site: Path, server: Site) -> None:
    configure(site, server, "blog")
    server.pages["/blog"] = rss("one")
    for arguments, titles, asked in (((), "one", 1), ((), "one", 1), (("--fresh",), "two", 2)):
        if arguments:
            server.pages["/blog"] = rss("two")
        result = run("source", "try", "blog", "--json", *arguments)
        assert [entry["title"] for entry in json.loads(result.out)] == [titles]
        assert len(server.paths()) == asked
    assert run("collect", "--once").code == 0
    assert len(server.paths()) == 2, "the first look uses what the trial got"


def test_status_tells_which_hosts_are_left_alone_and_why(run: Run, site: Path, server: Site) -> None:
    configure(site, server, "a", "b", "c", "d")
    for name in "abcd":
        server.pages[f"/{name}"] = rss(name)
    assert run("collect", "--once").code == 1
    [host] = json.loads(run("status", "--json").out)["hosts"]
    assert (host["host"], host["why"]) == (server.host, "the budget of 3 requests a day is spent")
    assert host["requests_today"] == 3
    shown = json.loads(run("source", "list", "--json").out)
    assert sorted("is spent; it goes on at" in row["outcome"] for row in shown) == [False, False, False, True]


def test_status_tells_of_hosts_that_asked_for_rest(run: Run, site: Path, server: Site) -> None:
    configure(site, server, "a")
    server.pages["/a"] = Answer(status=429, headers={"Retry-After": "7200"})
    run("collect", "--once")
    assert [host["why"] for host in json.loads(run("status", "--json").out)["hosts"]] == ["asked for rest"]


def test_sources_that_are_off_have_no_next_look(run: Run, site: Path, server: Site) -> None:
    configure(site, server, "gone", "off", more="disabled = true")
    server.pages["/gone"] = Answer(status=410)
    run("collect", "--once")
    rows = {row["source"]: (row["outcome"], row["next"]) for row in json.loads(run("source", "list", "--json").out)}
    assert rows == {"off": ("disabled", None), "gone": ("gone for good", None)}
    assert server.paths() == ["/gone"]
