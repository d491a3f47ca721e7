"""What an operator sees of images: the step, the folder, and hosts that keep theirs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures import packed
from tests.unit.cli.conftest import Run
from tests.unit.sources.site import Answer, Asked, Site


@pytest.fixture
def server() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


def configure(site: Path, server: Site, images: str = "") -> None:
    (site / "publisher.toml").write_text(
        f'[fetch]\nallow_private = ["{server.host}"]\n[images]\nfolder = "pictures"\n{images}\n'
        '[database]\nurl = "sqlite:///publisher.db"\n[[feed]]\nslug = "news"\ntitle = "News"\n'
        '[[source]]\nname = "notes"\nkind = "folder"\npath = "notes"\nrights = "own"\n'
    )
    (site / "notes" / "ferry.md").write_text(f"# Ferry\n\nThe ferry is late. ![Ferry]({server.url}/ferry.jpg)\n")

    def shut(asked: Asked) -> Answer:
        return Answer(status=403) if "reader.example" in asked.headers.get("Referer", "") else Answer(packed())

    server.pages["/ferry.jpg"] = shut


def test_the_step_copies_images_and_mends_the_feeds_that_show_them(run: Run, site: Path, server: Site) -> None:
    configure(site, server)
    assert run("collect", "--once").code == run("publish", "--once").code == 0
    shown = run("images", "--once")
    assert shown.code == 0
    assert "1 image copied" in shown.out
    assert "403" in shown.out
    assert "feed news" in shown.out
    assert len([path for path in (site / "pictures").rglob("*.jpg")]) == 1
    assert "nothing was due" in run("images", "--once").out
    [host] = json.loads(run("status", "--json").out)["image_hosts"]
    assert (host["source"], host["host"], host["images"]) == ("notes", server.host, "protected")
    assert host["because"].startswith("with the Referer of a feed reader: the server says 403 Forbidden")


def test_without_room_the_step_fails_and_says_what_to_raise(
    run: Run, site: Path, server: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(site, server, "megabytes = 1")
    monkeypatch.setattr("publisher.storage.images.SqlImages.size", lambda _: 1_000_000)
    run("collect", "--once")
    shown = run("images", "--once")
    assert shown.code == 1
    assert "no copies are made: raise [images] megabytes" in shown.err


def test_what_can_not_be_had_is_told_once(run: Run, site: Path, server: Site) -> None:
    configure(site, server)
    server.pages["/ferry.jpg"] = Answer(status=404)
    run("collect", "--once")
    shown = run("images", "--once")
    assert shown.code == 0
    assert "1 not had, the first:" in shown.out
    assert json.loads(run("status", "--json").out)["image_hosts"] == []
