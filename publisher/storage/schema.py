"""The tables. What differs between the databases stands in the migrations, which are what makes them.

`article_index` is not here: on SQLite an FTS5 table, on PostgreSQL an array of terms (see `storage.selection`).
Numbers are never used twice (AUTOINCREMENT): links and Message-IDs in mails that went out name them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from publisher.storage.types import JsonText, Number, OutsideText, UtcTime

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# Rows: `seq`, the number of the last revision, and `feeds`, the version of the feed documents.
counter = Table(
    "counter",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("last", Number, nullable=False),
)

# --- sources and articles ----------------------------------------------------------------------------------------

source = Table(
    "source",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("rights", String(16), nullable=False),
    Column("config", JsonText, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("etag", OutsideText),
    Column("last_modified", OutsideText),
    Column("next_check", UtcTime),
    Column("checked_at", UtcTime),
    Column("changed_at", UtcTime),
    Column("listed_at", UtcTime),
    Column("failures", Number, nullable=False),
    Column("failing_since", UtcTime),
    Column("outcome", OutsideText, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("news_at", UtcTime),
    Column("rhythm", Number),
    Column("wishes", JsonText),
    # Where it is read once it moved for good; the address that the operator wrote stays in `url`.
    Column("address", OutsideText),
    Column("moved_to", OutsideText),
    Column("moved_count", Number, nullable=False),
    Column("moved_now", Boolean, nullable=False),
    Column("listing", JsonText),
    Column("guids", String(16), nullable=False, server_default="stable"),
    Column("documents", JsonText),
    Column("digest", String(64)),
    sqlite_autoincrement=True,
)

# Subscriptions at WebSub hubs, and what they brought until it is looked at.
websub = Table(
    "websub",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False, index=True),
    Column("hub", OutsideText, nullable=False),
    Column("topic", OutsideText, nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("secret", String(64), nullable=False),
    Column("callback", OutsideText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("pending", String(16)),
    Column("next_try", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("delivered_at", UtcTime),
    Column("failures", Number, nullable=False),
    Column("outcome", OutsideText, nullable=False),
    sqlite_autoincrement=True,
)
# Hubs of our own that don't know yet that a document of ours changed.
hub_ping = Table(
    "hub_ping",
    metadata,
    Column("hub", String(500), primary_key=True),
    Column("topic", String(900), primary_key=True),
    Column("asked", Number, nullable=False),
    Column("due_at", UtcTime, nullable=False, index=True),
    Column("failures", Number, nullable=False),
    Column("outcome", OutsideText, nullable=False),
)
websub_content = Table(
    "websub_content",
    metadata,
    Column("id", Number, primary_key=True),
    Column("websub_id", Number, ForeignKey("websub.id"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("charset", String(100)),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# Keys that the first listing of a source named and whose pages were not read yet; `passed` ones never will be.
backlog = Table(
    "backlog",
    metadata,
    Column("source_id", Number, ForeignKey("source.id"), nullable=False, index=True),
    Column("key", OutsideText, nullable=False),
    Column("passed", Boolean, nullable=False, server_default=false()),
)

# What the operator is told of a source, until it is settled.
notice = Table(
    "notice",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("text", OutsideText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Index("notice_source", "source_id", "kind"),
    sqlite_autoincrement=True,
)

# What we owe a host, or a group of hosts that sources named: silence until `rest_until`; how often in a row it said 429
# (`refusals`) and 503 (`busy`); how many requests it got on `day` (UTC).
host = Table(
    "host",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("rest_until", UtcTime),
    Column("refusals", Number, nullable=False),
    Column("busy", Number, nullable=False),
    Column("day", String(10)),
    Column("requests", Number, nullable=False),
)

# robots.txt and the like as they were read: the text, or why it can't be read.
host_file = Table(
    "host_file",
    metadata,
    Column("url", String(300), primary_key=True),
    Column("text", OutsideText),
    Column("refusal", OutsideText),
    Column("until", UtcTime, nullable=False),
)

# A key may be longer than an index entry may be: what is unique is its hash. `seq` is the current revision;
# `dated`, `visible` and `announced` are copied from it so that one index answers "the newest of these". `missing`
# counts the looks in a row that did not find its page, `held` marks what a flood brought, `sketch` is by what
# near-duplicates are found: NULL until it is made, empty when the article is too short or too old to be compared.
# `withheld` is the operator's word: NULL, `hidden` or `deleted`.
article = Table(
    "article",
    metadata,
    Column("id", Number, primary_key=True),
    Column("guid", String(45), nullable=False, unique=True),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("source_key", OutsideText, nullable=False),
    Column("key_hash", String(32), nullable=False),
    Column("url", OutsideText, nullable=False),
    Column("canonical_url", OutsideText),
    Column("first_seen", UtcTime, nullable=False),
    Column("first_seq", Number, nullable=False),
    Column("seq", Number, nullable=False),
    Column("dated", UtcTime, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("hint", OutsideText, nullable=False),
    Column("etag", OutsideText),
    Column("last_modified", OutsideText),
    Column("missing", Number, nullable=False, server_default="0"),
    Column("gone_at", UtcTime),
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("story_id", Number, index=True),
    Column("sketch", LargeBinary),
    Column("withheld", String(8)),
    UniqueConstraint("source_id", "key_hash", name="article_source_key"),
    Index("article_dated", "dated", "id"),
    sqlite_autoincrement=True,
)
# As text: what SQLAlchemy makes of a Boolean for SQLite (`held = 1`) no longer matches the index.
IS_HELD = text("held")
HAS_NO_SKETCH = text("sketch IS NULL")
Index("article_held", article.c.source_id, sqlite_where=IS_HELD, postgresql_where=IS_HELD)
Index(
    "article_unsketched",
    article.c.announced,
    article.c.id,
    sqlite_where=HAS_NO_SKETCH,
    postgresql_where=HAS_NO_SKETCH,
)

# All by which a source may name one of its articles: guids, addresses, the title and the text, as 64 bits of a hash.
article_name = Table(
    "article_name",
    metadata,
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("name", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", Number, ForeignKey("article.id"), nullable=False),
    sqlite_with_rowid=False,
)

# Young articles by the bands of their sketches: those that share one may say the same.
article_band = Table(
    "article_band",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", Number, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

article_revision = Table(
    "article_revision",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("article_id", Number, ForeignKey("article.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("title", OutsideText, nullable=False),
    Column("authors", JsonText, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("language", OutsideText),
    Column("published", UtcTime),
    Column("updated", UtcTime),
    Column("summary", OutsideText, nullable=False),
    Column("html", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("image", OutsideText),
    Column("enclosures", JsonText, nullable=False),
    Column("original_url", OutsideText),
    Column("source", OutsideText),
    Column("section", OutsideText),
    Column("evidence", JsonText, nullable=False),
    Column("reservations", JsonText),
    Index("article_revision_article", "article_id", "seq"),
)

# Images of articles that we may copy. `copies` are the files that were made of one, the largest first; `next_check` is
# when to ask for it, NULL for never again; `unshown_at` is since when no article shows it.
image = Table(
    "image",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("url_hash", String(32), nullable=False),
    Column("url", OutsideText, nullable=False),
    Column("referer", OutsideText, nullable=False),
    Column("host", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("copies", JsonText, nullable=False),
    Column("bytes", Number, nullable=False),
    Column("failures", Number, nullable=False),
    Column("outcome", OutsideText, nullable=False),
    Column("checked_at", UtcTime),
    Column("next_check", UtcTime),
    Column("unshown_at", UtcTime),
    UniqueConstraint("source_id", "url_hash", name="image_url"),
    Index("image_due", "next_check"),
    Index("image_unshown", "unshown_at"),
    sqlite_autoincrement=True,
)

# Which articles show an image. No foreign key to the article: one that is deleted takes its images with it later.
article_image = Table(
    "article_image",
    metadata,
    Column("article_id", Number, primary_key=True, autoincrement=False),
    Column("image_id", Number, ForeignKey("image.id"), primary_key=True, autoincrement=False),
    Index("article_image_image", "image_id"),
    sqlite_with_rowid=False,
)

# Whether the hosts of a source's images give them to readers of other places, and how many images were asked for on
# `day` (UTC).
image_host = Table(
    "image_host",
    metadata,
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("host", String(255), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("evidence", OutsideText, nullable=False),
    Column("checked_at", UtcTime),
    Column("next_check", UtcTime),
    Column("day", String(10)),
    Column("requests", Number, nullable=False),
)

# --- what we publish ---------------------------------------------------------------------------------------------

feed = Table(
    "feed",
    metadata,
    Column("id", Number, primary_key=True),
    Column("slug", String(200), nullable=False, unique=True),
    Column("definition", JsonText, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    sqlite_autoincrement=True,
)

# By slug, not by feed: every source has a feed without being defined. The plain bytes are those of `body_gzip`.
feed_document = Table(
    "feed_document",
    metadata,
    Column("slug", String(255), primary_key=True),
    Column("format", String(8), primary_key=True),
    Column("page", Number, primary_key=True, autoincrement=False),
    Column("body_gzip", LargeBinary, nullable=False),
    Column("etag", String(80), nullable=False),
    Column("last_modified", UtcTime, nullable=False),
    Column("built_seq", Number, nullable=False),
    Column("shape", String(80), nullable=False),
    Column("items", Number, nullable=False, server_default="0"),
)

# The history of each feed whose archive is kept: defined ones, and others once somebody asked for them. The columns are
# explained in `pipeline.ports.archiving`.
feed_history = Table(
    "feed_history",
    metadata,
    Column("id", Number, primary_key=True),
    Column("slug", String(255), nullable=False, unique=True),
    Column("wanted", String(32), nullable=False),
    Column("shape", String(32), nullable=False),
    Column("judged_seq", Number, nullable=False),
    Column("changed_seq", Number, nullable=False),
    sqlite_autoincrement=True,
)

# `page` is given once, 0 until then. Of three partial indexes a row is in one: what was announced is shown in the order
# of its coming, a backlog by its dates, and what is away may leave a tombstone.
feed_entry = Table(
    "feed_entry",
    metadata,
    Column("history_id", Number, ForeignKey("feed_history.id"), primary_key=True, autoincrement=False),
    Column("article_id", Number, primary_key=True, autoincrement=False),
    Column("page", Number, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("dated", UtcTime, nullable=False),
    Column("joined", Number, nullable=False),
    Index("feed_entry_page", "history_id", "page", "live"),
    sqlite_with_rowid=False,
)
IS_NEWS = text("live AND announced")
IS_BACKLOG = text("live AND NOT announced")
IS_AWAY = text("NOT live")
_ENTRY = feed_entry.c
Index(
    "feed_entry_news",
    *(_ENTRY.history_id, _ENTRY.joined, _ENTRY.dated, _ENTRY.article_id),
    sqlite_where=IS_NEWS,
    postgresql_where=IS_NEWS,
)
Index(
    "feed_entry_backlog",
    *(_ENTRY.history_id, _ENTRY.dated, _ENTRY.article_id),
    sqlite_where=IS_BACKLOG,
    postgresql_where=IS_BACKLOG,
)
Index("feed_entry_away", _ENTRY.history_id, _ENTRY.article_id, sqlite_where=IS_AWAY, postgresql_where=IS_AWAY)

feed_page = Table(
    "feed_page",
    metadata,
    Column("history_id", Number, ForeignKey("feed_history.id"), primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("said", String(32), nullable=False),
    Column("touched", Number, nullable=False),
    Column("version", String(12), nullable=False),
    sqlite_with_rowid=False,
)

newsletter = Table(
    "newsletter",
    metadata,
    Column("id", Number, primary_key=True),
    Column("slug", String(200), nullable=False, unique=True),
    Column("definition", JsonText, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    sqlite_autoincrement=True,
)

slot = Table(
    "slot",
    metadata,
    Column("newsletter_id", Number, ForeignKey("newsletter.id"), primary_key=True, autoincrement=False),
    Column("cadence", String(40), primary_key=True),
    Column("next_due", UtcTime, nullable=False),
    Column("last_cut", UtcTime),
)

edition = Table(
    "edition",
    metadata,
    Column("id", Number, primary_key=True),
    Column("newsletter_id", Number, ForeignKey("newsletter.id"), nullable=False),
    Column("cadence", String(40), nullable=False),
    Column("cut_at", UtcTime, nullable=False),
    Column("now_seq", Number, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("cursor", Number, nullable=False),
    Column("hold", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("newsletter_id", "cadence", "cut_at", name="edition_cut"),
    sqlite_autoincrement=True,
)

digest = Table(
    "digest",
    metadata,
    Column("id", Number, primary_key=True),
    Column("edition_id", Number, ForeignKey("edition.id"), nullable=False),
    Column("variant_key", String(32), nullable=False),
    Column("variant", JsonText, nullable=False),
    Column("rendering", LargeBinary),
    UniqueConstraint("edition_id", "variant_key", name="digest_variant"),
    sqlite_autoincrement=True,
)

# Indexed by article, for "no delivery contains it".
digest_article = Table(
    "digest_article",
    metadata,
    Column("digest_id", Number, ForeignKey("digest.id"), primary_key=True, autoincrement=False),
    Column("article_id", Number, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("seq", Number, nullable=False),
    Index("digest_article_article", "article_id"),
)

# --- who gets it -------------------------------------------------------------------------------------------------

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Number, primary_key=True),
    Column("address", OutsideText, nullable=False),
    Column("canonical", String(400), nullable=False, unique=True),
    Column("address_key", String(64), nullable=False, index=True),
    Column("language", String(40), nullable=False),
    Column("timezone", String(64), nullable=False),
    sqlite_autoincrement=True,
)

# `hour` is minutes after midnight in the subscriber's zone.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Number, primary_key=True),
    Column("subscriber_id", Number, ForeignKey("subscriber.id"), nullable=False),
    Column("newsletter_id", Number, ForeignKey("newsletter.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("cadence", String(40), nullable=False),
    Column("hour", Number),
    Column("topics", JsonText, nullable=False),
    Column("format", String(8), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("through_seq", Number, nullable=False),
    Column("high_seq", Number, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    UniqueConstraint("subscriber_id", "newsletter_id", name="subscription_pair"),
    # Pages of one cadence, and pages of all, each in the order of the numbers.
    Index("subscription_cadence", "newsletter_id", "cadence", "state", "id"),
    Index("subscription_newsletter", "newsletter_id", "id"),
    sqlite_autoincrement=True,
)
IS_PAUSED = subscription.c.state == literal_column("'paused'")
# So that the rows of paused subscriptions are found at each tick without a look at all the others.
Index("subscription_paused", subscription.c.id, sqlite_where=IS_PAUSED, postgresql_where=IS_PAUSED)

# Append-only. No foreign keys: what was agreed to is known longer than who is subscribed.
consent_event = Table(
    "consent_event",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subscription_id", Number, nullable=False, index=True),
    Column("newsletter_id", Number, nullable=False),
    Column("address_key", String(64), nullable=False),
    Column("evidence", OutsideText, nullable=False),
    sqlite_autoincrement=True,
)

suppression = Table(
    "suppression",
    metadata,
    Column("address_key", String(64), primary_key=True),
    Column("reason", OutsideText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# --- the ledger --------------------------------------------------------------------------------------------------

# On PostgreSQL partitioned by range of edition_id, with one default partition so far; its primary key is
# (id, edition_id) there, since a unique key must hold the partition column. No foreign key to the subscription: a
# subscriber who was removed leaves the rows of reports behind.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Number, primary_key=True),
    Column("edition_id", Number, ForeignKey("edition.id"), nullable=False),
    Column("subscription_id", Number, nullable=False),
    Column("digest_id", Number, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("from_seq", Number, nullable=False),
    Column("lane", String(255), nullable=False),
    Column("attempts", Number, nullable=False),
    Column("doubts", Number, nullable=False),
    Column("first_tried", UtcTime),
    Column("settled_at", UtcTime),
    Column("claim_worker", String(255)),
    Column("claim_boot", String(100)),
    Column("claim_token", String(32)),
    Column("claim_until", UtcTime),
    Column("reply", OutsideText, nullable=False),
    UniqueConstraint("edition_id", "subscription_id", name="delivery_pair"),
    sqlite_autoincrement=True,
)
# Conditions with their values written out: a partial index only serves a query that repeats its words.
IS_OPEN = delivery.c.state.in_([literal_column("'pending'"), literal_column("'deferred'")])
IS_CLAIMED = delivery.c.state == literal_column("'claimed'")
HAS_DOUBTS = delivery.c.doubts > literal_column("0")

for name, columns, where in (
    # The queue, edition by edition: what waits for an editor is never met by a claim.
    ("delivery_queue", ("edition_id", "lane", "due_at", "id"), IS_OPEN),
    ("delivery_open", ("subscription_id",), IS_OPEN),
    ("delivery_claim", ("claim_token",), IS_CLAIMED),
    ("delivery_state", ("edition_id", "state"), None),
    ("delivery_doubts", ("doubts",), HAS_DOUBTS),
):
    Index(name, *(delivery.c[column] for column in columns), sqlite_where=where, postgresql_where=where)

# Refilled by the database's clock, in the UPDATE that grants.
relay_budget = Table(
    "relay_budget",
    metadata,
    Column("relay", String(100), primary_key=True),
    Column("lane", String(255), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("refilled_at", UtcTime, nullable=False),
)

# `took` is in microseconds.
run = Table(
    "run",
    metadata,
    Column("id", Number, primary_key=True),
    Column("step", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("took", Number, nullable=False),
    Column("outcome", OutsideText, nullable=False),
    Column("failed", Boolean, nullable=False),
    Index("run_step", "step", "id"),
    sqlite_autoincrement=True,
)
