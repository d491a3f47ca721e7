"""The step that looks after images: which are shown, which hosts protect theirs, and copies of those that we may copy.

It never holds up an article: that is published with its images as they are, and the feeds that it is in are written
again when there is something to mend. Its revision, and with it `updated`, stays the same.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from publisher.domain.article import ArticleState
from publisher.domain.backoff import doubled
from publisher.domain.host import tomorrow
from publisher.domain.hotlink import READER, RECHECK, RETRY, Answer, Denied, Verdict, judge
from publisher.domain.image import HostKey, Hotlinking, ImageState, image_addresses, may_copy
from publisher.pipeline.collect import FetcherFor
from publisher.pipeline.ports import (
    Clock,
    Fetcher,
    ImageFiles,
    ImageHost,
    ImageReader,
    KnownImage,
    NoPicture,
    Picture,
    Run,
    Storage,
    UnitOfWork,
)
from publisher.pipeline.wording import counted

PROGRESS = "images"
"""The word in meta that tells up to which revision the images of articles were noted, and of which sources."""

SWEPT = "images_swept"
"""The word in meta that tells when files and memory were last put in line."""

REVISIONS_A_TURN = 50
"""How many revisions are noted in one transaction: others wait for it."""
TURNS = 40
ARTICLES_AT_A_TIME = 500
DUE_AT_ONCE = 200
A_HOST_AT_ONCE = 8
"""How many images of one host are asked for at one run: its articles have the right of way."""
TROUBLES = 3
"""After so many images that a host could not give just now it is left alone for an hour."""
BEGIN_WITHIN = timedelta(seconds=45)
"""No image is asked for later in a run than this."""

KEEP_UNSHOWN = timedelta(days=30)
"""How long a copy is kept that no article shows any more: mails and caches still name it."""
SWEEP_EVERY = timedelta(days=1)
FIRST_RETRY = timedelta(hours=6)
LONGEST_RETRY = timedelta(days=16)
TRIES = 6

_IN_REFERER = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesConfig:
    """How images are looked after: whether hosts are tried for protecting theirs, whether copies are made, how many
    images one host is asked for in a day (UTC), and how many bytes all copies may have."""

    probe: bool = True
    copy: bool = True
    budget: int = 100
    limit: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class HostReport:
    """What was done about a host's images: how many copies came, how many failed, and whether readers elsewhere see
    them now, when that changed."""

    source: str
    host: str
    copied: int = 0
    failed: tuple[str, ...] = ()
    turned: Verdict | None = None


@dataclass(frozen=True, slots=True)
class KeeperReport:
    """What a run did. `full` when there is no room for more copies; `mended` feeds are to be written again."""

    hosts: tuple[HostReport, ...] = ()
    removed: int = 0
    mended: int = 0
    full: bool = False


@dataclass(frozen=True, slots=True)
class _Errand:
    """What to ask one host for."""

    host: ImageHost
    source: str
    images: tuple[KnownImage, ...]
    probe: bool
    copy: bool


@dataclass(slots=True)
class _Found:
    """What came of it."""

    errand: _Errand
    host: ImageHost
    images: list[KnownImage] = field(default_factory=list)
    turned: Verdict | None = None
    rest_until: datetime | None = None


Each = Callable[[Callable[[_Errand], _Found], Sequence[_Errand]], Iterable[_Found]]


@dataclass(frozen=True, slots=True)
class ImageKeeper:
    """What looking after images needs."""

    storage: Storage
    reader: ImageReader
    files: ImageFiles
    fetcher: Fetcher
    clock: Clock
    config: ImagesConfig = ImagesConfig()

    def tend(self, each: Each = map) -> KeeperReport:
        """Note what articles show, ask for some images, remove what nobody shows. Leaves a row when it did anything."""
        if not (self.config.probe or self.config.copy):
            return KeeperReport()
        began = self.clock()
        for _ in range(TURNS):
            if not self._note():
                break
        with self.storage.read() as work:
            full = self.config.copy and work.images.size() >= self.config.limit
        look = self._looker(began + BEGIN_WITHIN)
        stored = [self._store(found) for found in each(look, self._errands(full=full))]
        removed = self._remove(full=full)
        report = KeeperReport(
            hosts=tuple(host for host, _ in stored),
            removed=removed,
            mended=sum(mended for _, mended in stored),
            full=full,
        )
        if outcome := _outcome(report):
            with self.storage.begin() as work:
                work.runs.add(Run("images", began, self.clock() - began, outcome))
        return report

    # --- what articles show --------------------------------------------------------------------------------------

    def _note(self) -> bool:
        """Note what some articles show that changed; whether there are more."""
        now = self.clock()
        with self.storage.read() as work:
            latest = work.articles.latest_seq()
            allowed = {str(one.source.id): may_copy(one.source.rights) for one in work.sources.all()}
            seq, before = _progress(work)
            if any(allowed.get(number, may) is not may for number, may in before.items()):
                # Rights changed: what was passed over is wanted now, or what was kept must go.
                seq = 0
            upto = min(latest, seq + REVISIONS_A_TURN)
            states = work.articles.states(work.articles.changed(seq, upto), latest) if upto > seq else {}
        if (seq, {**before, **allowed}) == (upto, before):
            return False
        with self.storage.begin() as work:
            for state in states.values():
                _show(work, state, now)
            work.meta.set(PROGRESS, json.dumps({"seq": upto, "sources": {**before, **allowed}}))
        return upto < latest

    # --- what to ask for -----------------------------------------------------------------------------------------

    def _errands(self, *, full: bool) -> list[_Errand]:
        now = self.clock()
        with self.storage.read() as work:
            names = {one.source.id: one.source.name for one in work.sources.all()}
            hosts = {(host.source_id, host.host): host for host in work.images.hosts()}
            wanted: dict[HostKey, list[KnownImage]] = {}
            for image in work.images.due(now, DUE_AT_ONCE):
                wanted.setdefault((image.source_id, image.host), []).append(image)
            for key, host in hosts.items():
                if self.config.probe and host.next_check and host.next_check <= now and key not in wanted:
                    wanted[key] = work.images.newest_on(key)
        return [
            errand
            for key, images in wanted.items()
            if key[0] in names and (errand := self._errand(hosts.get(key), key, names[key[0]], images, full=full))
        ]

    def _errand(
        self, host: ImageHost | None, key: HostKey, source: str, images: Sequence[KnownImage], *, full: bool
    ) -> _Errand | None:
        now = self.clock()
        host = host or ImageHost(source_id=key[0], host=key[1], next_check=now)
        probe = self.config.probe and host.next_check is not None and host.next_check <= now
        copy = self.config.copy and not full
        return (
            _Errand(host, source, tuple(images[:A_HOST_AT_ONCE]), probe, copy) if images and (probe or copy) else None
        )

    # --- asking --------------------------------------------------------------------------------------------------

    def _looker(self, until: datetime) -> Callable[[_Errand], _Found]:
        def look(errand: _Errand) -> _Found:
            visit = _Visit(self, errand)
            for image in errand.images:
                if visit.ended or self.clock() >= until:
                    break
                visit.ask_for(image)
            return visit.found

        return look

    # --- what came of it -----------------------------------------------------------------------------------------

    def _store(self, found: _Found) -> tuple[HostReport, int]:
        """Remember it, and have the feeds written again that show it; how many."""
        key = (found.host.source_id, found.host.host)
        with self.storage.begin() as work:
            work.images.save_host(found.host)
            for image in found.images:
                work.images.save(image)
            if found.rest_until is not None:
                work.images.postpone(key, found.rest_until)
            copied = [image for image in found.images if image.state is ImageState.FINE and image.files]
            if _changed_for_readers(found):
                articles = work.images.showing_on(key)
            elif found.host.state is Hotlinking.PROTECTED:
                articles = sorted({article for image in copied for article in work.images.showing(image.id)})
            else:
                articles = []
            mended = _mend(work, articles) if articles or copied else 0
        failed = tuple(f"{image.url}: {image.outcome}" for image in found.images if image.state is not ImageState.FINE)
        report = HostReport(found.errand.source, found.host.host, len(copied), failed, found.turned)
        return report, mended

    # --- what nobody shows ---------------------------------------------------------------------------------------

    def _remove(self, *, full: bool) -> int:
        now = self.clock()
        with self.storage.begin() as work:
            unshown = work.images.unshown(now if full else now - KEEP_UNSHOWN, DUE_AT_ONCE)
            if unshown:
                work.images.forget(unshown)
                names = {file.name for image in unshown for file in image.files}
                self.files.remove(sorted(names - work.images.kept(sorted(names))))
        self._sweep(now)
        return len(unshown)

    def _sweep(self, now: datetime) -> None:
        """Once a day, put files and memory in line: what is lost is asked for again, what nothing names is removed.

        An interrupted run leaves files; a database may come back from a backup without its folder.
        """
        with self.storage.begin() as work:
            swept = work.meta.get(SWEPT)
            if swept is not None and now - datetime.fromisoformat(swept) < SWEEP_EVERY:
                return
            work.meta.set(SWEPT, now.isoformat())
            there = self.files.all()
            named = set[str]()
            for image in work.images.copied():
                names = {file.name for file in image.files}
                named |= names
                if names - there.keys():
                    work.images.save(replace(image, state=ImageState.WANTED, files=(), next_check=now))
            left = [name for name, written in there.items() if name not in named and written < now - SWEEP_EVERY]
            self.files.remove(left)


class _Visit:
    """One host being asked for some images."""

    def __init__(self, keeper: ImageKeeper, errand: _Errand) -> None:
        self._keeper = keeper
        self._errand = errand
        self._now = keeper.clock()
        today = self._now.date()
        host = errand.host if errand.host.day == today else replace(errand.host, day=today, requests=0)
        self._probe = errand.probe
        self._troubles = 0
        self.found = _Found(errand, host)
        self.ended = False

    def ask_for(self, image: KnownImage) -> None:
        """Get one image, and with it perhaps a verdict on its host."""
        if not (self._probe or self._errand.copy):
            self._rest(RETRY)
            return
        if image.state is ImageState.FINE and not self._probe:
            return
        own_page = self._probe or self.found.host.state is Hotlinking.PROTECTED
        answer = self._get(image.url, _referer(image) if own_page else "", as_source=True)
        if self._probe and (isinstance(answer, Picture) or (answer.telling and not answer.away)):
            answer = self._judge(image, answer)
        self._settle(image, answer)

    def _rest(self, time: timedelta) -> None:
        """Leave the host alone for a while."""
        self.ended = True
        self.found.rest_until = until = self._now + time
        host = self.found.host
        self.found.host = replace(host, next_check=host.next_check and max(host.next_check, until))

    def _judge(self, image: KnownImage, own: Picture | NoPicture) -> Picture | NoPicture:
        """Ask as the others would, and judge; what to keep of it."""
        nobody, reader = (self._get(image.url, referer, as_source=False) for referer in ("", READER))
        verdict = judge(_answer(own), _answer(nobody), _answer(reader))
        host, told = self.found.host, verdict.state is not Hotlinking.UNKNOWN
        if told and verdict.state is not host.state:
            self.found.turned = verdict
        self.found.host = replace(
            host,
            state=verdict.state if told else host.state,
            evidence=f"{verdict.evidence} ({image.url})",
            checked_at=self._now,
            next_check=self._now + (RECHECK if told else RETRY),
        )
        # An image that comes to nobody tells nothing of its host: the next one may.
        self._probe = not told
        return next((answer for answer in (own, nobody) if isinstance(answer, Picture)), own)

    def _settle(self, image: KnownImage, answer: Picture | NoPicture) -> None:
        match answer:
            case NoPicture(postponed=True):
                if self.found.rest_until is None:
                    self._rest(timedelta(hours=1))
            case NoPicture() if image.state is not ImageState.FINE:
                self.found.images.append(_failed(image, answer, self._now))
                self._troubles += not answer.telling
                if self._troubles >= TROUBLES:
                    self._rest(timedelta(hours=1))
            case Picture(files=files) if image.state is not ImageState.FINE and self._errand.copy:
                for file, body in files:
                    self._keeper.files.keep(file.name, body)
                self.found.images.append(
                    replace(
                        image,
                        state=ImageState.FINE,
                        files=tuple(file for file, _ in files),
                        failures=0,
                        outcome="",
                        checked_at=self._now,
                        next_check=None,
                    )
                )

    def _get(self, url: str, referer: str, *, as_source: bool) -> Picture | NoPicture:
        """One request. What a source's owner lets only us see (by a cookie) is asked for in its name alone."""
        keeper, host = self._keeper, self.found.host
        if host.requests >= keeper.config.budget:
            self._rest(tomorrow(self._now) - self._now)
            return NoPicture("the day's images of its host are spent", telling=False, postponed=True)
        self.found.host = replace(host, requests=host.requests + 1)
        fetcher = FetcherFor(keeper.fetcher, self._errand.source) if as_source else keeper.fetcher
        return keeper.reader.read(url, referer, fetcher)


def _answer(answer: Picture | NoPicture) -> Answer:
    return answer.seen if isinstance(answer, Picture) else Denied(answer.reason, answer.telling)


def _failed(image: KnownImage, answer: NoPicture, now: datetime) -> KnownImage:
    """The image after one failure more; after several of them it is asked for no more."""
    failures = image.failures + 1
    wait = doubled(FIRST_RETRY, 2 * (failures - 1), LONGEST_RETRY)
    return replace(
        image,
        state=ImageState.GONE if answer.away else ImageState.BROKEN,
        failures=failures,
        outcome=answer.reason,
        checked_at=now,
        next_check=now + wait if failures < TRIES else None,
    )


def _referer(image: KnownImage) -> str:
    """The page that shows an image as a browser names it (RFC 9110, section 10.1.3): without fragment and user.

    For an article without an address, the front page of the image's own host: few turn that away.
    """
    page = urlsplit(image.page)
    if page.scheme not in ("http", "https"):
        page = urlsplit(image.url)._replace(path="/", query="")
    bare = page._replace(netloc=page.netloc.rpartition("@")[2], fragment="")
    return quote(bare.geturl(), safe=_IN_REFERER)


def _changed_for_readers(found: _Found) -> bool:
    before = found.errand.host.state
    return found.host.state is not before and Hotlinking.PROTECTED in (before, found.host.state)


def _show(work: UnitOfWork, state: ArticleState, now: datetime) -> None:
    if state.revision.visible and may_copy(state.source.rights):
        urls = image_addresses(state.revision.content)
        work.images.show(state.article.id, state.source.id, urls, state.article.link, now)
    else:
        work.images.hide(state.article.id, now)


def _mend(work: UnitOfWork, articles: Sequence[int]) -> int:
    """Have the feeds written again that some articles are in, and the pages of archives; how many feeds."""
    if articles:
        work.histories.touch(articles)
    left, stale = {feed.slug: feed for feed in work.feeds.all()}, set[str]()
    for start in range(0, len(articles), ARTICLES_AT_A_TIME):
        states = work.articles.states(articles[start : start + ARTICLES_AT_A_TIME], work.articles.latest_seq())
        for slug, feed in list(left.items()):
            if any(feed.selection.matches(state) for state in states.values()):
                stale.add(slug)
                del left[slug]
    work.feeds.rewrite(sorted(stale))
    return len(stale)


def _progress(work: UnitOfWork) -> tuple[int, dict[str, bool]]:
    stored = json.loads(work.meta.get(PROGRESS) or '{"seq": 0, "sources": {}}')
    return stored["seq"], stored["sources"]


def _outcome(report: KeeperReport) -> str:
    """One line for the operator; empty when nothing was done."""
    copied = sum(host.copied for host in report.hosts)
    failed = sum(len(host.failed) for host in report.hosts)
    said = [counted(copied, "image") + " copied"] if copied else []
    said += [f"{failed} failed"] if failed else []
    said += [f"{host.host}: {host.turned.state}" for host in report.hosts if host.turned]
    said += [f"{report.removed} removed"] if report.removed else []
    said += ["there is no room for more: raise [images] limit"] if report.full and (said or report.hosts) else []
    return "; ".join(said)
