"""Which file is at which path."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.files import file_of, has_files, is_text
from publisher.domain.pages import ListAddress, path_of


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.html"),
        ("/articles/12/", "articles/12/index.html"),
        ("/collector", "collector/index.html"),
        ("/feeds.opml", "feeds.opml"),
        ("/feeds/", "feeds/index.html"),
        ("/feeds/tag/港口/海/", "feeds/tag/港口/海/index.html"),
        ("/feeds/all/before-7/", "feeds/all/before-7/index.html"),
        ("/feeds/node.js/", "feeds/node.js/index.html"),
        ("/feeds/all/archive/1-0123456789ab.atom", "feeds/all/archive/1-0123456789ab.atom"),
    ],
)
def test_each_path_has_a_file(path: str, file: str) -> None:
    assert file_of(path) == file
    assert is_text(file)


def test_images_are_compressed_already() -> None:
    assert not is_text("images/x/0.jpg")


@pytest.mark.parametrize("slug", ["news", "晚间-新闻", "tag/a b", "tag/港口/海", "source/own", "tag/node.js", "all"])
def test_slugs_are_names_of_files(slug: str) -> None:
    assert has_files(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "tag/..",
        "tag/../../x",
        "tag/./x",
        "tag//x",
        "tag/x/",
        "tag/x.rss",
        "tag/x.json/y",
        "tag/x.gz",
        "tag/index.html",
        "tag/x/before-3",
        "tag/x/archive/1",
        "tag/" + "海" * 80,
        "tag/e\u0301",
        "tag/a\nb",
        "tag/\ud800",
    ],
)
def test_what_would_stand_elsewhere_or_in_the_way_is_no_name_of_files(slug: str) -> None:
    assert not has_files(slug)


@given(st.lists(st.text(st.sampled_from("a./.-é海\\ %\x00b"), max_size=6), min_size=1, max_size=4))
def test_no_name_leaves_the_folder(parts: list[str]) -> None:
    slug = "/".join(("tag", *parts))
    if has_files(slug):
        feed = Feed(slug=slug, title="")
        for file in (file_of(path_of(ListAddress(slug))), f"feeds/{slug}.{FeedFormat.RSS}"):
            assert ".." not in PurePosixPath(file).parts
            assert str(PurePosixPath(file)) == file
        assert feed.path(FeedFormat.RSS).isascii()
