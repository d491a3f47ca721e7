"""What is remembered of the images of articles, who gets them, and where copies of them are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from publisher.domain.hotlink import Seen
from publisher.domain.image import HostKey, Hotlinking, ImageFile, ImageKey, ImageState
from publisher.pipeline.ports.reading import Fetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownImage:
    """An image that articles of a source show. `page` is an article that shows it.

    `next_check` is when to ask for it, None for never again; `outcome` says how the last asking ended.
    """

    id: int
    source_id: int
    url: str
    page: str
    host: str
    state: ImageState = ImageState.WANTED
    files: tuple[ImageFile, ...] = ()
    failures: int = 0
    outcome: str = ""
    checked_at: datetime | None = None
    next_check: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHost:
    """What is known of a host of a source's images, with the evidence; how many were asked for on `day` (UTC)."""

    source_id: int
    host: str
    state: Hotlinking = Hotlinking.UNKNOWN
    evidence: str = ""
    checked_at: datetime | None = None
    next_check: datetime | None = None
    day: date | None = None
    requests: int = 0


class Images(Protocol):
    """Images that articles show, the copies that were made of them, and the hosts that they are on."""

    # --- to show them

    def protected(self) -> frozenset[HostKey]:
        """The hosts that give their images to nobody else."""
        ...

    def copies(self, wanted: Sequence[ImageKey]) -> Mapping[ImageKey, Sequence[ImageFile]]:
        """The copies that there are of some images, the largest first."""
        ...

    # --- to get them

    def show(self, article_id: int, source_id: int, urls: Sequence[str], page: str, now: datetime) -> None:
        """Note which images an article shows now; new ones are wanted, those that it showed before no longer are."""
        ...

    def hide(self, article_id: int, now: datetime) -> None:
        """Note that an article is shown no more: what it alone showed is to be removed now, not in a while."""
        ...

    def due(self, now: datetime, limit: int) -> list[KnownImage]:
        """Images to ask for now, those that were met last first."""
        ...

    def newest_on(self, host: HostKey) -> list[KnownImage]:
        """The image on a host that was met last and copied, if there is one."""
        ...

    def postpone(self, host: HostKey, until: datetime) -> None:
        """Ask for no image of a host before then."""
        ...

    def hosts(self) -> list[ImageHost]:
        """All hosts."""
        ...

    def save(self, image: KnownImage) -> None:
        """Remember how an image stands now."""
        ...

    def save_host(self, host: ImageHost) -> None:
        """Remember how a host stands now."""
        ...

    def showing(self, image_id: int) -> list[int]:
        """The articles that show an image."""
        ...

    def showing_on(self, host: HostKey) -> list[int]:
        """The articles that show an image of a host."""
        ...

    def unshown(self, before: datetime, limit: int) -> list[KnownImage]:
        """Images that no article shows since before then, the longest first."""
        ...

    def forget(self, images: Sequence[KnownImage]) -> None:
        """Delete what is remembered of some images."""
        ...

    def copied(self) -> Iterator[KnownImage]:
        """All images that there are copies of."""
        ...

    def kept(self, names: Sequence[str]) -> frozenset[str]:
        """Those among some files that are a copy of an image that is remembered."""
        ...

    def size(self) -> int:
        """How many bytes all copies have."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that came and could be read: how it looks, and the files that were made of it, the largest first."""

    seen: Seen
    files: tuple[tuple[ImageFile, bytes], ...]


@dataclass(frozen=True, slots=True)
class NoPicture:
    """None came. `telling` when the server or the image is at fault, not the network or our own manners; `away` when
    it is there no more (404, 410)."""

    reason: str
    telling: bool = True
    away: bool = False
    postponed: bool = False


class ImageReader(Protocol):
    """Gets images."""

    def read(self, url: str, referer: str, fetcher: Fetcher) -> Picture | NoPicture:
        """Get one as somebody on the page `referer` would; empty for one who names no page."""
        ...


class ImageFiles(Protocol):
    """The files of copies, by name."""

    def keep(self, name: str, body: bytes) -> None:
        """Write one, whole or not at all. Raises StorageError."""
        ...

    def get(self, name: str) -> bytes | None:
        """Read one."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Delete some."""
        ...

    def all(self) -> Mapping[str, datetime]:
        """All of them, with when they were written; and what interrupted writing left."""
        ...
