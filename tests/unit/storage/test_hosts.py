"""What hosts were promised outlives the process."""

from datetime import date, timedelta

from publisher.domain.host import HostState
from publisher.pipeline.ports import HostFile
from publisher.storage.database import SqlStorage
from publisher.storage.hosts import StoredHosts
from tests.unit.storage.made import NOW

HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 24)


def test_rest_and_refusals_come_back_as_they_were(storage: SqlStorage) -> None:
    hosts = StoredHosts(storage)
    assert hosts.all() == {}
    first = HostState(name="example.org", rest_until=NOW + HOUR, refusals=2, busy=1)
    hosts.save(first)
    assert hosts.all() == {"example.org": first}
    calm = HostState(name="example.org")
    hosts.save(calm)
    assert hosts.all() == {"example.org": calm}


def test_requests_are_counted_by_host_and_day(storage: SqlStorage) -> None:
    hosts = StoredHosts(storage)
    counts = [hosts.count("example.org", TODAY) for _ in range(3)]
    assert counts == [1, 2, 3]
    assert hosts.count("example.net", TODAY) == 1
    assert hosts.count("example.org", TODAY + timedelta(days=1)) == 1
    hosts.save(HostState(name="example.org", rest_until=NOW))
    assert hosts.all()["example.org"] == HostState(
        name="example.org", rest_until=NOW, day=TODAY + timedelta(days=1), requests=1
    )


def test_files_of_hosts_are_kept_with_what_they_say_or_why_they_could_not_be_read(storage: SqlStorage) -> None:
    hosts = StoredHosts(storage)
    read = HostFile(url="https://example.org/robots.txt", until=NOW, text="User-agent: *\nDisallow: /\0")
    refused = HostFile(url="https://example.org/robots.txt", until=NOW + HOUR, refusal="503")
    assert hosts.file(read.url) is None
    hosts.save_file(read)
    assert hosts.file(read.url) == HostFile(url=read.url, until=NOW, text="User-agent: *\nDisallow: /")
    hosts.save_file(refused)
    assert hosts.file(read.url) == refused


def test_what_is_of_no_use_any_more_is_dropped(storage: SqlStorage) -> None:
    hosts = StoredHosts(storage)
    hosts.save_file(HostFile(url="https://old.example/robots.txt", until=NOW - HOUR, text=""))
    hosts.save_file(HostFile(url="https://new.example/robots.txt", until=NOW + HOUR, text=""))
    hosts.save(HostState(name="rested", rest_until=NOW - HOUR))
    hosts.save(HostState(name="resting", rest_until=NOW + HOUR))
    hosts.save(HostState(name="refusing", rest_until=NOW - HOUR, refusals=1))
    hosts.count("yesterday", TODAY - timedelta(days=1))
    hosts.count("today", TODAY)
    hosts.forget(NOW)
    assert set(hosts.all()) == {"resting", "refusing", "today"}
    assert hosts.file("https://old.example/robots.txt") is None
    assert hosts.file("https://new.example/robots.txt") is not None
