"""Images from outside become harmless copies, whatever they claim to be."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from publisher.pipeline.ports import NoPicture, Picture
from publisher.sources.http.fetch import HttpFetcher
from publisher.sources.images import MAX_BYTES, BadImage, PillowImages
from publisher.sources.images import picture as read
from tests import pictures
from tests.pictures import packed
from tests.unit.sources.site import Answer, Site


def opened(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


def copies(body: bytes) -> list[Image.Image]:
    return [opened(copy) for _, copy in read(body).files]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_every_format_of_the_web_is_read_and_its_copy_says_what_it_is(format: str) -> None:
    made = read(packed(pictures.picture(90, 60), format))
    [(file, body)] = made.files
    assert (made.seen.width, made.seen.height, file.width, file.height) == (90, 60, 90, 60)
    assert file.type == Image.MIME[opened(body).format or ""]
    assert file.length == len(body)
    assert file.name.endswith({"image/jpeg": ".jpg", "image/png": ".png"}[file.type])


def test_the_same_picture_looks_the_same_in_every_format_and_another_does_not() -> None:
    looks = [read(packed(pictures.picture(300, 200), format)).seen.look for format in ("JPEG", "PNG", "WEBP", "AVIF")]
    other = read(packed(pictures.picture(300, 200, number=2))).seen.look
    assert all((look ^ looks[0]).bit_count() < 6 for look in looks)
    assert (other ^ looks[0]).bit_count() > 16


@pytest.mark.parametrize(
    ("width", "widths"), [(1, [1]), (600, [600]), (700, [700]), (760, [760, 600]), (2500, [1200, 600])]
)
def test_copies_are_no_wider_than_pages_and_mails_need(width: int, widths: list[int]) -> None:
    made = read(packed(pictures.picture(width, 40)))
    assert [file.width for file, _ in made.files] == widths
    assert (made.seen.width, made.seen.height) == (width, 40)


def test_a_very_high_picture_is_made_lower() -> None:
    [file] = [file for file, _ in read(packed(pictures.picture(100, 20_000))).files]
    assert (file.width, file.height) == (40, 8000)


def test_nothing_is_handed_on_but_the_picture() -> None:
    exif = Image.Exif()
    exif[0x010E] = "In my garden"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 1.0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "In my garden")
    for body in (
        packed(pictures.picture(), exif=exif, comment=b"In my garden"),
        packed(pictures.picture(), "PNG", pnginfo=text, exif=exif),
        packed(pictures.picture(mode="RGBA"), "PNG", pnginfo=text, exif=exif),
        packed(pictures.picture(), "WEBP", exif=exif, xmp=b"<x>In my garden</x>"),
    ):
        assert b"garden" in body
        for _, copy in read(body).files:
            assert b"garden" not in copy
            assert not opened(copy).getexif()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_picture_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (80, 40), "white")
    image.paste((255, 0, 0), (0, 0, 20, 20))
    made = read(packed(image, exif=exif, quality=95))
    [(file, body)] = made.files
    size = (40, 80) if orientation in (6, 8) else (80, 40)
    assert (made.seen.width, made.seen.height) == (file.width, file.height) == size
    corner = {1: (8, 8), 3: (72, 32), 6: (32, 8), 8: (8, 72)}[orientation]
    red, green, _ = opened(body).convert("RGB").getpixel(corner)  # type: ignore[misc]
    assert red > 200 > 60 > green


def test_what_shines_through_stays_so_and_what_only_could_does_not() -> None:
    clear = pictures.picture(mode="RGBA")
    opaque = clear.copy()
    opaque.putalpha(255)
    assert [copy.mode for copy in copies(packed(clear, "PNG"))] == ["RGBA"]
    assert [copy.mode for copy in copies(packed(opaque, "PNG"))] == ["RGB"]


def test_a_heavy_picture_that_shines_through_is_packed_tightly() -> None:
    noise = Image.effect_noise((500, 500), 90).convert("RGBA")
    noise.putalpha(Image.effect_noise((500, 500), 90))
    [(file, body)] = read(packed(noise, "PNG")).files
    assert (file.type, opened(body).mode) == ("image/webp", "RGBA")


def test_a_drawing_stays_a_drawing_and_a_photo_a_photo() -> None:
    drawing = Image.new("RGB", (300, 200), "white")
    drawing.paste((0, 60, 120), (30, 30, 200, 100))
    assert [file.type for file, _ in read(packed(drawing, "PNG")).files] == ["image/png"]
    assert [file.type for file, _ in read(packed(pictures.picture(300, 200), "PNG")).files] == ["image/jpeg"]


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK"])
def test_pictures_of_other_kinds_become_rgb(mode: str) -> None:
    [copy] = copies(packed(pictures.picture(mode=mode), "PNG" if mode == "LA" else "JPEG"))
    assert copy.mode in ("RGB", "RGBA")


def test_a_grey_of_sixteen_bits_keeps_its_shades() -> None:
    [copy] = copies(packed(Image.new("I;16", (10, 10), 40_000), "PNG"))
    assert abs(int(copy.convert("L").getpixel((5, 5))) - 156) < 4  # type: ignore[arg-type]


def test_a_palette_with_a_hole_is_read() -> None:
    image = pictures.picture().quantize(16)
    [copy] = copies(packed(image, "PNG", transparency=0))
    assert copy.mode == "RGBA"


def test_of_a_picture_that_moves_the_first_is_taken() -> None:
    frames = [pictures.picture(number=number) for number in (1, 2, 3)]
    body = packed(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read(body).seen.look ^ read(packed(frames[0])).seen.look).bit_count() < 8


def test_colours_are_those_that_its_profile_means() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, named = packed(pictures.picture(), quality=95), packed(pictures.picture(), quality=95, icc_profile=profile)
    assert read(named).seen.look == read(plain).seen.look
    assert "icc_profile" not in opened(read(named).files[0][1]).info
    assert read(packed(pictures.picture(), icc_profile=b"no profile")).seen.width == 90


# --- what is no picture ------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A PNG that claims to be very large, in a few bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR" + head, b"IDAT" + zlib.compress(b"\0" * 1000), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>403</html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        packed()[:200],
        packed(pictures.picture(), "PNG")[:-30],
        packed(pictures.picture(), "AVIF")[:300] + bytes(300),
        packed(pictures.picture(), "BMP"),
        packed(pictures.picture(), "TIFF"),
        b"%PDF-1.7",
    ],
    ids=["nothing", "page", "svg", "half a jpeg", "half a png", "half an avif", "bmp", "tiff", "pdf"],
)
def test_what_is_no_picture_of_the_web_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(BadImage, match="no image that can be read") as refused:
        read(body)
    assert "\n" not in str(refused.value)


def test_a_picture_that_unfolds_to_gigabytes_is_refused_before_it_does() -> None:
    with pytest.raises(BadImage):
        read(bomb())


def test_one_that_is_larger_than_any_illustration_is_refused() -> None:
    with pytest.raises(BadImage, match="exceeds limit"):
        read(packed(Image.new("1", (8000, 6000)), "PNG"))


# --- fetching ----------------------------------------------------------------------------------------------------


def get(site: Site, fetcher: HttpFetcher, answer: Answer, referer: str = "") -> Picture | NoPicture:
    site.pages["/a.jpg"] = answer
    return PillowImages().read(f"{site.url}/a.jpg", referer, fetcher)


def test_an_image_is_asked_for_as_from_a_page_or_from_none(site: Site, fetcher: HttpFetcher) -> None:
    assert isinstance(get(site, fetcher, Answer(packed()), f"{site.url}/story"), Picture)
    assert isinstance(get(site, fetcher, Answer(packed())), Picture)
    asked = [one for one in site.asked if one.path == "/a.jpg"]
    assert [one.headers.get("Referer") for one in asked] == [f"{site.url}/story", None]
    assert all(one.headers["Accept"].startswith("image/") for one in asked)


def test_a_page_in_place_of_an_image_is_no_picture_and_says_so(site: Site, fetcher: HttpFetcher) -> None:
    site.pages["/no"] = Answer(b"<p>No hotlinking</p>", headers={"Content-Type": "text/html"})
    answer = get(site, fetcher, Answer(status=302, headers={"Location": "/no"}))
    assert isinstance(answer, NoPicture)
    assert answer.telling
    assert answer.reason.startswith("it is no image")
    assert answer.reason.endswith(f"at {site.url}/no (text/html)")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, NoPicture("the server says 403 Forbidden")),
        (404, NoPicture("the server says 404 Not Found", away=True)),
        (410, NoPicture("the server says 410 Gone", away=True)),
        (500, NoPicture("the server says 500 Internal Server Error", telling=False)),
        (429, NoPicture("the server says 429 Too Many Requests", telling=False)),
    ],
)
def test_what_a_server_says_tells_of_the_image_or_of_the_moment(
    site: Site, fetcher: HttpFetcher, status: int, expected: NoPicture
) -> None:
    answer = get(site, fetcher, Answer(status=status))
    assert isinstance(answer, NoPicture)
    assert replace(answer, reason=answer.reason) == expected


def test_what_robots_forbids_is_not_asked_for_and_tells_nothing(site: Site, fetcher: HttpFetcher) -> None:
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /a.jpg")
    answer = get(site, fetcher, Answer(packed()))
    assert isinstance(answer, NoPicture)
    assert not answer.telling
    assert "/a.jpg" not in [one.path for one in site.asked]


def test_a_private_address_is_not_asked(fetcher: HttpFetcher) -> None:
    answer = PillowImages().read("http://127.0.0.2:9/a.jpg", "", fetcher)
    assert isinstance(answer, NoPicture)
    assert not answer.telling


def test_an_image_that_is_too_heavy_is_not_read_to_its_end(site: Site, fetcher: HttpFetcher) -> None:
    answer = get(site, fetcher, Answer(b"\0" * (MAX_BYTES + 1)))
    assert isinstance(answer, NoPicture)
    assert "larger than" in answer.reason
