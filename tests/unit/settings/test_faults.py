"""Every fault is reported at once: where it stands, what was read, what to write instead; never a secret."""

import unicodedata
from pathlib import Path

import pytest

from publisher.errors import ConfigError, Fault
from publisher.settings import load

SOURCE = '[[source]]\nname = "blog"\nkind = "feed"\nurl = "https://blog.example.org/feed"\n'
NEWSLETTER = '[[newsletter]]\nslug = "news"\ntitle = "News"\nfrom = "News <news@example.org>"\ncadences = ["daily"]\n'


def faults(folder: Path, text: str, **variables: str) -> list[Fault]:
    file = folder / "p.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, variables)
    assert caught.value.exit_code == 2
    assert str(caught.value).count("\n") == len(caught.value.faults) - 1
    return caught.value.faults


def only(folder: Path, text: str, **variables: str) -> str:
    """The one fault of a text, without the folder."""
    found = faults(folder, text, **variables)
    assert len(found) == 1, "\n".join(map(str, found))
    return str(found[0]).replace(f"{folder}/", "")


def test_all_faults_are_told_at_once_with_line_key_value_and_remedy(tmp_path: Path) -> None:
    text = """
[site]
titel = "x"
timezone = "Asia/Shangai"
[web]
port = "eighty"

[[source]]
name = "blog"
kind = "feed"
url = "blog.example.org"

[[source]]
name = "blog"
kind = "feed"
url = "https://blog.example.org/feed"
interval = 15

[[feed]]
slug = "tag"
title = "Tags"
sources = ["blob"]
"""
    found = [str(fault).replace(f"{tmp_path}/", "") for fault in faults(tmp_path, text)]
    assert sorted(found) == sorted(
        [
            'p.toml:3: site.titel: unknown key; did you mean "title"?',
            'p.toml:4: site.timezone = "Asia/Shangai": no time zone; write a name of the IANA list such as '
            '"Asia/Shanghai"',
            'p.toml:6: web.port = "eighty": write a whole number',
            'p.toml:11: source[0] "blog".url = "blog.example.org": write a whole address that begins with http:// or '
            "https://",
            'p.toml:17: source[1] "blog".interval = 15: write a number with its unit, in quotes: "30s", "15m", "1h", '
            '"1h30m", "2d"',
            'p.toml:14: source[1] "blog".name = "blog": is used twice; give each its own',
            'p.toml:20: feed[0] "tag".slug = "tag": is taken by publisher itself, as are all, author, language, '
            "newsletter, search, source, tag; choose another",
            'p.toml:22: feed[0] "tag".sources = "blob": no [[source]] has this name; did you mean "blog"?',
        ]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[sight]", 'p.toml:1: sight: unknown table; did you mean "site"?'),
        (
            "[site]\nzzz = 1",
            "p.toml:2: site.zzz: unknown key; known are base_url, first_digest, language, legal, templates, timezone, "
            "title",
        ),
        ("web = 5", "p.toml: web = 5: write a table with keys, not a single value"),
        ('[site]\ntitle = ""', 'p.toml:2: site.title = "": write one line of text'),
        ("[site]\ntitle = 5", "p.toml:2: site.title = 5: write text in quotes"),
        ('[site]\nfirst_digest = "perhaps"', 'p.toml:2: site.first_digest = "perhaps": write true or false'),
        (
            '[site]\nlanguage = "English, please"',
            'p.toml:2: site.language = "English, please": no language tag; write "en", "zh-CN", "pt-BR"',
        ),
        (
            '[site]\nbase_url = "https://a.example/?x"',
            'p.toml:2: site.base_url = "https://a.example/?x": write the address without ? and #: https://a.example/',
        ),
        (
            '[site]\nbase_url = "https://a.example/wire/../b"',
            'p.toml:2: site.base_url = "https://a.example/wire/../b": write the address without . and .. and without '
            "two slashes: clients ask for it without",
        ),
        ("[web]\nport = 80800", "p.toml:2: web.port = 80800: write a number of at most 65535"),
        ("[mail]\nwindow = 0", "p.toml:2: mail.window = 0: write a number of at least 1"),
        ('[mail]\ntransport = "smpt"', 'p.toml:2: mail.transport = "smpt": write one of "outbox" or "smtp"'),
        (
            '[fetch]\nallow_private = ["10.0.0.1"]',
            'p.toml:2: fetch.allow_private[0] = "10.0.0.1": write host:port, such as "127.0.0.1:8081"',
        ),
        ("[relay]\nhost = 'x'", "p.toml:1: relay: write its header with double brackets: [[relay]]"),
        (
            '[database]\nurl = "mysql://x"',
            'p.toml:2: database.url = "mysql://x": write sqlite:///file.db (relative to this file) or '
            "postgresql://user@host/name",
        ),
        (
            '[example]\nfolder = "nowhere"',
            'p.toml:2: example.folder = "nowhere": there is no such folder (relative to this file)',
        ),
        (
            "[example]\nfolder = '.'\nport = 8080",
            "p.toml:3: example.port = 8080: is the port of [web] too; choose another",
        ),
        (
            '[site]\ntemplates = "nowhere"',
            'p.toml:2: site.templates = "nowhere": there is no such folder (relative to this file)',
        ),
    ],
)
def test_single_tables(tmp_path: Path, text: str, expected: str) -> None:
    assert only(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("langauge = 'en'", 'source[0] "blog".langauge: unknown key; did you mean "language"?'),
        (
            'kind = "rss"',
            'source[0] "blog".kind = "rss": write one of "feed", "listing", "sitemap", "folder" or "push"',
        ),
        ('path = "x"', 'source[0] "blog".path = "x": a feed has no path; write url instead'),
        (
            'interval = "soon"',
            'source[0] "blog".interval = "soon": write a number with its unit, in quotes: "30s", "15m", "1h", "1h30m", '
            '"2d"',
        ),
        ('tags = "one"', 'source[0] "blog".tags = "one": write a list: ["one", "two"]'),
        ("selectors = []", 'source[0] "blog".selectors = []: write a table: { key = "value" }'),
        ("selectors = { article_body = 5 }", 'source[0] "blog".selectors.article_body = 5: write text in quotes'),
        (
            'name = "The Blog"',
            'source[0] "The Blog".name = "The Blog": it stands in addresses: write small letters a-z, digits and - '
            'only, such as "harbour-news"',
        ),
        (
            'url = "https://me:hunter2@a.example/"',
            'source[0] "blog".url = "https://me:***@a.example/": write the address without a user and a password: it '
            "is shown to readers, and kept in logs",
        ),
        (
            'url = "https://[::1/"',
            'source[0] "blog".url = "https://[::1/": no address (Invalid IPv6 URL); write https://host/path',
        ),
    ],
)
def test_sources(tmp_path: Path, line: str, expected: str) -> None:
    key = line.split(" = ")[0]
    text = "".join(kept for kept in SOURCE.splitlines(keepends=True) if not kept.startswith(f"{key} =")) + line
    assert only(tmp_path, text).split(": ", 1)[1] == expected


@pytest.mark.parametrize(
    ("slugs", "others", "expected"),
    [
        ("other", "", "'other' is another feed's name now; leave it out"),
        ("old", "old", "'old' is another feed's former name; leave it out"),
        ("tag", "", "is taken by publisher itself"),
    ],
)
def test_former_names_of_feeds(tmp_path: Path, slugs: str, others: str, expected: str) -> None:
    text = "".join(
        f'[[feed]]\nslug = "{slug}"\ntitle = "x"\nprevious_slugs = [{", ".join(repr(one) for one in before.split())}]\n'
        for slug, before in (("other", others), ("new", slugs))
    )
    assert expected in only(tmp_path, text)


@pytest.mark.parametrize("written", ["localhost", "10.0.0.0/33", "10.0.0.1/8", "*"])
def test_a_trusted_proxy_is_an_address_or_a_network(tmp_path: Path, written: str) -> None:
    fault = only(tmp_path, f'[web]\ntrusted_proxies = ["{written}"]')
    assert 'write an address or a network, such as "127.0.0.1" or "10.0.0.0/8"' in fault


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", 'source[0] "blog".url: is missing; a feed is read from its url'),
        ('kind = "folder"', 'source[0] "blog".path: is missing; a folder is read from its path'),
        (
            'kind = "folder"\npath = "none"',
            'source[0] "blog".path = "none": there is no such folder (relative to this file)',
        ),
    ],
)
def test_what_a_kind_of_source_needs(tmp_path: Path, line: str, expected: str) -> None:
    text = '[[source]]\nname = "blog"\n' + (line or 'kind = "feed"')
    assert only(tmp_path, text).split(": ", 1)[1] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('slug = "New s"', '"New s".slug = "New s": it stands in addresses'),
        ('from = "nobody"', '"news".from = "nobody": no e-mail address'),
        ('from = ""', '"news".from = "": write "Name <name@example.org>"'),
        ('from = "a\\nb <a@example.org>"', '"news".from = "a\\nb <a@example.org>": write one line'),
        ("cadences = []", '"news".cadences = []: give at least one'),
        ('cadences = ["dayly"]', '"news".cadences[0] = "dayly": \'dayly\' is no cadence: write immediate, daily'),
        ("hour = 24", '"news".hour = 24: write an hour from 0 to 23'),
        ("hour = 2026-01-01T07:00:00", '"news".hour = "2026-01-01 07:00:00": write an hour alone'),
        ('template = "crads"', '"news".template = "crads": no look of this name; did you mean "cards"?'),
        ('locales = ["en-GB", "zh", "fr"]', '"news".locales = "fr": the mail\'s own words exist in en, zh-CN'),
        ('age = "old"', '"news".age = "old": write a number of days, such as 14'),
        ('not = { tag = ["x"] }', '"news".not.tag: unknown key; did you mean "tags"?'),
        ('not = { sources = ["x"] }', '"news".not.sources = "x": no [[source]] has this name; none is defined'),
    ],
)
def test_newsletters(tmp_path: Path, line: str, expected: str) -> None:
    key = line.split(" = ")[0]
    text = "".join(kept for kept in NEWSLETTER.splitlines(keepends=True) if not kept.startswith(f"{key} =")) + line
    assert only(tmp_path, text).split(": newsletter[0] ", 1)[1].startswith(expected)


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (
            'link = "a"',
            ".selectors.item: is missing; write the CSS selector of one line of the list: selectors = { item = ",
        ),
        (
            'item = "div["',
            '.selectors.item = "div[": no valid CSS selector; write one such as "article.story" or "h2 a"',
        ),
        ('item = ""', '.selectors.item = "": no valid CSS selector; write one such as "article.story" or "h2 a"'),
        ('item = "li", titel = "h2"', '.selectors.titel: unknown selector; did you mean "title"?'),
        ('item = "li", article_bdy = "h2"', '.selectors.article_bdy: unknown selector; did you mean "article_body"?'),
    ],
)
def test_selectors(tmp_path: Path, selectors: str, expected: str) -> None:
    text = SOURCE.replace('"feed"', '"listing"') + f"selectors = {{ {selectors} }}"
    assert only(tmp_path, text).split('"blog"', 1)[1].startswith(expected)


def test_a_feed_has_selectors_for_its_pages_only(tmp_path: Path) -> None:
    assert "unknown selector; known are article_author" in only(tmp_path, SOURCE + 'selectors = { item = "li" }')


def test_what_is_missing_is_shown_by_example(tmp_path: Path) -> None:
    found = {str(fault).split(": ", 1)[1] for fault in faults(tmp_path, "[[newsletter]]\n[[relay]]\n[[feed]]")}
    assert found == {
        'newsletter[0].slug: is missing; add it: slug = "news"',
        'newsletter[0].title: is missing; add it: title = "News"',
        'newsletter[0].from: is missing; add it: from = "News <news@example.org>"',
        'newsletter[0].cadences: is missing; add it: cadences = ["daily", "weekly"]',
        'relay[0].host: is missing; add it: host = "mail.example.org"',
        'feed[0].slug: is missing; add it: slug = "news"',
        'feed[0].title: is missing; add it: title = "News"',
    }


def test_a_fault_of_syntax_names_its_line(tmp_path: Path) -> None:
    assert only(tmp_path, '[site]\ntitle = "x"\nlanguage = en\n') == "p.toml:3: TOML: invalid value"


def test_a_text_that_ends_too_soon_is_named(tmp_path: Path) -> None:
    assert only(tmp_path, '[site]\ntitle = """x') == "p.toml (at its end): TOML: unterminated string"


def test_a_fault_is_one_line_however_much_was_written(tmp_path: Path) -> None:
    nested = only(tmp_path, "[site]\ntitle = " + "[" * 3000)
    assert nested.startswith("p.toml: TOML: it is nested too deep")
    long = only(tmp_path, '[site]\ntitle = "x"\n"a\\n' + "b" * 9000 + '" = 1\n')
    assert "\n" not in long
    assert len(long) < 1000


# --- mail that can't leave ---------------------------------------------------------------------------------------


SMTP = '[site]\nbase_url = "https://a.example"\n[mail]\ntransport = "smtp"\n'
RELAY = '[[relay]]\nhost = "mail.example.org"\n'


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "http://a.localhost", "http://0.0.0.0"]
)
def test_smtp_from_a_site_that_only_this_machine_can_reach_is_refused(tmp_path: Path, url: str) -> None:
    text = SMTP.replace("https://a.example", url) + RELAY
    assert only(tmp_path, text) == (
        f'p.toml:2: site.base_url = "{url}": readers can\'t reach it; mail.transport = "smtp" needs a public one'
    )


def test_smtp_without_an_address_of_the_site_is_refused(tmp_path: Path) -> None:
    assert "site.base_url: is missing: mail needs links that work elsewhere" in only(
        tmp_path, '[mail]\ntransport = "smtp"\n' + RELAY
    )


def test_smtp_without_a_relay_is_refused(tmp_path: Path) -> None:
    assert only(tmp_path, SMTP) == (
        'p.toml:4: mail.transport = "smtp": needs a [[relay]] with the host that takes the mail'
    )


def test_a_second_relay_is_refused(tmp_path: Path) -> None:
    text = SMTP + RELAY + '[[relay]]\nname = "other"\nhost = "b.example.org"\n'
    assert only(tmp_path, text) == 'p.toml:7: relay[1] "other": one relay at a time is used; remove this one'


@pytest.mark.parametrize("domain", ["gmail.com", "QQ.com", "163.com", "outlook.com", "yahoo.com"])
def test_a_sender_at_a_free_mail_provider_is_refused_for_smtp(tmp_path: Path, domain: str) -> None:
    letter = NEWSLETTER.replace("news@example.org", f"news@{domain}")
    (tmp_path / "p.toml").write_text(letter)
    load(tmp_path / "p.toml", {})
    assert "lets nobody else send in its name" in only(tmp_path, SMTP + RELAY + letter)


def test_a_user_without_password_and_a_lost_certificate(tmp_path: Path) -> None:
    found = [fault.key for fault in faults(tmp_path, SMTP + RELAY + 'user = "me"\nca_file = "none.pem"\n')]
    assert found == ["relay[0].password_file", "relay[0].ca_file"]
    assert "the file can't be read: No such file" in only(tmp_path, RELAY + 'user = "me"\npassword_file = "none"\n')


def test_two_passwords_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    assert only(tmp_path, RELAY + 'password = "hunter2"\npassword_file = "secret"\n') == (
        "p.toml:4: relay[0].password_file = (hidden): password is given too; keep one of the two, better the file"
    )


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        RELAY + 'pasword = "hunter2"',
        RELAY + "password = 2\nhunter2 = 2",
        RELAY + 'password = ["hunter2"]',
        '[relay]\nhost = "a"\npassword = "hunter2"',
        '[database]\nurl = "mysql://me:hunter2@db.example/x"',
        '[database]\nurl = ["postgresql://me:hunter2@db.example/x"]',
        '[[source]]\nname = "s"\nkind = "feed"\nurl = "htp://me:hunter2@a.example"',
        'relay = [ { password = "hunter2" }',
    ],
)
def test_a_secret_never_shows_in_a_fault(tmp_path: Path, text: str) -> None:
    shown = "\n".join(f"{fault.file} {fault.value} {fault.remedy}" for fault in faults(tmp_path, text))
    assert "hunter2" not in shown


def test_what_kubernetes_sets_for_a_service_of_our_name_is_no_fault(tmp_path: Path) -> None:
    variables = {
        "PUBLISHER_WEB_PORT": "tcp://10.0.0.7:80",
        "PUBLISHER_WEB_SERVICE_HOST": "10.0.0.7",
        "PUBLISHER_WEB_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    file = tmp_path / "p.toml"
    file.write_text(SOURCE)
    assert load(file, variables).web.port == 8080


# --- variables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PUBLISHER__MIAL__X", "1", 'PUBLISHER__MIAL__X: no such section; did you mean "mail"?'),
        ("PUBLISHER_WEB_PORT", "1", "PUBLISHER_WEB_PORT: write two underscores: PUBLISHER__WEB__PORT"),
        ("PUBLISHER_WEB__PORT", "1", "PUBLISHER_WEB__PORT: write two underscores: PUBLISHER__WEB__PORT"),
        (
            "publisher_relay_main_password_file",
            "x",
            "publisher_relay_main_password_file: write two underscores: PUBLISHER__RELAY__MAIN__PASSWORD_FILE",
        ),
        ("PUBLISHER__WEB__PROT", "1", 'PUBLISHER__WEB__PROT: unknown key; did you mean "port"?'),
        ("PUBLISHER__WEB__PORT", "x", 'PUBLISHER__WEB__PORT = "x": write a whole number'),
        ("PUBLISHER__WEB", "80", 'PUBLISHER__WEB = "80": write a table with keys, not a single value'),
        ("PUBLISHER__WEB", "{80", 'PUBLISHER__WEB = "{80": write a table with keys, not a single value'),
        (
            "PUBLISHER__RELAY__MIAN__HOST",
            "x",
            'PUBLISHER__RELAY__MIAN: no [[relay]] has this name; did you mean "main"?',
        ),
        (
            "PUBLISHER__RELAY__MAIN__PORT",
            "0",
            'PUBLISHER__RELAY__MAIN__PORT = "0": write a number of at least 1',
        ),
        (
            "PUBLISHER__RELAY__0__PASSWORD_FILE",
            "none",
            'PUBLISHER__RELAY__0__PASSWORD_FILE = "none": the file can\'t be read: No such file or directory',
        ),
    ],
)
def test_a_fault_of_a_variable_names_the_variable(tmp_path: Path, variable: str, value: str, expected: str) -> None:
    text = RELAY + 'name = "main"\n'
    assert only(tmp_path, text, **{variable: value}) == f"environment: {expected}"


def test_variables_of_other_programs_are_no_faults(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    load(tmp_path / "p.toml", {"PUBLISHER_SEED": "1", "PUBLISHER_REQUIRE_ALL": "1", "PUBLISHER_WEB": "", "X_WEB_A": ""})


def test_a_secret_in_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    shown = only(tmp_path, RELAY, PUBLISHER__RELAY__0__PASSWORD_FILE=str(tmp_path / "secret"))
    assert shown.endswith("the file is not UTF-8 text")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[feed]]\nslug = 'a'\ntitle = 'A'\n[feed.not]\ntag = ['x']", 4),
        ('[[feed]] # first\nslug = "a"\ntitle = "A"\n"limt" = 5', 4),
        ("feed = [ { slug = 'a', title = 'A', limt = 3 } ]", 0),
        ("[web]\n[site]\nport = 1", 3),
    ],
)
def test_the_line_of_a_key_is_found_where_it_can_be(tmp_path: Path, text: str, line: int) -> None:
    (fault,) = faults(tmp_path, text)
    assert fault.file == f"{tmp_path}/p.toml" + (f":{line}" if line else "")


@pytest.mark.parametrize("slug", ["港口", "हिन्दी", "v1.0", "晚间-新闻", "café", "cafe\u0301"])
def test_a_feed_s_slug_may_be_of_any_script(tmp_path: Path, slug: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(f'[[feed]]\nslug = "{slug}"\ntitle = "A"\n', encoding="utf-8")
    assert [feed.slug for feed in load(file, {}).feeds] == [unicodedata.normalize("NFC", slug)]


@pytest.mark.parametrize("slug", ["", "港 口", "-a", "a/b", "A", "a--b", "港" * 67, "a_", "☃", "\u200b"])
def test_a_feed_s_slug_stands_in_addresses(tmp_path: Path, slug: str) -> None:
    assert "it stands in addresses" in only(tmp_path, f'[[feed]]\nslug = "{slug}"\ntitle = "A"\n')
