"""What feeds that last for years remember.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add it, room by room."""
    _keep_copies_of_images()
    _keep_histories_of_feeds()
    _withhold_articles()
    _note_since_when_sources_fail()
    _tell_hubs()
    # It follows from the tag of the plain bytes.
    op.drop_column("feed_document", "etag_gzip")


def _keep_copies_of_images() -> None:
    op.create_table(
        "image",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
        sa.Column("url_hash", sa.String(32), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("referer", sa.Text, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("copies", sa.Text, nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("checked_at", TIME),
        sa.Column("next_check", TIME),
        sa.Column("unshown_at", TIME),
        sa.UniqueConstraint("source_id", "url_hash", name="image_url"),
        sqlite_autoincrement=True,
    )
    op.create_index("image_due", "image", ["next_check"])
    op.create_index("image_unshown", "image", ["unshown_at"])
    op.create_table(
        "article_image",
        sa.Column("article_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("image_id", NUMBER, sa.ForeignKey("image.id"), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("article_image_image", "article_image", ["image_id"])
    op.create_table(
        "image_host",
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), primary_key=True, autoincrement=False),
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("checked_at", TIME),
        sa.Column("next_check", TIME),
        sa.Column("day", sa.String(10)),
        sa.Column("requests", NUMBER, nullable=False),
    )


def _keep_histories_of_feeds() -> None:
    op.create_table(
        "feed_history",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("slug", sa.String(255), nullable=False, unique=True),
        sa.Column("wanted", sa.String(32), nullable=False),
        sa.Column("shape", sa.String(32), nullable=False),
        sa.Column("judged_seq", NUMBER, nullable=False),
        sa.Column("changed_seq", NUMBER, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_entry",
        sa.Column("history_id", NUMBER, sa.ForeignKey("feed_history.id"), primary_key=True, autoincrement=False),
        sa.Column("article_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("page", NUMBER, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("dated", TIME, nullable=False),
        sa.Column("joined", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("feed_entry_page", "feed_entry", ["history_id", "page", "live"])
    for name, columns, where in (
        ("feed_entry_news", ["history_id", "joined", "dated", "article_id"], "live AND announced"),
        ("feed_entry_backlog", ["history_id", "dated", "article_id"], "live AND NOT announced"),
        ("feed_entry_away", ["history_id", "article_id"], "NOT live"),
    ):
        op.create_index(name, "feed_entry", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "feed_page",
        sa.Column("history_id", NUMBER, sa.ForeignKey("feed_history.id"), primary_key=True, autoincrement=False),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("said", sa.String(32), nullable=False),
        sa.Column("touched", NUMBER, nullable=False),
        sa.Column("version", sa.String(12), nullable=False),
        sqlite_with_rowid=False,
    )


def _withhold_articles() -> None:
    op.add_column("article", sa.Column("withheld", sa.String(8)))


def _tell_hubs() -> None:
    op.create_table(
        "hub_ping",
        sa.Column("hub", sa.String(500), primary_key=True),
        sa.Column("topic", sa.String(900), primary_key=True),
        sa.Column("asked", NUMBER, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index("ix_hub_ping_due_at", "hub_ping", ["due_at"])


def _note_since_when_sources_fail() -> None:
    op.add_column("source", sa.Column("failing_since", TIME))
