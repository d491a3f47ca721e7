"""How fast messages of about 40 KB are written in one thread: `python -m tests.bench.bench_message`."""

import time
from datetime import UTC, datetime

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


def messages_per_second(writer: DigestMessageWriter, newsletter: Newsletter, rendered: Digest) -> tuple[float, int]:
    """Messages a second, and the size of one in bytes."""
    size = count = 0
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        for number in range(count, count + 100):
            address = f"reader-{number}@example.com"
            delivery = Delivery(
                id=number,
                edition_id=1,
                newsletter_id=1,
                subscription_id=number,
                digest_id=1,
                address=address,
                due_at=NOW,
            )
            size = len(writer.write(delivery, newsletter, rendered).data)
        count += 100
    return count / took, size


def main() -> None:
    """Print the figure."""
    writer = DigestMessageWriter(Keyring({1: b"k" * 32}, b"s" * 32), "https://news.example.org", lambda: NOW)
    newsletter = Newsletter(slug="quay", title="灯埠每日新闻", sender=Mailbox("quay@news.example.org", "灯埠"), id=1)
    rate, size = messages_per_second(writer, newsletter, digest())
    print(f"message: {rate:,.0f} messages/s of {size / 1000:.0f} KB written on one core")


if __name__ == "__main__":
    main()
