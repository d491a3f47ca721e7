"""Images of articles: what is known of them when something is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from publisher.domain.article import ArticleState
from publisher.domain.image import (
    ImageFile,
    KnownImages,
    LocalImage,
    image_addresses,
    image_host,
    may_copy,
    without_hotlinks,
)
from publisher.domain.token import Keyring, sign_name
from publisher.pipeline.ports import UnitOfWork

PURPOSE = "image"
"""What the tokens in addresses of images are for."""

IMAGES_PATH = "/images"


@dataclass(frozen=True, slots=True)
class ImageAddresses:
    """Makes the addresses of our copies: `/images/<token>/<name>`. Without the token nobody has us serve a file."""

    keyring: Keyring
    base_url: str

    def of(self, file: ImageFile) -> LocalImage:
        """A file as we serve it."""
        url = f"{self.base_url}{IMAGES_PATH}/{sign_name(self.keyring, PURPOSE, file.name)}/{file.name}"
        path = urlsplit(url).path
        return LocalImage(url, path, file.name, file.type, file.width, file.height, file.length)


def known_images(work: UnitOfWork, states: Iterable[ArticleState], addresses: ImageAddresses) -> KnownImages:
    """All that is known of the images of some articles, for pages and mails that show our copies alone."""
    return _known(work, [state for state in states if may_copy(state.source.rights)], addresses)


def known_hotlinks(work: UnitOfWork, states: Iterable[ArticleState], addresses: ImageAddresses) -> KnownImages:
    """The same for documents that are read elsewhere: what is known of images that their hosts protect."""
    protected = work.images.protected()
    sources = {source_id for source_id, _ in protected}
    concerned = [state for state in states if state.source.id in sources]
    known = _known(work, concerned, addresses, only=protected) if concerned else KnownImages()
    return KnownImages(known.copies, protected)


def shown_elsewhere(work: UnitOfWork, states: Sequence[ArticleState], base_url: str) -> list[ArticleState]:
    """The articles as documents show them to readers elsewhere, who would not see what hosts protect."""
    known = known_hotlinks(work, states, ImageAddresses(work.meta.keyring(), base_url))
    return [without_hotlinks(state, known) for state in states]


def _known(
    work: UnitOfWork,
    states: Sequence[ArticleState],
    addresses: ImageAddresses,
    only: frozenset[tuple[int, str]] | None = None,
) -> KnownImages:
    wanted = {
        (state.source.id, url)
        for state in states
        for url in image_addresses(state.revision.content)
        if only is None or (state.source.id, image_host(url)) in only
    }
    copies = work.images.copies(sorted(wanted))
    return KnownImages({key: [addresses.of(file) for file in files] for key, files in copies.items()})
