"""What collecting from any site remembers.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from publisher.domain.names import address, number, title_name

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add it, room by room."""
    _tell_the_operator()
    _count_items()
    _remember_listings()
    _name_where_articles_stood()
    _respect_what_sites_reserve()
    _mind_our_manners()
    _tell_articles_apart()
    _read_more_kinds()


def _tell_the_operator() -> None:
    op.create_table(
        "notice",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sqlite_autoincrement=True,
    )
    op.create_index("notice_source", "notice", ["source_id", "kind"])


def _remember_listings() -> None:
    op.add_column("source", sa.Column("listing", sa.Text))


def _name_where_articles_stood() -> None:
    for name in ("source", "section"):
        op.add_column("article_revision", sa.Column(name, sa.Text))


def _respect_what_sites_reserve() -> None:
    op.add_column("article_revision", sa.Column("reservations", sa.Text))


def _mind_our_manners() -> None:
    for column in (
        sa.Column("news_at", TIME),
        sa.Column("rhythm", NUMBER),
        sa.Column("wishes", sa.Text),
        sa.Column("address", sa.Text),
    ):
        op.add_column("source", column)
    op.add_column("backlog", sa.Column("passed", sa.Boolean, nullable=False, server_default=sa.false()))
    # The first schema's table of hosts was never written to.
    op.drop_table("host")
    op.create_table(
        "host",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("rest_until", TIME),
        sa.Column("refusals", NUMBER, nullable=False),
        sa.Column("busy", NUMBER, nullable=False),
        sa.Column("day", sa.String(10)),
        sa.Column("requests", NUMBER, nullable=False),
    )
    op.create_table(
        "host_file",
        sa.Column("url", sa.String(300), primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("refusal", sa.Text),
        sa.Column("until", TIME, nullable=False),
    )


def _tell_articles_apart() -> None:
    op.add_column("source", sa.Column("guids", sa.String(16), nullable=False, server_default="stable"))
    for column in (
        sa.Column("missing", NUMBER, nullable=False, server_default="0"),
        sa.Column("gone_at", TIME),
        sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("story_id", NUMBER),
        sa.Column("sketch", sa.LargeBinary),
    ):
        op.add_column("article", column)
    op.create_index("ix_article_story_id", "article", ["story_id"])
    _index("article_held", ["source_id"], "held")
    _index("article_unsketched", ["announced", "id"], "sketch IS NULL")
    names = op.create_table(
        "article_name",
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("article_id", NUMBER, sa.ForeignKey("article.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_band",
        sa.Column("band", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("article_id", NUMBER, sa.ForeignKey("article.id"), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    _name_stored_articles(names)


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "article", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _name_stored_articles(names: sa.Table) -> None:
    """Articles that were stored before have their names, too: their keys, addresses and titles."""
    stored = sa.text(
        "SELECT article.id, source_id, source_key, url, canonical_url, title FROM article "
        "JOIN article_revision ON article_revision.seq = article.seq ORDER BY article.id"
    )
    seen: set[tuple[int, int]] = set()
    batch: list[dict[str, int]] = []
    for row in op.get_bind().execute(stored).all():
        addresses = [address(url) for url in (row.url, row.canonical_url)]
        for name in filter(None, (row.source_key, *addresses, title_name(row.title))):
            key = (row.source_id, number(name))
            if key not in seen:
                seen.add(key)
                batch.append({"source_id": key[0], "name": key[1], "article_id": row.id})
    if batch:
        op.bulk_insert(names, batch)


def _read_more_kinds() -> None:
    op.add_column("source", sa.Column("documents", sa.Text))
    op.create_table(
        "websub",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False, index=True),
        sa.Column("hub", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("callback", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("pending", sa.String(16)),
        sa.Column("next_try", TIME, nullable=False),
        sa.Column("lease_until", TIME),
        sa.Column("delivered_at", TIME),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "websub_content",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("websub_id", NUMBER, sa.ForeignKey("websub.id"), nullable=False, index=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("charset", sa.String(100)),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )


def _count_items() -> None:
    op.add_column("feed_document", sa.Column("items", NUMBER, nullable=False, server_default="0"))
