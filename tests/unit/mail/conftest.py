"""Editions to be rendered: articles of our own, one English and one Chinese digest."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.delivery import Recipient
from publisher.domain.edition import Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Rights
from publisher.domain.subscription import MailFormat
from publisher.mail.render import DigestRenderer
from publisher.pipeline.ports import RenderRequest
from publisher.templating import Templates, shipped_templates

CUT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)

ENGLISH = (
    Content(
        title='Tide gauge & "harbour" mouth: <open> again',
        authors=("Nora Whitlam", "Idris Penhale"),
        tags=("harbour", "open data"),
        language="en",
        published=CUT - timedelta(hours=9),
        summary="The entrance is 5.2 metres deep again, the beach under the hill is twelve metres wider, "
        "and the herons have lost their sandbar.",
        text="The entrance is 5.2 metres deep again. " * 60,
    ),
    Content(title="早市搬进鱼码头", language="zh-CN", published=CUT - timedelta(days=1), summary="摊位按老次序排开。"),
    Content(title="A note without a link", published=CUT - timedelta(days=2)),
)
CHINESE = (
    Content(
        title="2500亿订单,27%持股,OpenAI微软达成重磅协议",
        authors=("预见大模型", "顾小满"),
        tags=("顶级公司", "AI服务器", "算力"),
        language="zh-CN",
        published=CUT - timedelta(hours=9),
        summary="双方正式签署协议，“算力”成为新的货币；业内人士认为，这标志着竞争从模型本身转向生态系统主导权之争。",
        text="双方正式签署协议，算力成为新的货币。" * 60,
    ),
    Content(
        title="《潮汐手记》再版：守灯人写下的一万个夜晚", language="zh-CN", text="镇图书馆里有一本书。𠮷野家也有。"
    ),
    Content(title="A library of things", language="en", summary="A year of lending out what nobody needs to own."),
)


def state(number: int, content: Content, *, url: str | None = None, rights: Rights = Rights.OWN) -> ArticleState:
    """An article seen two days before the cut."""
    seen = CUT - timedelta(days=2)
    article = Article(
        id=number,
        guid=f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        source_id=1,
        key=f"article-{number}",
        url=f"https://post.example/stories/{number}?a=1&b=2" if url is None else url,
        canonical_url=None,
        first_seen=seen,
        first_seq=number,
    )
    revision = Revision(seq=number, content=content, at=seen, changed_at=seen)
    return ArticleState(article, revision, SourceCredit(1, "post", "Lantern Quay Post", "https://post.example", rights))


def states(contents: tuple[Content, ...]) -> tuple[ArticleState, ...]:
    """Articles of which the last has no address that a reader could follow."""
    last = len(contents)
    return tuple(
        state(number, content, url="urn:example:no-link" if number == last > 1 else None)
        for number, content in enumerate(contents, 1)
    )


def request_for(
    articles: tuple[ArticleState, ...],
    language: str = "en",
    format: MailFormat = MailFormat.HTML,
    **newsletter: object,
) -> RenderRequest:
    """What compose asks the renderer for."""
    values = {
        "slug": "quay",
        "title": "Lantern Quay Weekly",
        "sender": Mailbox("quay@news.example.org", "Lantern Quay"),
        "timezone": "Asia/Shanghai",
        "id": 1,
    }
    pairs = tuple((each.article.id, each.revision.seq) for each in articles)
    return RenderRequest(
        newsletter=Newsletter(**(values | newsletter)),  # type: ignore[arg-type]
        variant=Variant(pairs, language, format),
        articles=articles,
        cut_at=CUT,
        site_title="Lantern Quay Reader",
        site_url="https://news.example.org",
        legal="Lantern Quay Press, 1 Harbour Street",
    )


@pytest.fixture(scope="session")
def renderer() -> DigestRenderer:
    return DigestRenderer(Templates([shipped_templates()]))


@pytest.fixture
def article() -> Callable[..., ArticleState]:
    """Makes an article: `article(number, content, url=…)`."""
    return state


@pytest.fixture
def requested() -> Callable[..., RenderRequest]:
    """Makes a request: `requested(articles, language, format, **newsletter)`."""
    return request_for


@pytest.fixture
def english() -> RenderRequest:
    return request_for(states(ENGLISH))


@pytest.fixture
def chinese() -> RenderRequest:
    return request_for(
        states(CHINESE), "zh-CN", title="灯埠每日新闻", sender=Mailbox("quay@news.example.org", "灯埠每日新闻")
    )


@pytest.fixture
def recipient() -> Recipient:
    return Recipient(
        address="o'brien+news@example.com",
        unsubscribe_url="https://news.example.org/unsubscribe/AQAAAAABl4mJ2m1zv0Gm9w",
    )
