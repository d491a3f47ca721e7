"""What is remembered of the images of articles."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from publisher.domain.image import HostKey, Hotlinking, ImageFile, ImageKey, ImageState, image_host
from publisher.pipeline.ports import ImageHost, Images, KnownImage
from publisher.storage import schema
from publisher.storage.lists import among
from publisher.storage.schema import article_image, image

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_host = schema.image_host


class SqlImages(Images):
    """Images on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert

    # --- to show them --------------------------------------------------------------------------------------------

    def protected(self) -> frozenset[HostKey]:
        """The hosts that give their images to nobody else."""
        query = select(_host.c.source_id, _host.c.host).where(_host.c.state == Hotlinking.PROTECTED.value)
        return frozenset((row.source_id, row.host) for row in self._connection.execute(query))

    def copies(self, wanted: Sequence[ImageKey]) -> Mapping[ImageKey, Sequence[ImageFile]]:
        """The copies that there are of some images, the largest first."""
        by_hash = {(source_id, url_hash(url)): (source_id, url) for source_id, url in wanted}
        if not by_hash:
            return {}
        query = select(image.c.source_id, image.c.url_hash, image.c.copies).where(
            among(self._connection, image.c.source_id, {source_id for source_id, _ in by_hash}),
            among(self._connection, image.c.url_hash, {hashed for _, hashed in by_hash}),
            image.c.state == ImageState.FINE.value,
        )
        return {
            by_hash[row.source_id, row.url_hash]: _read_files(row.copies)
            for row in self._connection.execute(query)
            if (row.source_id, row.url_hash) in by_hash
        }

    # --- to get them ---------------------------------------------------------------------------------------------

    def show(self, article_id: int, source_id: int, urls: Sequence[str], page: str, now: datetime) -> None:
        """Note which images an article shows now; new ones are wanted, those that it showed before no longer are."""
        by_hash = {url_hash(url): url for url in urls}
        known = self._numbers(source_id, by_hash)
        if missing := by_hash.keys() - known.keys():
            # Another process may note the same image at this moment.
            rows = [_wanted(source_id, url, page, now) for hashed, url in by_hash.items() if hashed in missing]
            self._connection.execute(self._insert(image).on_conflict_do_nothing(), rows)
            known = self._numbers(source_id, by_hash)
        before, after = self._shown(article_id), set(known.values())
        if fresh := sorted(after - before):
            links = [{"article_id": article_id, "image_id": number} for number in fresh]
            self._connection.execute(self._insert(article_image).on_conflict_do_nothing(), links)
            again = update(image).where(among(self._connection, image.c.id, fresh), image.c.unshown_at.isnot(None))
            self._connection.execute(again.values(unshown_at=None))
        self._unlink(article_id, before - after, now)

    def hide(self, article_id: int, now: datetime) -> None:
        """Note that an article is shown no more: what it alone showed is to be removed now, not in a while."""
        self._unlink(article_id, self._shown(article_id), _LONG_AGO)

    def _numbers(self, source_id: int, hashes: Collection[str]) -> dict[str, int]:
        if not hashes:
            return {}
        query = select(image.c.id, image.c.url_hash).where(
            image.c.source_id == source_id, among(self._connection, image.c.url_hash, hashes)
        )
        return {row.url_hash: row.id for row in self._connection.execute(query)}

    def _shown(self, article_id: int) -> set[int]:
        query = select(article_image.c.image_id).where(article_image.c.article_id == article_id)
        return set(self._connection.execute(query).scalars())

    def _unlink(self, article_id: int, images: set[int], since: datetime) -> None:
        if not images:
            return
        gone = among(self._connection, article_image.c.image_id, images)
        self._connection.execute(delete(article_image).where(article_image.c.article_id == article_id, gone))
        alone = ~exists().where(article_image.c.image_id == image.c.id)
        left = update(image).where(among(self._connection, image.c.id, images), alone)
        self._connection.execute(left.values(unshown_at=since))

    def due(self, now: datetime, limit: int) -> list[KnownImage]:
        """Images to ask for now, those that were met last first."""
        query = select(image).where(image.c.next_check <= now, image.c.unshown_at.is_(None))
        return [_read(row) for row in self._connection.execute(query.order_by(image.c.id.desc()).limit(limit))]

    def newest_on(self, host: HostKey) -> list[KnownImage]:
        """The image on a host that was met last and copied, if there is one."""
        query = select(image).where(*_on(host), image.c.unshown_at.is_(None), image.c.state == ImageState.FINE.value)
        return [_read(row) for row in self._connection.execute(query.order_by(image.c.id.desc()).limit(1))]

    def postpone(self, host: HostKey, until: datetime) -> None:
        """Ask for no image of a host before then."""
        early = update(image).where(*_on(host), image.c.next_check < until)
        self._connection.execute(early.values(next_check=until))

    def hosts(self) -> list[ImageHost]:
        """All hosts."""
        query = select(_host).order_by(_host.c.source_id, _host.c.host)
        return [_read_host(row) for row in self._connection.execute(query)]

    def save(self, known: KnownImage) -> None:
        """Remember how an image stands now."""
        values = {
            "state": known.state.value,
            "copies": [_file_json(file) for file in known.files],
            "bytes": sum(file.length for file in known.files),
            "failures": known.failures,
            "outcome": known.outcome,
            "checked_at": known.checked_at,
            "next_check": known.next_check,
        }
        self._connection.execute(update(image).where(image.c.id == known.id).values(**values))

    def save_host(self, host: ImageHost) -> None:
        """Remember how a host stands now."""
        values = {
            "state": host.state.value,
            "evidence": host.evidence,
            "checked_at": host.checked_at,
            "next_check": host.next_check,
            "day": host.day.isoformat() if host.day else None,
            "requests": host.requests,
        }
        made = self._insert(_host).values(source_id=host.source_id, host=host.host, **values)
        self._connection.execute(made.on_conflict_do_update(index_elements=["source_id", "host"], set_=values))

    def showing(self, image_id: int) -> list[int]:
        """The articles that show an image."""
        query = select(article_image.c.article_id).where(article_image.c.image_id == image_id)
        return list(self._connection.execute(query.order_by(article_image.c.article_id)).scalars())

    def showing_on(self, host: HostKey) -> list[int]:
        """The articles that show an image of a host."""
        query = select(article_image.c.article_id).distinct().join_from(article_image, image)
        query = query.where(*_on(host))
        return list(self._connection.execute(query.order_by(article_image.c.article_id)).scalars())

    # --- to be rid of them ---------------------------------------------------------------------------------------

    def unshown(self, before: datetime, limit: int) -> list[KnownImage]:
        """Images that no article shows since before then, the longest first."""
        query = select(image).where(image.c.unshown_at <= before).order_by(image.c.unshown_at, image.c.id)
        return [_read(row) for row in self._connection.execute(query.limit(limit))]

    def forget(self, images: Sequence[KnownImage]) -> None:
        """Delete what is remembered of some images."""
        numbers = [known.id for known in images]
        self._connection.execute(
            delete(article_image).where(among(self._connection, article_image.c.image_id, numbers))
        )
        self._connection.execute(delete(image).where(among(self._connection, image.c.id, numbers)))

    def copied(self) -> Iterator[KnownImage]:
        """All images that there are copies of."""
        return map(_read, self._connection.execute(select(image).where(image.c.bytes > 0).order_by(image.c.id)).all())

    def kept(self, names: Sequence[str]) -> frozenset[str]:
        """Those among some files that are a copy of an image that is remembered."""
        asked, found = set(names), set[str]()
        for copies in self._connection.execute(select(image.c.copies).where(image.c.bytes > 0)).scalars():
            found |= asked & {file.name for file in _read_files(copies)}
        return frozenset(found)

    def size(self) -> int:
        """How many bytes all copies have."""
        return int(self._connection.execute(select(func.coalesce(func.sum(image.c.bytes), 0))).scalar_one())


def url_hash(url: str) -> str:
    """By what an image is found."""
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]


def _on(host: HostKey) -> tuple[ColumnElement[bool], ...]:
    return image.c.source_id == host[0], image.c.host == host[1]


def _wanted(source_id: int, url: str, page: str, now: datetime) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "url_hash": url_hash(url),
        "url": url,
        "referer": page,
        "host": image_host(url)[:255],
        "state": ImageState.WANTED.value,
        "copies": [],
        "bytes": 0,
        "failures": 0,
        "outcome": "",
        "next_check": now,
    }


def _read(row: Any) -> KnownImage:
    return KnownImage(
        id=row.id,
        source_id=row.source_id,
        url=row.url,
        page=row.referer,
        host=row.host,
        state=ImageState(row.state),
        files=_read_files(row.copies),
        failures=row.failures,
        outcome=row.outcome,
        checked_at=row.checked_at,
        next_check=row.next_check,
    )


def _read_host(row: Any) -> ImageHost:
    return ImageHost(
        source_id=row.source_id,
        host=row.host,
        state=Hotlinking(row.state),
        evidence=row.evidence,
        checked_at=row.checked_at,
        next_check=row.next_check,
        day=date.fromisoformat(row.day) if row.day else None,
        requests=row.requests,
    )


def _file_json(file: ImageFile) -> dict[str, Any]:
    return {"name": file.name, "type": file.type, "width": file.width, "height": file.height, "length": file.length}


def _read_files(stored: Any) -> tuple[ImageFile, ...]:
    return tuple(ImageFile(**one) for one in stored)
