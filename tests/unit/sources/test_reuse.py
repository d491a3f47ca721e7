"""Documents that were got a moment ago are not asked for again."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.domain.rights import Reservations
from publisher.domain.source import PollHints, Validators
from publisher.pipeline.ports import Fetched, FetchRequest, FetchResult, Refused
from publisher.sources.http import reuse
from publisher.sources.http.reuse import ReusingFetcher, StoredDocuments
from tests.fakes import FakeClock

WHOLE = Fetched(
    url="https://example.org/feed",
    body=b"\0\xff" + "中文".encode(),
    media_type="text/html",
    charset="GBK",
    validators=Validators('W/"ä"', "then"),
    hints=PollHints(max_age=timedelta(minutes=5), skip_hours=frozenset({1})),
    moved_to="https://example.org/new",
    headers={"content-type": "text/html; charset=GBK"},
    reservations=Reservations(noarchive=True, signals=(("search", False),), evidence=("a sign",)),
)
ASKED = FetchRequest(url="https://example.org/feed")


class Counting:
    """A fetcher that tells how often it was asked."""

    def __init__(self, result: FetchResult = WHOLE) -> None:
        self.result = result
        self.count = 0

    def fetch(self, request: FetchRequest) -> FetchResult:
        self.count += 1
        return self.result


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def documents(tmp_path: Path, clock: FakeClock) -> StoredDocuments:
    return StoredDocuments(tmp_path / "cache", timedelta(minutes=15), clock)


def test_a_document_comes_back_as_it_was_within_its_lifetime(documents: StoredDocuments, clock: FakeClock) -> None:
    fetcher = Counting()
    reusing = ReusingFetcher(fetcher, documents)
    first = reusing.fetch(ASKED)
    clock.pass_by(minutes=15)
    second = reusing.fetch(ASKED)
    assert first == second == WHOLE
    assert isinstance(second, Fetched)
    assert second.headers == WHOLE.headers
    assert fetcher.count == 1
    clock.pass_by(seconds=1)
    reusing.fetch(ASKED)
    assert fetcher.count == 2


@pytest.mark.parametrize(
    "other",
    [
        FetchRequest(url="https://example.org/feed?a"),
        FetchRequest(url=ASKED.url, accept="text/html"),
        FetchRequest(url=ASKED.url, source="with-a-cookie"),
        FetchRequest(url=ASKED.url, obey_robots=False),
        FetchRequest(url=ASKED.url, validators=Validators('"1"')),
        FetchRequest(url=ASKED.url, form={"a": "b"}),
    ],
)
def test_another_request_is_asked(documents: StoredDocuments, other: FetchRequest) -> None:
    fetcher = Counting()
    reusing = ReusingFetcher(fetcher, documents)
    reusing.fetch(ASKED)
    reusing.fetch(other)
    assert fetcher.count == 2


def test_failures_are_not_kept_and_who_only_reads_keeps_nothing(documents: StoredDocuments) -> None:
    ReusingFetcher(Counting(Refused("no")), documents).fetch(ASKED)
    ReusingFetcher(Counting(), documents, keep=False).fetch(ASKED)
    assert documents.get(ASKED) is None


def test_files_are_for_the_owner_alone_and_hold_no_cookie(documents: StoredDocuments) -> None:
    documents.put(ASKED, Fetched(url=ASKED.url, body=b"x", headers={"set-cookie": "session=swordfish"}))
    [file] = documents.folder.iterdir()
    assert (file.stat().st_mode & 0o077, documents.folder.stat().st_mode & 0o077) == (0, 0)
    assert b"swordfish" not in file.read_bytes()


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"no json\n", None])
def test_a_damaged_file_is_as_good_as_none(documents: StoredDocuments, damage: bytes | None) -> None:
    documents.put(ASKED, WHOLE)
    [file] = documents.folder.iterdir()
    file.write_bytes(file.read_bytes()[:-5] if damage is None else damage)
    assert documents.get(ASKED) is None


def test_a_folder_that_can_not_be_made_only_costs_the_reuse(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("in the way")
    documents = StoredDocuments(tmp_path / "file" / "cache", timedelta(minutes=15), clock)
    assert ReusingFetcher(Counting(), documents).fetch(ASKED) == WHOLE


def test_the_folder_stays_small(documents: StoredDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "MOST_FILES", 3)
    for number in range(6):
        documents.put(FetchRequest(url=f"https://example.org/{number}"), WHOLE)
    assert len(list(documents.folder.iterdir())) == 3
    monkeypatch.setattr(reuse, "MOST_BYTES", 10)
    documents.put(ASKED, WHOLE)
    assert len(list(documents.folder.iterdir())) == 0


def test_what_is_out_of_date_is_removed(documents: StoredDocuments, clock: FakeClock) -> None:
    documents.put(ASKED, WHOLE)
    [old] = documents.folder.iterdir()
    os.utime(old, (clock.now.timestamp() - 1000,) * 2)
    documents.put(FetchRequest(url="https://example.org/other"), WHOLE)
    assert not old.exists()
