"""A made-up edition, to try a newsletter's templates before there is anything to send."""

from dataclasses import replace
from datetime import UTC, datetime

from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.edition import Variant
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import Rights
from publisher.domain.subscription import MailFormat
from publisher.pipeline.ports import RenderRequest

_AT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
_LONG = "What a summary says of its article stands here, in a few words or in many. " * 8

# Everything there can be, hardly anything, and one more than fits.
_CONTENTS = (
    Content(
        title="A headline with <signs> & “quotes”, 以及几个汉字",
        authors=("Ada Example", "李雷"),
        tags=("harbour", "天气"),
        language="en",
        published=_AT,
        summary=_LONG,
        text=_LONG,
    ),
    Content(title="只有标题"),
    Content(title="Left out"),
)


def sample_request(newsletter: Newsletter, language: str) -> RenderRequest:
    """An edition of three articles of which two are shown, in HTML and text."""
    articles = tuple(_state(number, content) for number, content in enumerate(_CONTENTS, 1))
    pairs = tuple((state.article.id, state.revision.seq) for state in articles)
    return RenderRequest(
        newsletter=replace(newsletter, limit=2),
        variant=Variant(pairs, language, MailFormat.HTML),
        articles=articles,
        cut_at=_AT,
        site_title="Example",
        site_url="https://site.example",
        legal="Example Press, 1 Example Street",
    )


def _state(number: int, content: Content) -> ArticleState:
    key = f"sample-{number}"
    url = "https://site.example/article" if content.summary else f"urn:example:{number}"
    article = Article(
        id=number, guid=key, source_id=1, key=key, url=url, canonical_url=None, first_seen=_AT, first_seq=number
    )
    revision = Revision(seq=number, content=content, at=_AT, changed_at=_AT)
    return ArticleState(article, revision, SourceCredit(1, "example", "Example", "https://site.example", Rights.OWN))
