"""One file and some variables become values, with paths absolute and secrets out of sight."""

import uuid
from datetime import time, timedelta
from pathlib import Path

import pytest

from publisher.domain.newsletter import Mailbox
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, SourceKind
from publisher.errors import UsageError
from publisher.pipeline.image_keeper import ImagesConfig
from publisher.settings import ExampleConfig, Settings, load, until_restart

WHOLE = """
[site]
title = "Harbour News"
base_url = "https://news.example.org/"
timezone = "Asia/Shanghai"
first_digest = true

[database]
url = "sqlite:///../var/publisher.db"

[mail]
transport = "smtp"

[[relay]]
name = "main"
host = "mail.example.org"
tls = "implicit"
user = "news"
password = "swordfish"
in_doubt = "hold"

[fetch]
allow_private = ["127.0.0.1:8081"]
contact = "https://news.example.org/about"
spacing = 0

[images]
folder = "../var/pictures"
probe = false
megabytes = 5

[example]

[[source]]
name = "blog"
kind = "listing"
url = "https://blog.example.org/"
interval = "1h30m"
rights = "own"
selectors = { item = "article" }

[[source]]
name = "notes"
kind = "folder"
path = "notes"
timezone = "UTC"

[[feed]]
slug = "harbour"
title = "Harbour"
sources = ["blog"]
tags = ["harbour", "港口"]
not = { words = ["advertisement"], tags = ["old"] }
age = 30

[[newsletter]]
slug = "weekly"
title = "The week"
from = "Harbour News <news@example.org>"
cadences = ["immediate", "mon, thu"]
hour = "07:30"
languages = ["zh"]
locales = ["zh-CN"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "config" / "notes").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "example").mkdir(exist_ok=True)
    file = folder / "config" / "publisher.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    return load(write(tmp_path, WHOLE), {})


def test_an_empty_file_has_a_meaning_for_every_key(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), {})
    assert settings.site.base_url == "http://127.0.0.1:8080"
    assert settings.mail.transport == "outbox"
    assert settings.mail.outbox == tmp_path / "config" / "var" / "outbox"
    assert settings.database == f"sqlite:///{tmp_path}/config/var/publisher.db"
    assert settings.example is None
    assert settings.sources == settings.feeds == settings.newsletters == ()


def test_paths_are_relative_to_the_file(whole: Settings, tmp_path: Path) -> None:
    assert whole.database == f"sqlite:///{tmp_path}/var/publisher.db"
    assert whole.sources[1].url == str(tmp_path / "config" / "notes")
    assert whole.file == tmp_path / "config" / "publisher.toml"


def test_the_site_and_its_fetching(whole: Settings) -> None:
    assert whole.site.base_url == "https://news.example.org"
    assert whole.first_digest
    assert whole.fetch.allow_private == ("127.0.0.1:8081",)
    assert whole.fetch.spacing == timedelta(0)
    assert whole.example == ExampleConfig(8081, whole.file.parent / "example")


def test_its_images(whole: Settings) -> None:
    assert whole.image_folder == whole.file.parent.parent / "var" / "pictures"
    assert whole.images == ImagesConfig(probe=False, copy=True, budget=100, limit=5_000_000)


def test_a_source_takes_the_zone_of_the_site_unless_it_has_its_own(whole: Settings) -> None:
    blog, notes = whole.sources
    assert (blog.timezone, notes.timezone) == ("Asia/Shanghai", "UTC")
    assert blog.interval == timedelta(minutes=90)
    assert (blog.kind, blog.rights) == (SourceKind.LISTING, Rights.OWN)
    assert notes.rights is Rights.QUOTE


def test_a_selection_has_its_opposite_and_an_age(whole: Settings) -> None:
    assert whole.feeds[0].selection == Selection(
        sources=Terms(("blog",)),
        tags=Terms(("harbour", "港口"), ("old",)),
        words=Terms((), ("advertisement",)),
        age=timedelta(days=30),
    )


def test_a_newsletter_chooses_by_languages_and_speaks_by_locales(whole: Settings) -> None:
    (weekly,) = whole.newsletters
    assert weekly.sender == Mailbox("news@example.org", "Harbour News")
    assert [str(cadence) for cadence in weekly.cadences] == ["immediate", "mon,thu"]
    assert weekly.hour == time(7, 30)
    assert weekly.selection.languages == Terms(("zh",))
    assert weekly.languages == ("zh-CN",)
    assert weekly.timezone == "Asia/Shanghai"


def test_a_relay_takes_the_port_of_its_encryption(whole: Settings) -> None:
    (relay,) = whole.mail.relays
    assert (relay.host, relay.port, relay.user, relay.password) == ("mail.example.org", 465, "news", "swordfish")
    assert relay.in_doubt == "hold"


def test_the_site_s_address_is_written_as_a_uri_everywhere(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[site]\nbase_url = "https://新闻.example/新闻/"\n'), {})
    assert settings.site.base_url == "https://xn--efvy88h.example/%E6%96%B0%E9%97%BB"


def test_a_feed_that_went_back_to_a_name_keeps_its_id(tmp_path: Path) -> None:
    before, after = (
        load(write(tmp_path, f'[[feed]]\nslug = "{slug}"\ntitle = "x"\nprevious_slugs = {names}\n'), {}).feeds[0]
        for slug, names in (("haven", '["harbour"]'), ("harbour", '["harbour", "haven"]'))
    )
    assert before.id(uuid.UUID(int=0)) == after.id(uuid.UUID(int=0))


def test_secrets_do_not_show_in_the_settings(tmp_path: Path) -> None:
    settings = load(write(tmp_path, WHOLE), {"PUBLISHER__DATABASE__URL": "postgresql://me:geheim@db.example/p"})
    assert settings.database == "postgresql://me:geheim@db.example/p"
    assert "swordfish" not in repr(settings)
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:81"), ("::1", "http://[::1]:81")])
def test_the_address_follows_the_web_server_when_none_is_given(tmp_path: Path, host: str, url: str) -> None:
    settings = load(write(tmp_path, f'[web]\nhost = "{host}"\nport = 81'), {})
    assert settings.site.base_url == url


# --- variables ---------------------------------------------------------------------------------------------------


def test_a_variable_is_laid_over_the_file(tmp_path: Path) -> None:
    variables = {
        "PUBLISHER__SITE__TITLE": "2026",
        "PUBLISHER__WEB__PORT": "9000",
        "publisher__site__first_digest": "false",
        "PUBLISHER__FETCH__ALLOW_PRIVATE": "127.0.0.1:1, 127.0.0.1:2",
        "PUBLISHER__NEWSLETTER__0__CADENCES": '["daily"]',
        "PUBLISHER__NEWSLETTER__0__FROM": "Other <other@example.org>",
        "PUBLISHER__SOURCE__1__TAGS": "one,two",
        "PUBLISHER_CORPUS": "is no key of ours",
    }
    settings = load(write(tmp_path, WHOLE), variables)
    assert settings.site.title == "2026"
    assert settings.web.port == 9000
    assert not settings.first_digest
    assert settings.fetch.allow_private == ("127.0.0.1:1", "127.0.0.1:2")
    assert [str(cadence) for cadence in settings.newsletters[0].cadences] == ["daily"]
    assert settings.newsletters[0].sender == Mailbox("other@example.org", "Other")
    assert settings.sources[1].tags == ("one", "two")
    assert settings.sources[1].name == "notes"


def test_a_table_of_a_list_is_named_by_number_or_by_name(tmp_path: Path) -> None:
    variables = {"PUBLISHER__RELAY__0__USER": "first", "PUBLISHER__RELAY__MAIN__HOST": "other.example.org"}
    (relay,) = load(write(tmp_path, WHOLE), variables).mail.relays
    assert (relay.user, relay.host) == ("first", "other.example.org")


def test_a_whole_table_may_come_as_json(tmp_path: Path) -> None:
    variables = {
        "PUBLISHER__WEB": '{"port": 81}',
        "PUBLISHER__RELAY": '[{"host": "json.example.org", "tls": "none"}]',
        "PUBLISHER__SOURCE__0__SELECTORS": '{"item": "li"}',
    }
    settings = load(write(tmp_path, WHOLE), variables)
    assert settings.web.port == 81
    assert settings.mail.relays[0].host == "json.example.org"
    assert settings.sources[0].selectors == {"item": "li"}


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    text = WHOLE.replace('password = "swordfish"', f'password_file = "{secret}"')
    assert load(write(tmp_path, text), {}).mail.relays[0].password == "from a file"

    (tmp_path / "other").write_text("from a variable's file")
    variables = {"PUBLISHER__RELAY__MAIN__PASSWORD_FILE": str(tmp_path / "other")}
    assert load(write(tmp_path, text), variables).mail.relays[0].password == "from a variable's file"

    (tmp_path / "url").write_text("postgresql://me:geheim@db.example/p\n")
    settings = load(write(tmp_path, text), {"PUBLISHER__DATABASE__URL_FILE": str(tmp_path / "url")})
    assert settings.database == "postgresql://me:geheim@db.example/p"


def test_the_looks_of_the_operator_are_known(tmp_path: Path) -> None:
    look = tmp_path / "config" / "own" / "digest" / "plain"
    look.mkdir(parents=True)
    (look / "subject.txt.jinja").write_text("x")
    text = WHOLE.replace('hour = "07:30"', 'template = "plain"').replace("[site]", '[site]\ntemplates = "own"')
    settings = load(write(tmp_path, text), {})
    assert settings.newsletters[0].template == "plain"
    assert settings.templates == tmp_path / "config" / "own"


# --- a process that runs ------------------------------------------------------------------------------------------


def test_a_running_process_keeps_its_listeners_and_its_database(tmp_path: Path) -> None:
    running = load(write(tmp_path, "[web]\nport = 81"), {})
    changed = '[web]\nport = 82\n[site]\ntitle = "New"\n[database]\nurl = "sqlite:///x"\n[example]\n'
    kept = until_restart(load(write(tmp_path, changed), {}), running)
    assert (kept.web, kept.database, kept.example) == (running.web, running.database, None)
    assert kept.site.title == "New"
    assert kept.site.base_url == "http://127.0.0.1:81"


# --- files that can't be read -------------------------------------------------------------------------------------


def test_a_missing_file_is_one_line_that_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: there is no such file; `publisher init` writes one"):
        load(tmp_path / "none.toml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: Is a directory"):
        load(tmp_path, {})


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes('[site]\ntitle = "港口"'.encode("gb18030"))
    with pytest.raises(UsageError, match="is not UTF-8"):
        load(tmp_path / "p.toml", {})


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes('\ufeff[site]\ntitle = "港口"'.encode())
    assert load(tmp_path / "p.toml", {}).site.title == "港口"


def test_a_source_without_a_zone_takes_that_of_its_language_then_the_sites(tmp_path: Path) -> None:
    text = '[site]\ntimezone = "Europe/Madrid"\n'
    for name, more in (("zh", 'language = "zh-CN"'), ("es", 'language = "es"'), ("set", 'timezone = "Asia/Tokyo"')):
        text += f'[[source]]\nname = "{name}"\nkind = "feed"\nurl = "https://{name}.example/"\n{more}\n'
    zones = {source.name: source.timezone for source in load(write(tmp_path, text), {}).sources}
    assert zones == {"zh": "Asia/Shanghai", "es": "Europe/Madrid", "set": "Asia/Tokyo"}
