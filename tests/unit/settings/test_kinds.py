"""What a source of each kind may say, and that tokens are kept out of sight."""

from pathlib import Path

import pytest

from publisher.errors import ConfigError
from publisher.settings import Settings, load
from publisher.settings.config import SITEMAP_FIRST

TOKEN = "a-token-of-twenty-letters"


def read(folder: Path, source: str, site: str = "", **environ: str) -> Settings:
    file = folder / "publisher.toml"
    file.write_text(f'{site}\n[[source]]\nname = "desk"\n{source}\n')
    return load(file, environ)


def fault(folder: Path, source: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as error:
        read(folder, source, **environ)
    assert TOKEN not in str(error.value)
    [only] = error.value.faults
    return str(only).split(": ", 1)[1]


def test_a_sitemap_has_a_limit_and_patterns(tmp_path: Path) -> None:
    text = 'kind = "sitemap"\nurl = "https://a.example/s.xml"\ninclude = ["/news/"]\nexclude = ["*.pdf$"]'
    [source] = read(tmp_path, text).sources
    assert (source.include, source.exclude, source.first_limit) == (("/news/",), ("*.pdf$",), SITEMAP_FIRST)
    [source] = read(tmp_path, f"{text}\nfirst_limit = 7").sources
    assert source.first_limit == 7


def test_a_token_stands_in_a_file_or_a_variable_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    settings = read(tmp_path, 'kind = "push"\ntoken_file = "token"')
    assert settings.push_tokens == {"desk": TOKEN}
    assert TOKEN not in repr(settings)
    assert read(tmp_path, 'kind = "push"', PUBLISHER__SOURCE__DESK__TOKEN=TOKEN).push_tokens == {"desk": TOKEN}
    given = read(tmp_path, 'kind = "push"', PUBLISHER__SOURCE__DESK__TOKEN_FILE="token")
    assert given.push_tokens == {"desk": TOKEN}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('kind = "push"', 'source[0] "desk".token_file: is missing; name the file that holds the token'),
        ('kind = "push"\ntoken = "short"', 'source[0] "desk".token: write at least 20 letters and digits'),
        ('kind = "push"\ntoken = "with spaces in the middle of it"', 'source[0] "desk".token'),
        ('kind = "push"\ntoken_file = "none"', 'source[0] "desk".token_file'),
        (f'kind = "push"\ntoken = "{TOKEN}"\npath = "x"', 'source[0] "desk".path = "x": a push has no path'),
        ('kind = "feed"\nurl = "https://a.example/"\ntoken_file = "x"', 'source[0] "desk".token_file'),
        ('kind = "feed"\nurl = "https://a.example/"\ninclude = ["/"]', 'source[0] "desk".include'),
        ('kind = "sitemap"', 'source[0] "desk".url: is missing; a sitemap is read from its url'),
        (
            'kind = "sitemap"\nurl = "https://a.example/"\nselectors = { item = "li" }',
            'source[0] "desk".selectors.item: unknown selector',
        ),
    ],
)
def test_what_does_not_fit_a_kind_is_a_fault(tmp_path: Path, source: str, line: str) -> None:
    assert fault(tmp_path, source).startswith(line)


def test_two_tokens_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    assert "keep one of the two" in fault(tmp_path, f'kind = "push"\ntoken = "{TOKEN}"\ntoken_file = "token"')


@pytest.mark.parametrize(
    ("site", "base"),
    [
        ('[site]\nbase_url = "https://news.example/x/"', "https://news.example/x"),
        ('[site]\nbase_url = "http://127.0.0.1:8080"', ""),
        ('[site]\nbase_url = "http://localhost"', ""),
        ("", ""),
        ('[site]\nbase_url = "https://news.example"\n[fetch]\nwebsub = false', ""),
    ],
)
def test_hubs_are_listened_to_where_they_can_reach_us(tmp_path: Path, site: str, base: str) -> None:
    assert read(tmp_path, 'kind = "feed"\nurl = "https://a.example/"', site).callback_base == base
