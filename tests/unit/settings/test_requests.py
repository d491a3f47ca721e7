"""What an owner sets for the requests of one source: read from where secrets are, refused where it is of no use, shown
nowhere."""

from datetime import timedelta
from pathlib import Path

import pytest

from publisher.errors import ConfigError
from publisher.settings import Settings, load
from publisher.settings.requests import parse_headers

SOURCE = '[[source]]\nname = "shop"\nkind = "feed"\nurl = "https://shop.example.org/feed"\n'


def read(folder: Path, text: str, **environ: str) -> Settings:
    file = folder / "p.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ)


def faults(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environ)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_source_may_have_headers_a_cookie_a_proxy_a_limit_and_rest(tmp_path: Path) -> None:
    (tmp_path / "cookie").write_text("session=swordfish\n")
    text = SOURCE + (
        'headers = { X-Api-Key = "k1", Accept_Language = "zh" }\ncookie_file = "cookie"\n'
        'proxy = "http://user:pw@127.0.0.1:3128"\nfirst_limit = 5\ndisabled = true\nrate_group = "shops"\n'
    )
    settings = read(tmp_path, text)
    [source] = settings.sources
    options = settings.fetch.sources["shop"]
    assert (source.first_limit, source.disabled, source.interval) == (5, True, None)
    assert options.headers == (("X-Api-Key", "k1"), ("Accept-Language", "zh"))
    assert (options.cookie, options.proxy) == ("session=swordfish", "http://user:pw@127.0.0.1:3128")
    assert settings.fetch.groups == {"shop.example.org": "shops"}
    shown = f"{settings!r} {options!r}"
    assert not [secret for secret in ("swordfish", "k1", "pw@") if secret in shown]


def test_secrets_come_from_variables_and_files_too(tmp_path: Path) -> None:
    for name, content in (("c", "session=1"), ("h", "# ours\nX-One: 1\n\nx-two:2\n"), ("p", "socks5://127.0.0.1:9050")):
        (tmp_path / name).write_text(content)
    settings = read(
        tmp_path,
        SOURCE,
        PUBLISHER__SOURCE__SHOP__COOKIE_FILE="c",
        PUBLISHER__SOURCE__SHOP__HEADERS_FILE="h",
        PUBLISHER__SOURCE__SHOP__PROXY_FILE="p",
    )
    options = settings.fetch.sources["shop"]
    assert options.headers == (("X-One", "1"), ("x-two", "2"))
    assert (options.cookie, options.proxy) == ("session=1", "socks5://127.0.0.1:9050")
    by_name = read(tmp_path, SOURCE, PUBLISHER__SOURCE__SHOP__HEADERS__X_API_KEY="k")
    assert by_name.fetch.sources["shop"].headers == (("x-api-key", "k"),)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('headers = { User-Agent = "swordfish" }', "User-Agent is set by publisher itself or never sent; leave it out"),
        ('headers = { Referer = "swordfish" }', "Referer is set by publisher itself or never sent; leave it out"),
        ('headers = { Cookie = "swordfish" }', "write a cookie with the key cookie or cookie_file"),
        ('headers = { "X A" = "swordfish" }', "'X A' is no name of a header field; write one such as \"X-Api-Key\""),
        ('headers = { X-A = "swordfish\\r\\nHost: x" }', "a header field holds one line of text"),
        ('cookie = "swordfish\\nx"', "a header field holds one line of text"),
        ('proxy = "ftp://swordfish"', "write the address of a proxy"),
        ('proxy = "http://swordfish:99999"', "write the address of a proxy"),
        ('proxy = "http://swordfish/path"', "write the address of a proxy"),
        ('cookie_file = "none"', "the file can't be read: No such file or directory"),
        ('cookie = "swordfish"\ncookie_file = "here"', "cookie is given too; keep one of the two, better the file"),
        ("first_limit = 0", "write a number of at least 1"),
        ('rate_group = "A b"', "it stands in addresses"),
    ],
)
def test_what_can_not_be_used_is_one_fault_without_the_secret(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "here").write_text("x")
    [said] = faults(tmp_path, f"{SOURCE}{line}\n")
    assert fault in said
    assert said.startswith("p.toml:")
    assert "swordfish" not in said


def test_every_header_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    said = faults(tmp_path, f'{SOURCE}headers = {{ Host = "a", X-Fine = "b", "X A" = "c", X-B = "d\\ne" }}\n')
    assert [fault.partition("headers.")[2] for fault in said] == [
        "Host: Host is set by publisher itself or never sent; leave it out",
        "X A: 'X A' is no name of a header field; write one such as \"X-Api-Key\"",
        "X-B: a header field holds one line of text",
    ]


def test_a_folder_is_not_requested(tmp_path: Path) -> None:
    text = '[[source]]\nname = "notes"\nkind = "folder"\npath = "."\ncookie = "a"\n'
    [said] = faults(tmp_path, text)
    assert said.endswith('"notes".cookie: a folder is read from disk: leave it out')


def test_a_host_is_in_one_rate_group(tmp_path: Path) -> None:
    other = SOURCE.replace('"shop"', '"other"')
    [said] = faults(tmp_path, f'{SOURCE}rate_group = "a"\n{other}rate_group = "b"\n')
    assert 'shop.example.org is in the group "a" already; a host is in one group' in said


def test_a_file_of_headers_that_holds_something_else_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2 of the file is no header field"):
        parse_headers("X-A: b\nswordfish")


def test_the_rules_of_fetching(tmp_path: Path) -> None:
    settings = read(tmp_path, '[fetch]\nbudget = 50\nhint_limit = "2d"\ncache = "../c"\nreuse = "1h"\nprocesses = 0\n')
    assert (settings.fetch.budget, settings.fetch.hint_limit) == (50, timedelta(days=2))
    assert settings.processes == 0
    assert (settings.cache, settings.reuse) == (tmp_path.parent / "c", timedelta(hours=1))
    shipped = read(tmp_path, "")
    assert (shipped.fetch.budget, shipped.fetch.hint_limit) == (300, timedelta(hours=24))
    assert shipped.processes is None
    assert shipped.cache == tmp_path / "var" / "cache"
