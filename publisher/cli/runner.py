"""What `publisher run` is while it runs: the first round, the schedule, the listeners, and a clean end."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import structlog
import typer
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.app import Application, apply_definitions, build, build_engine, resting, steps, tend_images
from publisher.cli.console import complain, progress, say, show_table
from publisher.cli.context import now
from publisher.cli.signals import ENDING, Signals
from publisher.cli.site import outbox_of, site_of
from publisher.cli.steps import fail_if_failed, show_lines
from publisher.domain.feed import FeedFormat
from publisher.engine.local import Line
from publisher.errors import ConfigError, PublisherError
from publisher.scheduler import HUBS_EVERY, NEWS_EVERY, PINGS_EVERY, News, Scheduler, Tick, attempt, road, run_logged
from publisher.settings import Settings, until_restart
from publisher.web.serve import Server

log = structlog.get_logger(__name__)

STEPS = ("collect", "publish", "images", "compose", "deliver")
LOOK_EVERY = 0.1
"""Seconds between two looks at signals and the round."""

END_WITHIN = 1.5
"""Seconds that the steps have to come to an end once they are asked to."""

REPLY_WITHIN = 30.0
"""Seconds that a mail server has for the reply it owes us."""

INTERRUPTED = 130


class Switch:
    """An ASGI application that can be exchanged for another while it is served."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the application of now."""
        await self.app(scope, receive, send)


class Round:
    """All steps once, in their order, in a thread of their own."""

    def __init__(self, run: Callable[[str], list[Line]]) -> None:
        self.lines: dict[str, list[Line]] = {}
        self.error: BaseException | None = None
        self._run = run
        self._thread = threading.Thread(target=self._go, name="first round", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether all steps are done, or one has failed altogether (`error`)."""
        return not self._thread.is_alive()

    def raise_error(self) -> None:
        """Raise what ended the round before its time."""
        if self.error is not None:
            raise self.error

    def _go(self) -> None:
        try:
            for step in STEPS:
                self.lines[step] = tend_images(self._run) if step == "images" else self._run(step)
        except BaseException as error:  # raised again by who waits for the round
            self.error = error


class Runner:
    """The process that runs the road. `configure` reads the configuration anew."""

    def __init__(self, application: Application, stop: threading.Event, configure: Callable[[], Settings]) -> None:
        self._application = application
        self._stop = stop
        self._configure = configure
        self._web: Switch | None = None
        self._server: Server | None = None
        self._reloading = threading.Lock()
        self._pinging = threading.Lock()

    def serve(self, listeners: ExitStack) -> None:
        """Start the web server. Raises PublisherError when its port can't be had."""
        web = self._application.settings.web
        self._web = Switch(site_of(self._application))
        self._server = Server(self._web, web.host, web.port, "web.port", web.trusted_proxies)
        self._server.start()
        listeners.callback(self._server.stop)

    def run(self, signals: Signals, *, once: bool) -> None:
        """The first round, and then the schedule until a signal ends it; or, with `once`, the first round."""
        try:
            with progress() as advance:
                self._engine = build_engine(self._application, self._stop, advance)
                first = Round(self._engine.run)
                interrupted = self._wait(signals, lambda: first.ended)
            if not interrupted:
                first.raise_error()
                if once:
                    first.lines["collect"] += resting(self._application, first.lines["collect"])
                show_lines(first.lines)
                if once:
                    self._ping()
                    fail_if_failed(first.lines)
                    return
                self._stay(signals)
        finally:
            self._end(signals, INTERRUPTED if once else 0)
        if once:
            raise typer.Exit(INTERRUPTED)

    def _stay(self, signals: Signals) -> None:
        self._tell_addresses()
        self._news = News(self._latest_seq())
        beside = (
            Tick("hubs", HUBS_EVERY, self._tend_hubs),
            Tick("pings", PINGS_EVERY, self._ping),
            Tick("news", NEWS_EVERY, self._publish_news),
        )
        scheduler = Scheduler([*road(self._engine), *beside])
        scheduler.start()
        try:
            self._wait(signals, lambda: False)
            say("Ending …")
        finally:
            scheduler.stop()

    def _tend_hubs(self) -> None:
        """Only while the web server runs: hubs ask back at once."""
        for report in self._application.hubs.tend():
            tell = log.warning if report.failed else log.info
            tell("hub", source=report.source, outcome=report.outcome)

    def _ping(self) -> None:
        """Tell hubs of ours what changed."""
        with self._pinging:
            for report in self._application.pinger.ping():
                tell = log.warning if report.failed else log.info
                tell("ping", hub=report.hub, topic=report.topic, outcome=report.outcome)

    def _publish_news(self) -> None:
        """Publish what was pushed, brought by a hub, edited or taken down since, without waiting for a round to end."""
        if self._news.due(self._latest_seq(), time.monotonic()):
            run_logged(self._engine, "publish")
            self._ping()

    def _latest_seq(self) -> int:
        with self._application.storage.read() as work:
            return work.articles.latest_seq()

    def _wait(self, signals: Signals, ended: Callable[[], bool]) -> bool:
        """Wait until something has ended, or a signal asks to end: True for a signal."""
        while not ended():
            received = signals.next(LOOK_EVERY)
            if received in ENDING:
                return True
            if received == signal.SIGHUP:
                threading.Thread(target=self._reload, name="reload", daemon=True).start()
        return False

    # --- the end -------------------------------------------------------------------------------------------------

    def _end(self, signals: Signals, code: int) -> None:
        """Ask everything to stop and wait for it: a moment, or longer while a mail server owes a reply.

        What does not end by then is left with the process, which exits with `code`.
        """
        self._stop.set()
        began, told = time.monotonic(), False
        while any(self._engine.busy(step) for step in STEPS):
            waited = time.monotonic() - began
            if waited > (REPLY_WITHIN if self._engine.busy("deliver") else END_WITHIN):
                leave(code)
            if waited > END_WITHIN and not told:
                complain("a mail server still owes a reply; Ctrl-C ends without it")
                told = True
            if signals.next(LOOK_EVERY / 2) in ENDING:
                leave(INTERRUPTED)

    # --- a changed configuration ---------------------------------------------------------------------------------

    def _reload(self) -> None:
        """Take up a changed configuration and publish by it; one with faults is told and left alone."""
        with self._reloading:
            try:
                self._adopt(self._configure())
            except ConfigError as error:
                for fault in error.faults:
                    log.error("configuration not taken up", fault=str(fault))
            except PublisherError as error:
                log.error("configuration not taken up", fault=str(error))
            else:
                attempt("publish", lambda: run_logged(self._engine, "publish"))

    def _adopt(self, wanted: Settings) -> None:
        before = self._application
        settings = until_restart(wanted, before.settings)
        fresh = build(settings, before.storage, clock=now, stop=self._stop)
        apply_definitions(fresh)
        self._engine.adopt(steps(fresh), settings.threads)
        self._application = fresh
        if self._web is not None:
            self._web.app = site_of(self._application)
        before.close()
        waiting = [name for name in ("database", "web", "example", "log") if _differ(wanted, settings, name)]
        log.info("configuration taken up", **({"after_a_restart": waiting} if waiting else {}))

    # --- the web -------------------------------------------------------------------------------------------------

    def _tell_addresses(self) -> None:
        """Which addresses to open."""
        assert self._server is not None
        application, site = self._application, self._application.settings.site
        with application.storage.read() as work:
            feeds = application.feeds.feeds(work)
        rows = [(f"{site.base_url}/", site.title)]
        rows += [(site.base_url + feed.path(FeedFormat.RSS), f"{feed.title} (also .atom, .json)") for feed in feeds]
        outbox = outbox_of(application)
        if outbox is not None:
            rows.append((self._server.address + outbox.path, "the outbox: mail as it would arrive"))
        show_table(("open in a browser or a feed reader", "what it is"), rows)
        say(f"Goes on by schedule as process {os.getpid()}. Ctrl-C ends it.")


def _differ(one: Settings, other: Settings, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def leave(code: int) -> None:
    """End the process now. What was in the middle is put right by the next run."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
