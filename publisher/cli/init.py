"""`publisher init`: a configuration to begin with, in the current folder."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

import publisher
from publisher.cli.console import complain, say
from publisher.cli.context import opened
from publisher.domain import toml
from publisher.domain.subscription import ConsentKind
from publisher.errors import UsageError
from publisher.pipeline.ports import SubscribeRequest
from publisher.settings import load
from publisher.settings.checks import is_css
from publisher.settings.values import check_line, check_url, parse_address

FILE = Path("publisher.toml")
EXAMPLE = Path("example")

OWN_SITE = """\
# Every key: publisher check tells which ones there are, and the shipped config/publisher.toml explains them.
[site]
title = {title}
timezone = "UTC"                # of dates without a zone, and of the hours of newsletters
# base_url = "https://news.example.org"  # where readers reach this program; links in mail and feeds begin with it
first_digest = true             # the first round mails the newest articles, to show what a digest looks like

[database]
url = "sqlite:///var/publisher.db"

[web]
host = "127.0.0.1"
port = 8080

[mail]
transport = "outbox"            # mail becomes files in var/outbox; "smtp" sends it through a [[relay]]
outbox = "var/outbox"

[[source]]
name = "site"
kind = {kind:<24} # "feed"; "listing": a page with links; or "folder": files
url = {url}
{selectors}rights = "quote"                # title, link and a short summary; "own" for what is yours

[[feed]]
slug = "news"
title = {title}

[[newsletter]]
slug = "daily"
title = {title}
from = "News <news@example.org>"  # an address of a domain of your own, before mail leaves by smtp
cadences = ["immediate", "daily", "weekly"]
hour = 7
"""


SELECTORS = """\
# Which elements of the page are what, as CSS selectors. Only item is needed: the element around each article's link;
# link, title, date, summary, author and tags are sought inside it. `publisher source try site` shows what they find.
selectors = {{ item = {css} }}
"""
ANY_ITEM = "article"
"""What holds an item on many pages."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing and take the example site.")] = False,
) -> None:
    """Write publisher.toml into the current folder, with the example site or a site of your own.

    Then `publisher run` collects, publishes, and delivers into an outbox; no mail leaves before you say so.
    """
    if FILE.exists():
        raise UsageError(f"{FILE} is here already: change it, or begin in an empty folder")
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody is here to answer questions: `publisher init --yes` takes the example site")
    title = url = address = css = selectors = ""
    kind = "feed"
    if not yes:
        title = _ask("The title of your site", "News", check_line)
        kind = _ask(
            "Is there a feed (RSS, Atom, JSON), or only a page with links to articles? feed or page",
            "feed",
            _check_kind,
        )
        what = "a feed" if kind == "feed" else "a page"
        url = _ask(f"The address of {what} to read (empty for the example site)", "", check_url)
        if url and kind == "page":
            css = _ask("The CSS selector of each of its items (empty to choose it later)", "", _check_css)
            selectors = SELECTORS.format(css=toml.written(css or ANY_ITEM))
        address = _ask("Your e-mail address, to see digests in the outbox (empty for none)", "", parse_address)
    try:
        written = _own(title, kind, url, selectors) if url else _example(title)
    except OSError as error:
        raise UsageError(f"{error.filename or FILE}: can't be written: {error.strerror}") from None
    if address:
        _subscribe(address)
    for file in written:
        say(f"wrote {file}")
    if selectors and not css:
        say(f'{FILE}: look at `selectors`: "{ANY_ITEM}" is a guess; `publisher source try site` shows what it finds.')
    say("Next: `publisher run`, or `publisher check` once you changed something. Mail lies in var/outbox.")


def shipped_config() -> Path:
    """The configuration that comes with the program: inside the package in a wheel, else the checkout's folder."""
    package = Path(publisher.__file__).parent
    packaged = package / "config"
    return packaged if packaged.is_dir() else package.parent / "config"


def _example(title: str) -> list[Path]:
    """The shipped configuration and its example site; its paths then begin here."""
    text = (shipped_config() / "publisher.toml").read_text(encoding="utf-8").replace("../var/", "var/")
    if title:
        # The first title in the file is the site's.
        text = re.sub(r"(?m)^title = .*$", lambda _: f"title = {toml.written(title)}", text, count=1)
    shutil.copytree(shipped_config() / "example", EXAMPLE, dirs_exist_ok=True)
    FILE.write_text(text, encoding="utf-8")
    return [FILE, EXAMPLE]


def _own(title: str, kind: str, url: str, selectors: str) -> list[Path]:
    text = OWN_SITE.format(
        title=toml.written(title),
        kind=toml.written("listing" if kind == "page" else "feed"),
        url=toml.written(url),
        selectors=selectors,
    )
    FILE.write_text(text, encoding="utf-8")
    return [FILE]


def _check_kind(text: str) -> str:
    if text.lower() not in ("feed", "page"):
        raise ValueError("write feed or page")
    return text.lower()


def _check_css(text: str) -> str:
    if not is_css(text):
        raise ValueError('no valid CSS selector; write one such as "article.story" or "ul.news li"')
    return text


def _ask(question: str, default: str, check: Callable[[str], str]) -> str:
    while True:
        answer: str = typer.prompt(question, default=default, show_default=bool(default)).strip()
        if not answer:
            return ""
        try:
            return check(answer)
        except ValueError as error:
            complain(str(error))


def _subscribe(address: str) -> None:
    """Subscribe who answered to the first newsletter."""
    settings = load(FILE, os.environ)
    with opened(settings) as application:
        with application.storage.read() as work:
            newsletter = work.newsletters.all()[0]
        application.subscribing.subscribe(
            SubscribeRequest(
                address=address,
                newsletter_id=newsletter.id,
                language=settings.site.language or "en",
                timezone=newsletter.timezone,
                cadence=newsletter.cadences[0].name,
                confirmed=True,
                kind=ConsentKind.ADDED,
                evidence="publisher init",
            )
        )
