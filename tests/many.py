"""Very many articles at once, straight into the tables: for tests and yardsticks of what does not grow with them."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from publisher.domain.article import Content
from publisher.domain.packing import pack
from publisher.storage.counters import take
from publisher.storage.database import SqlStorage
from publisher.storage.schema import article, article_revision
from publisher.storage.selection import terms_of, write_terms

AT_A_TIME = 5000


def put_many(storage: SqlStorage, source_id: int, number: int, at: datetime, *, html: str = "<p>Text.</p>") -> None:
    """Announced articles, an hour apart up to `at`; every tenth has the tag `trams`."""
    body = pack(html), pack("Text.")
    for start in range(0, number, AT_A_TIME):
        some = range(start, min(start + AT_A_TIME, number))
        with storage.begin() as work:
            connection = work._connection  # type: ignore[attr-defined]
            after = take(connection, "seq", len(some)) - len(some)
            contents = {n: Content(title=f"article {n}", tags=("trams",) if n % 10 == 0 else ()) for n in some}
            connection.execute(insert(article), [_article(source_id, after, n, start, number, at) for n in some])
            revisions = [
                _revision(after + 1 + n - start, contents[n], at - timedelta(hours=number - n), body) for n in some
            ]
            connection.execute(insert(article_revision), revisions)
            write_terms(connection, {after + 1 + n - start: terms_of(contents[n]) for n in some})


def _article(source_id: int, after: int, n: int, start: int, number: int, at: datetime) -> dict[str, object]:
    seq, dated = after + 1 + n - start, at - timedelta(hours=number - n)
    return {
        "id": seq,
        "guid": f"urn:uuid:{seq:08x}-0000-4000-8000-000000000000",
        "source_id": source_id,
        "source_key": f"many {seq}",
        "key_hash": f"{seq:032x}",
        "url": f"https://example.org/many/{seq}",
        "first_seen": dated,
        "first_seq": seq,
        "seq": seq,
        "dated": dated,
        "visible": True,
        "announced": True,
        "read_at": dated,
        "hint": "",
    }


def _revision(seq: int, content: Content, at: datetime, body: tuple[bytes, bytes]) -> dict[str, object]:
    return {
        "seq": seq,
        "article_id": seq,
        "at": at,
        "changed_at": at,
        "visible": True,
        "announced": True,
        "hash": content.fingerprint(),
        "title": content.title,
        "authors": [],
        "tags": list(content.tags),
        "published": at,
        "summary": "",
        "html": body[0],
        "text": body[1],
        "enclosures": [],
        "evidence": {},
    }
