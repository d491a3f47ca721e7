"""What is remembered of the images of articles."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from publisher.domain.image import HostKey, Hotlinking, ImageFile, ImageKey, ImageState
from publisher.pipeline.ports import Images
from publisher.storage.lists import among
from publisher.storage.schema import image, image_host


class SqlImages(Images):
    """Images on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def protected(self) -> frozenset[HostKey]:
        """The hosts that give their images to nobody else."""
        query = select(image_host.c.source_id, image_host.c.host)
        found = self._connection.execute(query.where(image_host.c.state == Hotlinking.PROTECTED.value))
        return frozenset((row.source_id, row.host) for row in found)

    def copies(self, wanted: Sequence[ImageKey]) -> Mapping[ImageKey, Sequence[ImageFile]]:
        """The copies that there are of some images, the largest first."""
        if not wanted:
            return {}
        by_hash = {(source_id, url_hash(url)): (source_id, url) for source_id, url in wanted}
        hashes = {name for _, name in by_hash}
        query = select(image.c.source_id, image.c.url_hash, image.c.copies).where(
            image.c.source_id.in_({source_id for source_id, _ in wanted}),
            among(self._connection, image.c.url_hash, hashes),
            image.c.state == ImageState.FINE.value,
        )
        return {
            by_hash[row.source_id, row.url_hash]: read_files(row.copies)
            for row in self._connection.execute(query)
            if (row.source_id, row.url_hash) in by_hash
        }


def url_hash(url: str) -> str:
    """By what an image is found."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_files(stored: Any) -> tuple[ImageFile, ...]:
    """The copies of an image as they are stored."""
    return tuple(ImageFile(**one) for one in stored)
