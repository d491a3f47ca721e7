"""The ticks, and nothing else: when something is due stands in the database, a tick only looks.

A tick that fails is logged and comes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from publisher.engine.local import LocalEngine
from publisher.errors import PublisherError

log = structlog.get_logger(__name__)

COLLECT_EVERY = timedelta(seconds=30)
COMPOSE_EVERY = timedelta(seconds=30)
DELIVER_EVERY = timedelta(seconds=10)
IMAGES_EVERY = timedelta(seconds=60)
HUBS_EVERY = timedelta(seconds=30)
PINGS_EVERY = timedelta(seconds=5)
NEWS_EVERY = timedelta(seconds=1)
NEWS_WITHIN = timedelta(seconds=10)
"""How long articles may go on coming before those that came are published."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to do every so often."""

    name: str
    every: timedelta
    act: Callable[[], object]


class News:
    """Tells when to publish: once nothing more was stored since the last look, so that a round of many sources is
    published a few times and not at each of its articles."""

    def __init__(self, seq: int) -> None:
        """`seq` is the number of the last revision that is published."""
        self._published = self._seen = seq
        self._since: float | None = None

    def due(self, seq: int, now: float) -> bool:
        """Whether to publish, with `seq` the last revision stored and `now` in monotonic seconds."""
        if seq == self._published:
            return False
        self._since = now if self._since is None else self._since
        if seq != self._seen and now - self._since < NEWS_WITHIN.total_seconds():
            self._seen = seq
            return False
        self._published = self._seen = seq
        self._since = None
        return True


class Scheduler:
    """Runs ticks in threads of their own, each never beside itself, until it is stopped."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(ticks)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        for tick in ticks:
            self._scheduler.add_job(
                attempt, "interval", [tick.name, tick.act], id=tick.name, seconds=tick.every.total_seconds()
            )

    def start(self) -> None:
        """Begin; the first tick of each comes after its interval."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more ticks. Those that run are not waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def road(engine: LocalEngine) -> list[Tick]:
    """The ticks of the four steps. What was composed is delivered at once.

    Feeds change with their definitions and with time too, so they are published whether or not anything was collected.
    """

    def collect() -> None:
        attempt("collect", lambda: run_logged(engine, "collect"))
        run_logged(engine, "publish")

    def images() -> None:
        if run_logged(engine, "images"):
            run_logged(engine, "publish")

    def compose() -> None:
        if run_logged(engine, "compose"):
            run_logged(engine, "deliver")

    return [
        Tick("collect", COLLECT_EVERY, collect),
        Tick("images", IMAGES_EVERY, images),
        Tick("compose", COMPOSE_EVERY, compose),
        Tick("deliver", DELIVER_EVERY, lambda: run_logged(engine, "deliver")),
    ]


def run_logged(engine: LocalEngine, step: str) -> bool:
    """Run a step and log what it did; whether anything happened."""
    lines = engine.run(step)
    for line in lines:
        tell = log.warning if line.failed else log.debug if line.idle else log.info
        tell(step, what=line.subject, outcome=line.outcome)
    return any(not line.idle for line in lines)


def attempt(name: str, act: Callable[[], object]) -> None:
    """Do something that must not end what goes on after it: its failure is logged, as that of `name`."""
    try:
        act()
    except PublisherError as error:
        log.error("step failed", tick=name, reason=str(error))
    except Exception:
        # A tick must survive whatever happens in it: the next one may find the cause gone.
        log.exception("step failed", tick=name)
