"""What collecting from any site remembers.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add it, room by room."""
    _tell_the_operator()
    _remember_listings()
    _name_where_articles_stood()
    _respect_what_sites_reserve()
    _mind_our_manners()


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
        "robots",
        sa.Column("origin", sa.String(300), primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("refusal", sa.Text),
        sa.Column("until", TIME, nullable=False),
    )
