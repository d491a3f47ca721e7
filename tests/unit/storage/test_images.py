"""What is remembered of images, on both databases; and their files."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.domain.image import Hotlinking, ImageFile, ImageState
from publisher.errors import StorageError
from publisher.pipeline.ports import ImageHost, KnownImage
from publisher.storage.database import SqlStorage
from publisher.storage.image_files import ImageFolder
from tests.unit.storage.made import NOW, put_source

HOST = "img.example"
A, B, C = (f"https://{HOST}/{name}.jpg" for name in "abc")
FILES = (
    ImageFile("0" * 32 + ".jpg", "image/jpeg", 1200, 800, 70),
    ImageFile("1" * 32 + ".jpg", "image/jpeg", 600, 400, 30),
)


def show(storage: SqlStorage, article: int, source: int, *urls: str, now: datetime = NOW) -> None:
    with storage.begin() as work:
        work.images.show(article, source, urls, "https://blog.example/page", now)


def due(storage: SqlStorage, now: datetime = NOW) -> list[KnownImage]:
    with storage.read() as work:
        return work.images.due(now, 10)


def unshown(storage: SqlStorage, before: datetime) -> list[str]:
    with storage.read() as work:
        return [image.url for image in work.images.unshown(before, 10)]


def test_an_image_is_wanted_from_when_an_article_shows_it_the_last_met_first(storage: SqlStorage) -> None:
    source = put_source(storage)
    show(storage, 1, source, A, B)
    show(storage, 2, source, B, C)
    assert [image.url for image in due(storage)] == [C, B, A]
    assert {(image.state, image.host, image.page) for image in due(storage)} == {
        (ImageState.WANTED, HOST, "https://blog.example/page")
    }
    with storage.read() as work:
        assert [work.images.showing(image.id) for image in due(storage)] == [[2], [1, 2], [1]]
        assert work.images.showing_on((source, HOST)) == [1, 2]
        assert work.images.newest_on((source, HOST)) == []


def test_two_sources_have_an_image_each_of_one_address(storage: SqlStorage) -> None:
    sources = [put_source(storage, name) for name in ("blog", "other")]
    for source in sources:
        show(storage, source, source, A)
    assert sorted((image.source_id, image.url) for image in due(storage)) == [(source, A) for source in sources]


def test_an_image_that_no_article_shows_any_more_is_remembered_as_such(storage: SqlStorage) -> None:
    source, later = put_source(storage), NOW + timedelta(hours=1)
    show(storage, 1, source, A, B)
    show(storage, 2, source, B)
    show(storage, 1, source, now=later)
    assert unshown(storage, later) == [A]
    assert unshown(storage, later - timedelta(seconds=1)) == []
    assert [image.url for image in due(storage)] == [B]
    show(storage, 3, source, A)
    assert unshown(storage, later) == []


def test_what_only_a_hidden_article_showed_is_to_go_at_once(storage: SqlStorage) -> None:
    source = put_source(storage)
    show(storage, 1, source, A, B)
    show(storage, 2, source, B)
    with storage.begin() as work:
        work.images.hide(1, NOW)
        work.images.hide(9, NOW)
    assert unshown(storage, NOW - timedelta(days=365)) == [A]


def test_a_copy_is_found_by_the_address_of_its_image(storage: SqlStorage) -> None:
    source = put_source(storage)
    show(storage, 1, source, A, B)
    [second, first] = due(storage)
    fine = replace(first, state=ImageState.FINE, files=FILES, checked_at=NOW, next_check=None, outcome="")
    with storage.begin() as work:
        work.images.save(fine)
        work.images.save(replace(second, state=ImageState.BROKEN, failures=2, outcome="no image", next_check=NOW))
    with storage.read() as work:
        assert work.images.copies([(source, A), (source, B), (source + 1, A)]) == {(source, A): FILES}
        assert work.images.copies([]) == {}
        assert list(work.images.copied()) == work.images.newest_on((source, HOST)) == [fine]
        assert work.images.newest_on((source, "other.example")) == []
        assert work.images.size() == 100
        assert work.images.kept([FILES[0].name, "other.jpg"]) == {FILES[0].name}
    [broken] = due(storage)
    assert (broken.state, broken.failures, broken.outcome) == (ImageState.BROKEN, 2, "no image")


def test_what_is_forgotten_is_forgotten_whole(storage: SqlStorage) -> None:
    source = put_source(storage)
    show(storage, 1, source, A, B)
    with storage.begin() as work:
        work.images.forget([image for image in work.images.due(NOW, 10) if image.url == A])
    with storage.read() as work:
        assert [image.url for image in due(storage)] == [B]
        assert work.images.showing_on((source, HOST)) == [1]


def test_a_host_can_be_left_alone(storage: SqlStorage) -> None:
    source, tomorrow = put_source(storage), NOW + timedelta(days=1)
    show(storage, 1, source, A, "https://other.example/b.jpg")
    with storage.begin() as work:
        work.images.postpone((source, HOST), tomorrow)
    assert [image.host for image in due(storage)] == ["other.example"]
    assert len(due(storage, tomorrow)) == 2


def test_what_is_known_of_a_host_is_kept_by_source(storage: SqlStorage) -> None:
    one, other = put_source(storage), put_source(storage, "other")
    shut = ImageHost(source_id=one, host=HOST, state=Hotlinking.PROTECTED, evidence="403", checked_at=NOW,
                     next_check=NOW + timedelta(weeks=4), day=NOW.date(), requests=7)  # fmt: skip
    with storage.begin() as work:
        work.images.save_host(ImageHost(source_id=one, host=HOST))
        work.images.save_host(shut)
        work.images.save_host(ImageHost(source_id=other, host=HOST))
    with storage.read() as work:
        assert work.images.hosts() == [shut, ImageHost(source_id=other, host=HOST)]
        assert work.images.protected() == {(one, HOST)}


# --- files -------------------------------------------------------------------------------------------------------

NAME = "ab" + "0" * 30 + ".png"


def test_a_file_is_kept_whole_for_everybody_to_read(tmp_path: Path) -> None:
    files = ImageFolder(tmp_path / "images")
    assert (files.get(NAME), files.all()) == (None, {})
    files.keep(NAME, b"picture")
    files.keep(NAME, b"picture")
    [path] = [path for path in (tmp_path / "images").rglob("*") if path.is_file()]
    assert (path.name, path.parent.name, path.stat().st_mode & 0o777) == (NAME, "ab", 0o644)
    assert files.get(NAME) == b"picture"
    files.remove([NAME, NAME])
    assert files.get(NAME) is None


@pytest.mark.parametrize("name", ["../secret.png", "ab/../../x.png", "", ".", "ab", NAME + "/", "\0", NAME.upper()])
def test_nothing_but_copies_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    assert ImageFolder(tmp_path / "images").get(name) is None


def test_when_a_file_was_written_is_known_and_what_was_interrupted_is_seen(tmp_path: Path) -> None:
    files = ImageFolder(tmp_path)
    files.keep(NAME, b"picture")
    left = tmp_path / "ab" / ".ab-x1"
    left.write_bytes(b"pict")
    os.utime(left, (0, 0))
    found = files.all()
    assert found.keys() == {NAME, left.name}
    assert found[left.name] == datetime(1970, 1, 1, tzinfo=UTC) < found[NAME]
    files.remove([left.name])
    assert files.all().keys() == {NAME}


def test_a_writing_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        ImageFolder(tmp_path).keep(NAME, b"picture")
    assert ImageFolder(tmp_path).all() == {}


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file")
    with pytest.raises(StorageError, match=r"\[images\] folder: .*can't be written: .*") as error:
        ImageFolder(tmp_path / "images").keep(NAME, b"picture")
    assert "\n" not in str(error.value)
