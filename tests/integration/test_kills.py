"""Real processes, really killed, against a real SMTP server: nothing is lost, and hardly anything comes twice.

Three ledgers are held beside one another: ours, the server's log, and the set of messages that was to be sent.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.domain.article import New
from publisher.domain.delivery import DeliveryState
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import parse_cadence
from publisher.domain.source import Rights, Source, SourceKind
from publisher.mail.render import DigestRenderer
from publisher.pipeline.compose import Composer
from publisher.pipeline.ports import SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import open_storage
from publisher.templating import Templates, shipped_templates
from tests.fakes import entry
from tests.loopback import unmeasured

CONNECTIONS = 2
MESSAGES = 600
HERE = Path(__file__).parent

CONFIG = """
[site]
title = "Post"
base_url = "https://post.example"
[database]
url = "sqlite:///publisher.db"
[mail]
transport = "smtp"
[[relay]]
name = "sink"
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}
[[newsletter]]
slug = "news"
title = "News"
from = "News <news@post.example>"
cadences = ["immediate"]
"""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Server:
    """The SMTP server as a process of its own, so that it outlives what is killed."""

    port: int
    log: Path

    def taken(self) -> list[tuple[str, str]]:
        """(recipient, Message-ID) of every message that the server took."""
        text = self.log.read_text() if self.log.exists() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()  # a line that is just being written doesn't count yet
        return [(recipient, message_id) for _, message_id, recipient in (line.split("\t") for line in lines)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    log = tmp_path / "server.log"
    command = [sys.executable, HERE.parent / "smtp_server.py", "--port", "0", "--log", log, "--delay", "0.004"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unmeasured())
    assert process.stdout is not None
    yield Server(int(process.stdout.readline()), log)
    process.terminate()
    process.wait(60)


def prepare(folder: Path, port: int) -> Path:
    """A database with an edition that waits for MESSAGES readers."""
    config = folder / "publisher.toml"
    config.write_text(CONFIG.format(port=port, connections=CONNECTIONS))
    storage = open_storage(f"sqlite:///{folder}/publisher.db")
    newsletter = Newsletter(
        slug="news", title="News", sender=Mailbox("news@post.example"), cadences=(parse_cadence("immediate"),)
    )
    with storage.begin() as work:
        work.newsletters.apply([newsletter])
        source = Source(name="s", kind=SourceKind.FEED, url="https://example.org/", rights=Rights.OWN)
        work.sources.apply([source], now())
        newsletter, source = work.newsletters.all()[0], work.sources.all()[0].source
    requests = [
        SubscribeRequest(
            address=address,
            newsletter_id=newsletter.id,
            cadence="immediate",
            language="en",
            timezone="UTC",
            confirmed=True,
        )
        for address in readers()
    ]
    assert Subscribing(storage, now).subscribe_all(requests) == MESSAGES
    with storage.begin() as work:
        work.articles.store(source.id, [New(entry("a", text="text " * 2000), announced=True)], now())
    renderer = DigestRenderer(Templates([shipped_templates()]))
    [report] = Composer(storage, renderer, Site("Post", "https://post.example"), now).compose()
    assert report.deliveries == MESSAGES
    storage.close()
    return config


def readers() -> list[str]:
    return [f"reader{number}@example.org" for number in range(MESSAGES)]


def deliver(config: Path, mutant: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, HERE / "deliver_mutant.py", mutant, "--config", config, "deliver", "--once"]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**unmeasured(), "PYTHONPATH": str(HERE.parent.parent)},
    )


def kill_while_sending(process: subprocess.Popen[bytes], server: Server, after: int) -> bool:
    """Kill a process once the server took so many more messages; False when it ended before."""
    goal = len(server.taken()) + after
    while process.poll() is None:
        if len(server.taken()) >= goal:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.001)
    return False


def campaign(folder: Path, server: Server, mutant: str, *, kills: int, seed: int) -> None:
    """Kill so often, then let it end, and compare the three ledgers."""
    chance = random.Random(seed)
    config = prepare(folder, server.port)
    killed = 0
    for _ in range(kills):
        process = deliver(config, mutant)
        most = max(2, 2 * (MESSAGES - len(server.taken())) // max(1, kills - killed) - 1)
        killed += kill_while_sending(process, server, chance.randrange(1, most))
    last = deliver(config, mutant)
    try:
        _, errors = last.communicate(timeout=600)
    finally:
        last.kill()
    assert last.returncode == 0, errors.decode()
    compare(folder, server, killed, kills)


def compare(folder: Path, server: Server, killed: int, kills: int) -> None:
    taken = server.taken()
    by_reader = Counter(recipient for recipient, _ in taken)
    assert set(by_reader) == set(readers()), f"lost: {sorted(set(readers()) - set(by_reader))[:5]}"
    repeated = sum(times - 1 for times in by_reader.values())
    assert repeated <= killed * CONNECTIONS, f"{repeated} repeated in {killed} kills"
    assert len(set(taken)) == MESSAGES, "a repeated message had another Message-ID"
    assert killed >= kills // 2, f"only {killed} of {kills} kills met a process at work"
    storage = open_storage(f"sqlite:///{folder}/publisher.db")
    with storage.read() as work:
        counts, doubts = work.deliveries.counts(), work.deliveries.doubts()
    storage.close()
    assert {state: number for state, number in counts.items() if number} == {DeliveryState.SENT: MESSAGES}
    assert repeated <= doubts <= killed * CONNECTIONS, f"{doubts} counted in doubt, {repeated} repeated"
    print(f"{killed} kills: {len(taken)} taken, {repeated} repeated, {doubts} in doubt")


def seed() -> int:
    number = int(os.environ.get("PUBLISHER_SEED") or random.randrange(2**32))
    print(f"PUBLISHER_SEED={number}")
    return number


def test_twenty_kills_lose_nothing_and_repeat_at_most_one_message_a_connection(tmp_path: Path, server: Server) -> None:
    campaign(tmp_path, server, "none", kills=20, seed=seed())


@pytest.mark.parametrize("mutant", ["commit_before_send", "no_claim"])
def test_a_planted_fault_is_found(tmp_path: Path, server: Server, mutant: str) -> None:
    with pytest.raises(AssertionError, match=r"lost|repeated"):
        # The first kill comes early, after 80 messages: a watcher that waits for the machine meets it at work too.
        campaign(tmp_path, server, mutant, kills=2, seed=32)


@pytest.mark.torture
@pytest.mark.parametrize("round_", range(10))
def test_two_hundred_kills(tmp_path: Path, server: Server, round_: int) -> None:
    campaign(tmp_path, server, "none", kills=20, seed=seed() + round_)
