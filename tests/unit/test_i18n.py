"""Translations: whole catalogues, right dates, English where there is nothing else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

import publisher.i18n
from publisher.i18n import CATALOGUES, translator
from publisher.templating import SUFFIX, shipped_templates

PACKAGE = Path(publisher.i18n.__file__).parent
EVENING = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def catalogue(folder: str) -> Catalog:
    with (PACKAGE / "locale" / folder / "LC_MESSAGES" / "publisher.po").open("rb") as file:
        return read_po(file)


def used_messages() -> Iterator[str]:
    """Every message in the templates and the code, in its singular form."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    for path in shipped_templates().rglob(f"*{SUFFIX}"):
        with path.open("rb") as file:
            options = {"trimmed": "true"}
            yield from (
                message if isinstance(message, str) else message[0]
                for _, message, _, _ in extract("jinja2.ext:babel_extract", file, keywords, options=options)
            )
    for path in PACKAGE.rglob("*.py"):
        with path.open("rb") as file:
            yield from (
                message if isinstance(message, str) else message[0]
                for _, message, _, _ in extract("python", file, keywords)
            )


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


FOLDERS = [folder for folder, _ in CATALOGUES.values()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_message_in_use_is_translated(folder: str) -> None:
    translated = {
        (message.id if isinstance(message.id, str) else message.id[0])
        for message in catalogue(folder)
        if message.id and all(forms(message)) and not message.fuzzy
    }
    assert set(used_messages()) - translated == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_translations_use_no_value_that_the_message_does_not_have(folder: str) -> None:
    extra = {"%(title)s and %(number)s more": {"%(total)s"}}
    for message in catalogue(folder):
        ids = (message.id,) if isinstance(message.id, str) else message.id
        known = set(re.findall(r"%\(\w+\)s", " ".join(ids))) | extra.get(ids[0], set())
        for form in forms(message):
            assert set(re.findall(r"%\(\w+\)s|%(?!\()", form)) <= known if message.id else True, form


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("en", "en"),
        ("en-GB", "en-GB"),
        ("en_US", "en-US"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("zh_Hans_CN", "zh-CN"),
        ("ZH-cn", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("fr", "en"),
        ("", "en"),
        ('en-"><b>', "en"),
    ],
)
def test_a_language_is_spoken_by_its_prefix_else_english(language: str, tag: str) -> None:
    speaks = translator(language)
    assert speaks.tag == tag
    assert speaks.gettext("Unsubscribe") == ("退订" if tag == "zh-CN" else "Unsubscribe")


def test_plurals_follow_the_number() -> None:
    singular, plural = "%(number)s article", "%(number)s articles"
    assert [translator("en").ngettext(singular, plural, n) for n in (1, 2)] == ["1 article", "2 articles"]
    assert [translator("zh").ngettext(singular, plural, n) for n in (1, 2)] == ["1 篇文章", "2 篇文章"]


def test_values_are_filled_in_and_may_hold_percent_signs() -> None:
    sentence = "You get this mail because %(address)s is subscribed to %(newsletter)s."
    said = translator("zh").gettext(sentence, address="100%s@example.com", newsletter="日报")
    assert said == "您收到这封邮件，是因为 100%s@example.com 订阅了《日报》。"


@pytest.mark.parametrize(
    ("language", "width", "written"),
    [
        ("zh-CN", "long", "2026年11月25日"),
        ("zh-CN", "medium", "2026年11月25日"),
        ("zh-CN", "full", "2026年11月25日星期三"),
        ("en", "long", "November 25, 2026"),
        ("en-GB", "long", "25 November 2026"),
        ("en", "full", "Wednesday, November 25, 2026"),
    ],
)
def test_dates_are_written_in_the_language_and_the_zone(language: str, width: str, written: str) -> None:
    assert translator(language).date(EVENING, SHANGHAI, width) == written  # type: ignore[arg-type]


def test_times_are_written_in_the_zone() -> None:
    assert translator("zh").time(EVENING, SHANGHAI) == "01:30"
    assert translator("en-GB").time(EVENING, ZoneInfo("UTC")) == "17:30"
