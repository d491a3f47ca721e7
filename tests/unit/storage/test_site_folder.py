"""The folder that a site is exported to: whole files, only those that changed, and nobody else's."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest

from publisher.errors import BusyError, StorageError, UsageError
from publisher.pipeline.ports import Written
from publisher.storage.site_folder import OURS, SiteFolder, site_folder

NOW = datetime(2026, 11, 24, 7, 30, 0, 123456, UTC)
THEN = NOW - timedelta(days=9)
PAGE = "articles/1/index.html"


@contextmanager
def export(folder: Path, now: datetime = NOW, **options: bool) -> Iterator[SiteFolder]:
    with site_folder(folder, lambda: now, **options) as files:
        yield files


def stamp(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def names(folder: Path) -> set[str]:
    """What stands in the folder besides what is ours alone."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return {name for name in found if not name.startswith(OURS)}


def test_a_text_comes_with_its_siblings_and_all_have_its_time(tmp_path: Path) -> None:
    with export(tmp_path / "site") as files:
        assert files.put(PAGE, b"text", THEN) is Written.NEW
        assert files.put("images/a.png", b"pixels", None) is Written.NEW
        assert files.finish() == 0
    site = tmp_path / "site"
    assert names(site) == {PAGE, f"{PAGE}.gz", f"{PAGE}.br", "images/a.png"}
    assert gzip.decompress((site / f"{PAGE}.gz").read_bytes()) == b"text"
    assert brotli.decompress((site / f"{PAGE}.br").read_bytes()) == b"text"
    assert {stamp(site / f"{PAGE}{ending}") for ending in ("", ".gz", ".br")} == {THEN.replace(microsecond=0)}
    assert stamp(site / "images/a.png") == NOW.replace(microsecond=0)
    assert {oct(path.stat().st_mode & 0o777) for path in site.rglob("*.html*")} == {"0o644"}


def test_only_what_changed_is_written_and_is_younger_than_it_was(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"text", THEN)
        files.put("same.html", b"same", THEN)
        files.finish()
    numbers = {path: path.stat().st_ino for path in tmp_path.glob("same.html*")}
    with export(tmp_path, NOW + timedelta(hours=1)) as files:
        assert files.put("same.html", b"same", NOW) is Written.SAME
        # As old by its date as what stood there, and another text all the same.
        assert files.put(PAGE, b"text 2", THEN) is Written.CHANGED
        files.finish()
    assert {path: path.stat().st_ino for path in tmp_path.glob("same.html*")} == numbers
    assert stamp(tmp_path / "same.html") == THEN.replace(microsecond=0)
    assert stamp(tmp_path / PAGE) == (NOW + timedelta(hours=1)).replace(microsecond=0)
    with export(tmp_path, NOW) as files:  # a clock that went back
        files.keep("same.html")
        files.put(PAGE, b"text 3", THEN)
        files.finish()
    assert stamp(tmp_path / PAGE) == (NOW + timedelta(hours=1, seconds=1)).replace(microsecond=0)


def test_a_file_is_kept_by_what_it_was_made_of(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"text", THEN, "mark-1")
        files.put("other.html", b"text", THEN)
        files.finish()
    with export(tmp_path) as files:
        assert [files.keep(PAGE, mark) for mark in ("mark-2", "mark", "mark-1")] == [False, False, True]
        assert not files.keep("other.html", "mark-1")
        files.put("other.html", b"text", THEN, "mark-3")
        files.finish()
    (tmp_path / f"{PAGE}.br").unlink()
    with export(tmp_path) as files:
        assert files.keep("other.html", "mark-3")
        assert not files.keep(PAGE, "mark-1")


def test_after_an_export_that_was_cut_off_nobody_knows_what_files_were_made_of(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"text", THEN, "mark-1")
        files.finish()
    with export(tmp_path) as files:
        files.put(PAGE, b"text 2", THEN, "mark-2")
    with export(tmp_path) as files:
        assert not files.keep(PAGE, "mark-1")
        assert files.keep(PAGE)


def test_a_sibling_that_is_lost_or_another_s_is_made_again(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"text", THEN)
        files.finish()
    (tmp_path / f"{PAGE}.gz").unlink()
    (tmp_path / f"{PAGE}.br").write_bytes(b"other")
    with export(tmp_path) as files:
        assert not files.keep(PAGE)
        assert files.put(PAGE, b"text", THEN) is Written.CHANGED
        files.finish()
    assert gzip.decompress((tmp_path / f"{PAGE}.gz").read_bytes()) == b"text"
    assert brotli.decompress((tmp_path / f"{PAGE}.br").read_bytes()) == b"text"


def test_what_is_not_written_again_is_removed_with_its_folders(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"1", THEN)
        files.put("articles/2/index.html", b"2", THEN)
        files.put("feeds/a.rss", b"3", THEN)
        files.finish()
    (tmp_path / "articles" / "2" / "mine.txt").write_text("mine")
    with export(tmp_path) as files:
        assert files.keep("feeds/a.rss")
        assert files.read("feeds/a.rss") == b"3"
        assert names(tmp_path) > {PAGE, "articles/2/index.html"}  # removals come last
        assert files.finish() == 2
    assert names(tmp_path) == {"feeds/a.rss", "feeds/a.rss.gz", "feeds/a.rss.br", "articles/2/mine.txt"}
    assert not (tmp_path / "articles" / "1").exists()


def test_a_folder_with_files_of_others_is_refused_unless_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = r"^DIR .*: it is not empty and no export wrote it; .* --into-existing$"
    with pytest.raises(UsageError, match=refused), export(tmp_path):
        pass
    assert names(tmp_path) == {"mine.txt"}
    assert not (tmp_path / OURS).exists()
    with export(tmp_path, into_existing=True) as files:
        files.put(PAGE, b"1", THEN)
        files.finish()
    with export(tmp_path) as files:
        assert files.finish() == 1
    assert names(tmp_path) == {"mine.txt"}


@pytest.mark.parametrize("taken", ["index.html", "index.html.gz"])
def test_a_file_of_others_is_never_replaced(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with export(tmp_path, into_existing=True) as files:
        assert not files.keep("index.html")
        with pytest.raises(StorageError, match=rf"{taken}: it is not ours, and stands where we write; move it away"):
            files.put("index.html", b"ours", None)
    assert (tmp_path / taken).read_text() == "mine"


def test_after_a_crash_what_was_written_is_known_and_the_rest_comes(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.put("old.html", b"old", THEN)
        files.finish()
    with export(tmp_path) as files:  # killed before it finished
        files.put(PAGE, b"1", THEN)
    assert names(tmp_path) >= {"old.html", PAGE}
    with export(tmp_path) as files:
        assert files.put("new.html", b"new", THEN) is Written.NEW
        assert files.finish() == 2
    assert names(tmp_path) == {"new.html", "new.html.gz", "new.html.br"}


def test_a_crash_at_the_first_export_leaves_a_folder_that_is_ours(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with export(site) as files:
        files.put(PAGE, b"1", THEN)
    with export(site) as files:
        assert files.put(PAGE, b"1", THEN) is Written.SAME
        files.finish()


def test_no_file_is_ever_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with export(tmp_path) as files:
        files.put(PAGE, b"whole", THEN)
        files.finish()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with export(tmp_path) as files:
        monkeypatch.setattr(os, "fchmod", full)
        with pytest.raises(StorageError, match="No space left on device"):
            files.put(PAGE, b"another", NOW)
        monkeypatch.undo()
        assert files.read(PAGE) == b"whole"


def test_a_name_leads_to_another_file_and_to_its_siblings(tmp_path: Path) -> None:
    now, then = "feeds/a/archive/1-bb.rss", "feeds/a/archive/1-aa.rss"
    with export(tmp_path) as files:
        assert files.link("feeds/a/archive/1.rss", then) is Written.NEW  # what it leads to comes later
        files.put(then, b"1", THEN)
        assert files.link("feeds/a/archive/2.rss", "feeds/a.rss") is Written.NEW
        files.put("feeds/a.rss", b"now", THEN)
        files.finish()
    place = tmp_path / "feeds/a/archive/1.rss"
    assert place.read_bytes() == b"1"
    assert (tmp_path / "feeds/a/archive/2.rss").read_bytes() == b"now"
    with export(tmp_path) as files:
        assert files.link("feeds/a/archive/2.rss", "feeds/a.rss") is Written.SAME
        assert files.keep("feeds/a.rss")
        files.put(now, b"2", NOW)
        assert files.link("feeds/a/archive/1.rss", now) is Written.CHANGED
        # It was a link and is a file now: nothing is written through it.
        assert files.put("feeds/a/archive/2.rss", b"own", NOW) is Written.CHANGED
        assert files.finish() == 1
    assert place.read_bytes() == b"2"
    assert gzip.decompress((tmp_path / "feeds/a/archive/1.rss.gz").read_bytes()) == b"2"
    assert (tmp_path / "feeds/a.rss").read_bytes() == b"now"
    assert then not in names(tmp_path)


def test_one_export_at_a_time(tmp_path: Path) -> None:
    with export(tmp_path), pytest.raises(BusyError, match="another export writes there now"), export(tmp_path):
        pass


def test_a_list_that_names_files_elsewhere_removes_none_there(tmp_path: Path) -> None:
    outside, site = tmp_path / "outside.txt", tmp_path / "site"
    outside.write_text("mine")
    with export(site) as files:
        files.finish()
    (site / OURS / "files").write_text(f"../outside.txt\n{outside}\nfolder\n")
    (site / "folder").mkdir()
    with export(site) as files:
        files.finish()
    assert outside.read_text() == "mine"


def test_what_can_not_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file.*: it can't be written: "), export(tmp_path / "file"):
        pass
    with export(tmp_path / "site") as files:
        files.finish()
    (tmp_path / "site" / OURS / "files").write_bytes(b"\xff")
    with pytest.raises(StorageError, match=r"files: it can't be read"), export(tmp_path / "site"):
        pass


def test_a_note_is_no_part_of_the_site(tmp_path: Path) -> None:
    with export(tmp_path) as files:
        files.note("gone.map", iter(["a", "b"]))
        files.finish()
    assert (tmp_path / OURS / "gone.map").read_text() == "a\nb\n"
    assert names(tmp_path) == set()
