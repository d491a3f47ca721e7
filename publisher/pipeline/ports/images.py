"""What is remembered of the images of articles, and where copies of them are kept."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from publisher.domain.image import HostKey, ImageFile, ImageKey


class Images(Protocol):
    """Images that articles show, the copies that were made of them, and the hosts that they are on."""

    def protected(self) -> frozenset[HostKey]:
        """The hosts that give their images to nobody else."""
        ...

    def copies(self, wanted: Sequence[ImageKey]) -> Mapping[ImageKey, Sequence[ImageFile]]:
        """The copies that there are of some images, the largest first."""
        ...
