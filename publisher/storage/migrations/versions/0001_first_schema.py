"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
IS_OPEN = sa.text("state IN ('pending', 'deferred')")


def upgrade() -> None:
    """Make all tables."""
    _create_of_the_instance()
    _create_sources_and_articles()
    _create_what_we_publish()
    _create_who_gets_it()
    _create_the_ledger()
    _create_article_index()


def _create_of_the_instance() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("last", NUMBER, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("took", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("run_step", "run", ["step", "id"])


def _create_sources_and_articles() -> None:
    op.create_table(
        "source",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("rights", sa.String(16), nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("next_check", TIME),
        sa.Column("checked_at", TIME),
        sa.Column("changed_at", TIME),
        sa.Column("listed_at", TIME),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("moved_to", sa.Text),
        sa.Column("moved_count", NUMBER, nullable=False),
        sa.Column("moved_now", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "backlog",
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index("ix_backlog_source_id", "backlog", ["source_id"])
    op.create_table(
        "host",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("next_request", TIME),
        sa.Column("retry_after", TIME),
        sa.Column("robots", sa.Text),
        sa.Column("robots_at", TIME),
    )
    op.create_table(
        "article",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("guid", sa.String(45), nullable=False, unique=True),
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("key_hash", sa.String(32), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("canonical_url", sa.Text),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("first_seq", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("dated", TIME, nullable=False),
        sa.Column("visible", sa.Boolean, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.UniqueConstraint("source_id", "key_hash", name="article_source_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("article_dated", "article", ["dated", "id"])
    op.create_table(
        "article_revision",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("article_id", NUMBER, sa.ForeignKey("article.id"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("visible", sa.Boolean, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("published", TIME),
        sa.Column("updated", TIME),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("html", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("image", sa.Text),
        sa.Column("enclosures", sa.Text, nullable=False),
        sa.Column("original_url", sa.Text),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.create_index("article_revision_article", "article_revision", ["article_id", "seq"])


def _create_what_we_publish() -> None:
    op.create_table(
        "feed",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False, unique=True),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_document",
        sa.Column("slug", sa.String(255), primary_key=True),
        sa.Column("format", sa.String(8), primary_key=True),
        sa.Column("page", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("body_gzip", sa.LargeBinary, nullable=False),
        sa.Column("etag", sa.String(80), nullable=False),
        sa.Column("etag_gzip", sa.String(80), nullable=False),
        sa.Column("last_modified", TIME, nullable=False),
        sa.Column("built_seq", NUMBER, nullable=False),
        sa.Column("shape", sa.String(80), nullable=False),
    )
    op.create_table(
        "newsletter",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False, unique=True),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "slot",
        sa.Column("newsletter_id", NUMBER, sa.ForeignKey("newsletter.id"), primary_key=True, autoincrement=False),
        sa.Column("cadence", sa.String(40), primary_key=True),
        sa.Column("next_due", TIME, nullable=False),
        sa.Column("last_cut", TIME),
    )
    op.create_table(
        "edition",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("newsletter_id", NUMBER, sa.ForeignKey("newsletter.id"), nullable=False),
        sa.Column("cadence", sa.String(40), nullable=False),
        sa.Column("cut_at", TIME, nullable=False),
        sa.Column("now_seq", NUMBER, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cursor", NUMBER, nullable=False),
        sa.Column("hold", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("newsletter_id", "cadence", "cut_at", name="edition_cut"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_edition_state", "edition", ["state"])
    op.create_table(
        "digest",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("edition_id", NUMBER, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("variant_key", sa.String(32), nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("rendering", sa.LargeBinary),
        sa.UniqueConstraint("edition_id", "variant_key", name="digest_variant"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "digest_article",
        sa.Column("digest_id", NUMBER, sa.ForeignKey("digest.id"), primary_key=True, autoincrement=False),
        sa.Column("article_id", NUMBER, sa.ForeignKey("article.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, nullable=False),
    )
    op.create_index("digest_article_article", "digest_article", ["article_id"])


def _create_who_gets_it() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("canonical", sa.String(400), nullable=False, unique=True),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriber_address_key", "subscriber", ["address_key"])
    op.create_table(
        "subscription",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("newsletter_id", NUMBER, sa.ForeignKey("newsletter.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cadence", sa.String(40), nullable=False),
        sa.Column("hour", NUMBER),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("through_seq", NUMBER, nullable=False),
        sa.Column("high_seq", NUMBER, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.UniqueConstraint("subscriber_id", "newsletter_id", name="subscription_pair"),
        sqlite_autoincrement=True,
    )
    op.create_index("subscription_cadence", "subscription", ["newsletter_id", "cadence", "state", "id"])
    op.create_index("subscription_newsletter", "subscription", ["newsletter_id", "id"])
    paused = sa.text("state = 'paused'")
    op.create_index("subscription_paused", "subscription", ["id"], sqlite_where=paused, postgresql_where=paused)
    op.create_table(
        "consent_event",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subscription_id", NUMBER, nullable=False),
        sa.Column("newsletter_id", NUMBER, nullable=False),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_event_subscription_id", "consent_event", ["subscription_id"])
    op.create_table(
        "suppression",
        sa.Column("address_key", sa.String(64), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )


def _create_the_ledger() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    # A unique key of a partitioned table must hold the partition column.
    key = ("id", "edition_id") if on_postgresql else ("id",)
    op.create_table(
        "delivery",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("edition_id", NUMBER, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("subscription_id", NUMBER, nullable=False),
        sa.Column("digest_id", NUMBER, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("from_seq", NUMBER, nullable=False),
        sa.Column("lane", sa.String(255), nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("doubts", NUMBER, nullable=False),
        sa.Column("first_tried", TIME),
        sa.Column("settled_at", TIME),
        sa.Column("claim_worker", sa.String(255)),
        sa.Column("claim_boot", sa.String(100)),
        sa.Column("claim_token", sa.String(32)),
        sa.Column("claim_until", TIME),
        sa.Column("reply", sa.Text, nullable=False),
        sa.UniqueConstraint("edition_id", "subscription_id", name="delivery_pair"),
        sa.PrimaryKeyConstraint(*key),
        sqlite_autoincrement=True,
        postgresql_partition_by="RANGE (edition_id)",
    )
    if on_postgresql:
        # All rows so far; a large installation detaches old editions into partitions of their own.
        op.execute("CREATE TABLE delivery_rest PARTITION OF delivery DEFAULT")
    indexes: list[tuple[str, list[str], sa.TextClause | None]] = [
        ("delivery_queue", ["edition_id", "lane", "due_at", "id"], IS_OPEN),
        ("delivery_open", ["subscription_id"], IS_OPEN),
        ("delivery_claim", ["claim_token"], sa.text("state = 'claimed'")),
        ("delivery_state", ["edition_id", "state"], None),
        ("delivery_doubts", ["doubts"], sa.text("doubts > 0")),
    ]
    for name, columns, where in indexes:
        op.create_index(name, "delivery", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "relay_budget",
        sa.Column("relay", sa.String(100), primary_key=True),
        sa.Column("lane", sa.String(255), primary_key=True),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("refilled_at", TIME, nullable=False),
    )


def _create_article_index() -> None:
    """The terms of each article's current state, in no order: an index that narrows and never decides.

    On SQLite the tokenizer must not have opinions: terms are words already, `_` and `:` belong to them.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.create_table(
            "article_index",
            sa.Column("article_id", NUMBER, sa.ForeignKey("article.id"), primary_key=True, autoincrement=False),
            sa.Column("terms", ARRAY(sa.Text), nullable=False),
        )
        op.create_index("article_index_terms", "article_index", ["terms"], postgresql_using="gin")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE article_index "
            "USING fts5(terms, detail=none, columnsize=0, tokenize=\"ascii tokenchars '_:'\")"
        )
