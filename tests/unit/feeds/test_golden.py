"""The documents as they are read. `PUBLISHER_REWRITE_GOLDEN=1 pytest tests/unit/feeds` writes them anew: look at the
difference before it is committed."""

import os
from pathlib import Path

import pytest

from publisher.domain.feed import FeedFormat
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ports import Channel
from tests.unit.feeds.samples import SHAPES

GOLDEN = Path(__file__).parents[2] / "golden" / "feeds"
NAMES = [
    "empty",
    "whole",
    "current",
    "page of an archive",
    "undated",
    "edited",
    "quoted",
    "from a folder",
    "markup in text",
    "hostile addresses",
]


@pytest.mark.parametrize("format", FeedFormat)
@pytest.mark.parametrize("name", NAMES)
def test_document_reads_as_agreed(name: str, format: FeedFormat) -> None:
    shown: Channel = SHAPES[name]
    document = FeedDocumentWriter().write(shown, format)
    path = GOLDEN / f"{name.replace(' ', '-')}.{format}"
    if os.environ.get("PUBLISHER_REWRITE_GOLDEN"):
        path.write_bytes(document)
    assert document.decode() == path.read_bytes().decode()


def test_every_golden_document_is_looked_at() -> None:
    expected = {f"{name.replace(' ', '-')}.{format}" for name in NAMES for format in FeedFormat}
    assert {path.name for path in GOLDEN.iterdir()} == expected
