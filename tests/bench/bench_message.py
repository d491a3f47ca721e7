"""How fast messages of about 40 KB are written in one thread: `python -m tests.bench.bench_message`.

The yardstick: the same texts in a message that the standard library's `email` builds for each recipient.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from publisher.domain.delivery import Delivery
from publisher.domain.edition import Digest, RecipientSlot, Rendering, SlotKind, Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.subscription import MailFormat
from publisher.domain.token import Keyring
from publisher.mail.message import DigestMessageWriter

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
SECONDS = 2.0
TEXT, HTML = (
    "新文章的第一段，写得不长。\n",
    '<tr><td style="padding:22px 24px"><a href="https://a.example/1">新文章</a></td></tr>\n',
)


def digest() -> Digest:
    """A Chinese digest, so in base64, with the two slots of a footer in each part."""
    text = (TEXT * 180, RecipientSlot("address", SlotKind.TEXT), "\n", RecipientSlot("unsubscribe_url", SlotKind.TEXT))
    html = (
        HTML * 250,
        RecipientSlot("address", SlotKind.HTML),
        '<a href="',
        RecipientSlot("unsubscribe_url", SlotKind.URL),
    )
    variant = Variant(((1, 1),), "zh-CN", MailFormat.HTML)
    return Digest(1, 1, variant, Rendering(("新文章 等 9 篇",), text, (*html, '">退订</a>')))


def delivery(number: int) -> Delivery:
    return Delivery(
        id=number,
        edition_id=1,
        newsletter_id=1,
        subscription_id=number,
        digest_id=1,
        address=f"reader-{number}@example.com",
        due_at=NOW,
    )


def by_the_standard_library(number: int) -> bytes:
    """The same with `email`, without our headers for lists."""
    message = EmailMessage(SMTP)
    message["From"] = "灯埠 <quay@news.example.org>"
    message["To"] = f"reader-{number}@example.com"
    message["Subject"] = "新文章 等 9 篇"
    message.set_content(f"{TEXT * 180}reader-{number}@example.com\n", cte="base64")
    message.add_alternative(f"{HTML * 250}reader-{number}@example.com", subtype="html", cte="base64")
    return message.as_bytes()


def rate(write: Callable[[int], bytes]) -> tuple[float, int]:
    """Messages a second, and the size of one in bytes."""
    count = size = 0
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        size = len(write(count))
        count += 1
    return count / took, size


def main() -> None:
    """Print both rates and their ratio."""
    writer = DigestMessageWriter(Keyring({1: b"k" * 32}, b"s" * 32), "https://news.example.org", lambda: NOW)
    newsletter = Newsletter(slug="quay", title="灯埠每日新闻", sender=Mailbox("quay@news.example.org", "灯埠"), id=1)
    rendered = digest()
    ours, size = rate(lambda number: writer.write(delivery(number), newsletter, rendered).data)
    theirs, _ = rate(by_the_standard_library)
    print(
        f"message: {ours:,.0f} messages/s of {size / 1000:.0f} KB written on one core; "
        f"the standard library {theirs:,.0f}: ratio {ours / theirs:.0f}"
    )


if __name__ == "__main__":
    main()
