"""Work in processes of their own: the same results, and whatever happens to one of them is told of its source alone."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.domain.source import Source, SourceKind, Validators
from publisher.errors import SourceError
from publisher.pipeline.collect import Collector, SourceReport
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, ReadRequest
from publisher.sources.apart import messages, pool
from publisher.sources.apart.pool import Processes, usual_number
from publisher.sources.dates import Context
from publisher.sources.feed import FeedReader
from publisher.sources.feeds import drafts
from publisher.sources.feeds.drafts import FeedBytes
from publisher.sources.feeds.feed_values import NotAFeed
from publisher.sources.kinds import build_readers
from publisher.sources.work import Work, WorkEnded
from publisher.storage.database import SqlStorage
from tests.bench.feeds import feed
from tests.fakes import START
from tests.loopback import wait_for

SOURCE = Source(name="feed", kind=SourceKind.FEED, url="https://feed.example/feed.xml", full_text=False, tags=("新闻",))
CONTEXT = Context(datetime(2026, 11, 24, 7, tzinfo=UTC), ZoneInfo("Asia/Shanghai"), "zh")
BROKEN = b"<rss><channel><item><title>A &nbsp; <b>B</title><pubDate>24 Nov 2026 06:00</pubDate></channel>"
LONGER = 600
"""Seconds that no test takes."""


@pytest.fixture(scope="module")
def one() -> Iterator[Processes]:
    """One process, from the first piece of work on."""
    processes = Processes(1, limit=LONGER, idle=LONGER, much=1)
    yield processes
    processes.close()


def given(body: bytes) -> FeedBytes:
    return FeedBytes(body, SOURCE.url)


def is_running(pid: int) -> bool:
    """Whether a process is there and not only waited for."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


# --- results -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [*(feed(shape).encode() for shape in range(5)), BROKEN], ids=lambda body: "")
def test_a_feed_read_elsewhere_says_what_it_says_here(one: Processes, body: bytes) -> None:
    here = drafts.read(given(body), SOURCE, CONTEXT, to_store=False)
    there = one(drafts.read, given(body), SOURCE, CONTEXT, to_store=True)
    assert len(one.ids) == 1
    assert there == here
    for mine, theirs in zip(here.entries, there.entries, strict=True):
        brought = vars(theirs.content)
        assert brought["terms"] == mine.content.terms
        assert brought["packed"] == mine.content.packed
        assert brought["text_name"] == mine.content.text_name
        assert vars(theirs)["addresses"] == mine.addresses
        assert theirs.content.fingerprint() == mine.content.fingerprint()


def test_what_is_no_feed_is_told_as_it_is_here(one: Processes) -> None:
    with pytest.raises(NotAFeed, match="it is empty"):
        one(drafts.read, given(b" "), SOURCE, CONTEXT, to_store=True)


def test_a_fault_of_ours_is_one_line_and_its_traceback_a_line_of_the_log(
    one: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WorkEnded, match=r"^reading it failed \(ValueError: invalid literal.*\)$"):
        one(int, "x")
    assert "Traceback" in capsys.readouterr().out


def test_threads_share_what_processes_there_are(one: Processes) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(one(os.getpid))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == one.ids * 8


def test_what_only_we_shall_know_is_not_in_the_environment_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER__SOURCE__NEWS__COOKIE", "secret")
    monkeypatch.setenv("READING", "yes")
    found = pool._environment()
    assert found["READING"] == "yes"
    assert not any(name.startswith("PUBLISHER") for name in found)


# --- when there are any ------------------------------------------------------------------------------------------


def test_few_pieces_of_work_start_no_process() -> None:
    processes = Processes(2, much=5)
    assert {processes(os.getpid) for _ in range(4)} == {os.getpid()}
    assert processes.ids == []


def test_without_processes_all_is_done_here() -> None:
    processes = Processes(0, much=1)
    assert {processes(os.getpid) for _ in range(20)} == {os.getpid()}


def test_the_usual_number_is_small_and_none_on_one_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    assert pool.processors() >= 1
    for count in (1, 2, 3, 64):
        monkeypatch.setattr(pool, "processors", lambda count=count: count)
        found.append(usual_number())
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] <= 2


def test_a_process_that_can_not_be_started_leaves_the_work_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    processes = Processes(1, much=1)
    assert {processes(os.getpid) for _ in range(3)} == {os.getpid()}
    assert capsys.readouterr().out.count("no process could be started") == 1


def test_a_program_that_is_not_ours_is_no_process_to_work_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_CHILD", "this")
    processes = Processes(1, much=1)
    assert processes(os.getpid) == os.getpid()
    assert processes.ids == []


def test_a_process_that_ends_because_it_has_nothing_to_do_costs_no_work() -> None:
    processes = Processes(1, limit=LONGER, idle=0, much=1)
    assert processes(len, "abc") == 3
    processes.close()


# --- what may happen to one --------------------------------------------------------------------------------------


def test_a_process_that_dies_is_told_and_replaced() -> None:
    processes = Processes(1, limit=LONGER, idle=LONGER, much=1)
    [first] = [processes(os.getpid)]
    with pytest.raises(WorkEnded, match="the process that read it ended by SIGSEGV"):
        processes(signal.raise_signal, signal.SIGSEGV)
    with pytest.raises(WorkEnded, match="the process that read it ended with status 3"):
        processes(os._exit, 3)
    assert processes(os.getpid) not in (first, os.getpid())
    processes.close()
    assert processes.ids == []
    assert processes(os.getpid) == os.getpid()


def test_a_process_found_dead_is_replaced_without_a_word() -> None:
    processes = Processes(1, limit=LONGER, idle=LONGER, much=1)
    first = processes(os.getpid)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not is_running(first), "it is killed")
    assert processes(os.getpid) not in (first, os.getpid())
    processes.close()


def test_work_that_has_no_end_is_stopped_and_says_so() -> None:
    processes = Processes(1, limit=1, much=1)
    with pytest.raises(WorkEnded, match="reading it took longer than 1 s and was stopped"):
        processes(signal.pause)
    assert processes.ids == []


def test_work_that_wants_all_memory_is_refused_it(one: Processes) -> None:
    child = one(os.getpid)
    with pytest.raises(WorkEnded, match="it takes more memory than 1024 MiB"):
        one(bytearray, 2 * 1024**3)
    assert one(os.getpid) == child


def test_who_waits_for_a_process_does_its_work_when_they_are_closed() -> None:
    processes = Processes(1, limit=LONGER, idle=LONGER, much=1)
    ended: list[str] = []

    def busy() -> None:
        with pytest.raises(WorkEnded) as error:
            processes(signal.pause)
        ended.append(str(error.value))

    found: list[int] = []
    threads = [threading.Thread(target=busy), threading.Thread(target=lambda: found.append(processes(os.getpid)))]
    threads[0].start()
    wait_for(lambda: processes.ids, "a process is busy")
    threads[1].start()
    processes.close()
    for thread in threads:
        thread.join()
    assert ended == ["the process that read it ended by SIGKILL"]
    assert found == [os.getpid()]


def test_signals_without_a_name_are_told_by_their_number() -> None:
    assert pool._signal_name(signal.SIGKILL) == "SIGKILL"
    assert pool._signal_name(250) == "signal 250"


def test_ctrl_c_ends_no_process_in_the_middle_of_its_work(one: Processes) -> None:
    child = one(os.getpid)
    os.kill(child, signal.SIGINT)
    assert one(os.getpid) == child
    assert os.getpgid(child) != os.getpgid(0)


def test_a_process_ends_when_who_started_it_is_killed() -> None:
    script = (
        "import os, sys\n"
        "from publisher.sources.apart.pool import Processes\n"
        f"print(Processes(1, idle={LONGER}, much=1)(os.getpid), flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    wait_for(lambda: not is_running(child), "the process without a parent ends")


# --- messages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [os.system, subprocess.run, print, drafts.read, messages.socket.socket, Path("/")])
def test_an_answer_names_nothing_but_values(value: object) -> None:
    with pytest.raises(messages.Broken):
        messages.unpack(pickle.dumps(value))


def test_an_answer_that_is_none_ends_its_process(one: Processes) -> None:
    assert one(len, "ab") == 2
    with pytest.raises(WorkEnded, match="made no sense of it"):
        one(Path, "/")


# --- sources -----------------------------------------------------------------------------------------------------


@dataclass
class Deadly(Work):
    """Processes of which one dies while it reads a certain feed."""

    processes: Processes
    url: str

    def __call__(self, function, *args, **kwargs):  # type: ignore[no-untyped-def]
        if args[0].url == self.url:
            return self.processes(signal.raise_signal, signal.SIGKILL)
        return self.processes(function, *args, **kwargs)


class Feeds(Fetcher):
    """Gives the same feed under every address."""

    def fetch(self, request: FetchRequest) -> FetchResult:
        return Fetched(url=request.url, body=feed(2, range(2)).encode())


def test_a_feed_that_kills_its_process_is_the_failure_of_its_source_alone(storage: SqlStorage) -> None:
    sources = [
        Source(name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed", full_text=False)
        for name in ("one", "two", "three")
    ]
    with storage.begin() as work:
        work.sources.apply(sources, START)
    processes = Processes(1, limit=LONGER, idle=LONGER, much=1)
    deadly = Deadly(processes, "https://two.example/feed")
    collector = Collector(storage, build_readers(deadly), Feeds(), lambda: START)
    found: dict[str, SourceReport] = {one.source: one for one in collector.collect(collector.due(), map)}
    processes.close()
    assert found["one"].new == found["three"].new == 2
    assert found["two"].failed == "https://two.example/feed: the process that read it ended by SIGKILL"


def test_a_reader_tells_why_a_feed_was_not_read() -> None:
    class Ending(Work):
        def __call__(self, function, *args, **kwargs):  # type: ignore[no-untyped-def]
            raise WorkEnded("it took too long")

    request = ReadRequest(source=SOURCE, validators=Validators(), known=lambda keys: {}, now=START)
    with pytest.raises(SourceError, match="it took too long"):
        FeedReader(Ending()).read(request, Feeds())
