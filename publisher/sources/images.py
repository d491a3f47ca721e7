"""Images from outside, made harmless: fetched politely, decoded, and written anew without anything but the picture.

What comes is judged by what it is, not by what it is called. No SVG: that is a program.
"""

import hashlib
import struct
import warnings
import zlib
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from publisher.domain.hotlink import Seen
from publisher.domain.image import COPY_TYPES, ImageFile
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, Gone, ImageReader, NoPicture, Picture, Refused

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""What is larger is no illustration, and costs much to unfold."""

WIDTHS = (1200, 600)
"""How wide the copies are at most: for pages and readers, and for mails."""

MAX_HEIGHT = 8000

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/avif;q=0.8,*/*;q=0.1"
_ORIENTATION = 0x0112
_JPEG_QUALITY = 82
_WEBP_QUALITY = 85
_FEW_COLOURS = 256
_COUNTABLE = ("1", "L", "P", "RGB")
_HEAVY = 400_000
"""Bytes from which on a picture with transparency is packed more tightly, in a format that not all mail clients read.
"""

_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for what is no picture."""

# Pillow refuses what has twice as many, and warns of what has more: that is still fine.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class BadImage(Exception):
    """Not a picture that we take, in one line."""


class PillowImages(ImageReader):
    """Reads images by Pillow. Holds nothing: one serves all threads."""

    def read(self, url: str, referer: str, fetcher: Fetcher) -> Picture | NoPicture:
        """Get one as somebody on the page `referer` would; empty for one who names no page."""
        match fetcher.fetch(FetchRequest(url=url, accept=_ACCEPT, max_bytes=MAX_BYTES, referer=referer)):
            case Fetched() as fetched:
                try:
                    return picture(fetched.body)
                except BadImage as error:
                    elsewhere = f" at {fetched.url}" if fetched.url != url else ""
                    return NoPicture(f"{error}{elsewhere} ({fetched.media_type or 'of no type'})")
            case Gone():
                return NoPicture("the server says 410 Gone", away=True)
            case Refused(reason, status, postponed=postponed, forbidden=forbidden):
                busy = status is None or status in (408, 425, 429) or status >= 500
                return NoPicture(
                    reason, telling=not (busy or postponed or forbidden), away=status == 404, postponed=postponed
                )
            case _:
                return NoPicture("the server answers that nothing changed, and was not asked that")


def picture(body: bytes) -> Picture:
    """The picture in some bytes, with copies of it. Raises BadImage."""
    try:
        with Image.open(BytesIO(body), formats=FORMATS) as opened:
            return _copied(opened, hashlib.sha256(body).hexdigest()[:32])
    except _UNREADABLE as error:
        raise BadImage(f"it is no image that can be read ({_one_line(error)})") from error


def _copied(opened: Image.Image, fingerprint: str) -> Picture:
    # Turned by a quarter (Exif, tag Orientation).
    size = opened.size[::-1] if opened.getexif().get(_ORIENTATION) in (5, 6, 7, 8) else opened.size
    # A JPEG is unfolded no larger than is needed.
    opened.draft(None, (max(WIDTHS), max(WIDTHS)))
    drawn = opened.format in ("PNG", "GIF") and opened.mode in _COUNTABLE
    few = drawn and opened.getcolors(_FEW_COLOURS) is not None
    image = _upright(opened)
    files = [_file(_fitted(image, width), few_colours=few) for width in _widths(size[0])]
    return Picture(Seen(fingerprint, _look(image), size[0], size[1]), tuple(files))


def _widths(width: int) -> list[int]:
    """How wide the copies are: never wider than the original, no two that hardly differ."""
    largest = min(width, WIDTHS[0])
    return [largest, *(smaller for smaller in WIDTHS[1:] if smaller * 5 < largest * 4)]


def _upright(image: Image.Image) -> Image.Image:
    """The picture as it is to be seen, in RGB or, where something shines through, RGBA; nothing else is kept."""
    profile = image.info.get("icc_profile")
    shines_through = "A" in image.getbands() or "transparency" in image.info
    turned = ImageOps.exif_transpose(image)
    if turned.mode in ("I", "I;16", "I;16B", "F"):
        turned = turned.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if profile and turned.mode in ("RGB", "CMYK", "RGBA"):
        turned = _in_srgb(turned, profile)
    if not shines_through:
        return turned.convert("RGB")
    turned = turned.convert("RGBA")
    opaque = turned.getchannel("A").getextrema() == (255, 255)
    return turned.convert("RGB") if opaque else turned


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Its colours in the space that everybody assumes where no profile says another."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, *_UNREADABLE):
        return image
    return converted or image


def _fitted(image: Image.Image, width: int) -> Image.Image:
    """The picture so wide, or less when it would be very high."""
    scale = min(width / image.width, MAX_HEIGHT / image.height, 1.0)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _file(image: Image.Image, *, few_colours: bool) -> tuple[ImageFile, bytes]:
    body, extension = _packed(image, few_colours=few_colours)
    name = f"{hashlib.sha256(body).hexdigest()[:32]}.{extension}"
    return ImageFile(name, COPY_TYPES[extension], image.width, image.height, len(body)), body


def _packed(image: Image.Image, *, few_colours: bool) -> tuple[bytes, str]:
    """The bytes and the extension: JPEG for what looks like a photo, PNG for drawings and what shines through."""
    if image.mode == "RGBA":
        body = _saved(image, "PNG")
        return (body, "png") if len(body) < _HEAVY else (_saved(image, "WEBP", quality=_WEBP_QUALITY), "webp")
    photo = _saved(image, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True)
    if few_colours:
        drawing = _saved(image.quantize(_FEW_COLOURS), "PNG", optimize=True)
        if len(drawing) * 2 < len(photo) * 3:
            return drawing, "png"
    return photo, "jpg"


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    # What the original said of itself (places, dates, cameras, comments) is not handed on.
    image.info.clear()
    written = BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


def _look(image: Image.Image) -> int:
    """64 bits of what a picture looks like: whether it gets brighter from each place to the next."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (grey[row * 9 + place] < grey[row * 9 + place + 1] for row in range(8) for place in range(8))
    return sum(bit << place for place, bit in enumerate(bits))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:100] or type(error).__name__
