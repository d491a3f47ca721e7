"""A process that is really killed while it composes, and started again, neither loses nor repeats a slot."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.domain.article import New
from publisher.domain.schedule import Slot
from publisher.domain.source import Rights, Source, SourceKind
from publisher.pipeline.ports import SubscribeRequest
from publisher.pipeline.subscribe import Subscribing
from publisher.settings import load
from publisher.storage.database import open_storage
from tests.fakes import entry
from tests.loopback import unmeasured

READERS = 5000
ZONE = ZoneInfo("Europe/Berlin")
HOUR = (datetime.now(ZONE).hour + 12) % 24
"""When the newsletter is cut: half a day from now, so that no second slot comes up meanwhile."""

CONFIG = f"""
[site]
title = "Post"
timezone = "Europe/Berlin"
[database]
url = "sqlite:///publisher.db"
[mail]
transport = "outbox"
outbox = "outbox"
[[newsletter]]
slug = "news"
title = "News"
from = "News <news@post.example>"
cadences = ["daily"]
hour = {HOUR}
"""


def now() -> datetime:
    return datetime.now(UTC)


def prepare(folder: Path) -> tuple[Path, datetime]:
    """READERS subscriptions, three articles, and a slot that was due a moment ago."""
    config = folder / "publisher.toml"
    config.write_text(CONFIG)
    settings = load(config, {})
    storage = open_storage(settings.database)
    with storage.begin() as work:
        work.newsletters.apply(settings.newsletters)
        source = Source(name="s", kind=SourceKind.FEED, url="https://example.org/", rights=Rights.OWN)
        work.sources.apply([source], now())
        newsletter, source = work.newsletters.all()[0], work.sources.all()[0].source
    requests = [
        SubscribeRequest(
            address=f"reader{number}@example.org",
            newsletter_id=newsletter.id,
            language="en" if number % 2 else "zh-CN",
            timezone="UTC",
            cadence="daily",
            confirmed=True,
        )
        for number in range(READERS)
    ]
    Subscribing(storage, now).subscribe_all(requests)
    due = newsletter_slot(now())
    with storage.begin() as work:
        work.articles.store(source.id, [New(entry(key), announced=True) for key in "abc"], now())
        work.newsletters.put_slot(Slot(newsletter.id, "daily", due))
    storage.close()
    return config, due


def newsletter_slot(at: datetime) -> datetime:
    """The last time that it was this hour in Berlin, by way of the days around."""
    local = at.astimezone(ZONE)
    slot = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return (slot if slot <= local else slot - timedelta(days=1)).astimezone(UTC)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/publisher.db?mode=ro", uri=True, timeout=60)) as database:
        return database.execute(query).fetchall()


def compose_and_kill(folder: Path, config: Path, after: int) -> bool:
    """Kill a composing process once its cursor passed some subscription; False when it ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "publisher", "--config", config, "compose", "--once"],
        stdout=subprocess.DEVNULL,
        env=unmeasured(),
    )
    while process.poll() is None:
        if rows(folder, f"SELECT id FROM edition WHERE cursor > {after}"):
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.001)
    return False


def test_a_killed_compose_is_taken_up_where_it_was(tmp_path: Path) -> None:
    seed = int(os.environ.get("PUBLISHER_SEED") or random.randrange(2**32))
    print(f"PUBLISHER_SEED={seed}")
    chance = random.Random(seed)
    config, due = prepare(tmp_path)
    # The first comes early: a watcher that has to wait for the machine meets the process at work all the same.
    marks = sorted([chance.randrange(500), *chance.sample(range(READERS - 1000), 2)])
    kills = [compose_and_kill(tmp_path, config, after) for after in marks]
    assert any(kills)
    subprocess.run([sys.executable, "-m", "publisher", "--config", config, "compose", "--once"], check=True)
    [(cut_at, state)] = rows(tmp_path, "SELECT cut_at, state FROM edition")
    assert datetime.fromisoformat(str(cut_at)).replace(tzinfo=UTC) == due
    assert state == "approved"
    deliveries = Counter(rows(tmp_path, "SELECT subscription_id FROM delivery"))
    assert len(deliveries) == READERS
    assert set(deliveries.values()) == {1}
    [(next_due,)] = rows(tmp_path, "SELECT next_due FROM slot")
    assert datetime.fromisoformat(str(next_due)).replace(tzinfo=UTC) > now()
    subprocess.run([sys.executable, "-m", "publisher", "--config", config, "compose", "--once"], check=True)
    assert len(rows(tmp_path, "SELECT id FROM edition")) == 1
