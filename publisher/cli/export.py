"""`publisher feed export`: the public site as files that any web server serves."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import publisher
from publisher.app import Application, build_engine
from publisher.cli.console import Advance, inform, progress, show_json, show_table
from publisher.cli.context import now, opened, opened_as_runner, settings_of
from publisher.cli.steps import fail_if_failed
from publisher.errors import BusyError
from publisher.feeds.pages import HtmlPages
from publisher.pipeline.export import Exporter, ExportReport, choose_slugs
from publisher.pipeline.ports import Page, Written
from publisher.pipeline.wording import counted
from publisher.settings import Settings
from publisher.storage.site_folder import site_folder
from publisher.web.app import STATIC
from publisher.web.page import Pages
from publisher.web.pages import Collector, still_pages

NAMES = 200
"""How many tags have files unless told otherwise, and as many authors and languages."""


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.", show_default=False)],
    names: Annotated[
        int, typer.Option("--names", min=0, help="Tags, authors and languages with feeds, of each those used most.")
    ] = NAMES,
    into_existing: Annotated[
        bool, typer.Option("--into-existing", help="DIR may have other files: they are left alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """Write the public site as files: feeds with their archives, pages, images, OPML and sitemap.

    Again into the same DIR it writes what changed and removes what is gone. Search, images in mails and unsubscribing
    need `publisher run`. Example: publisher feed export /srv/www/news
    """
    settings = settings_of(context)
    _publish(settings)
    with (
        opened(settings) as application,
        site_folder(folder, now, into_existing=into_existing) as files,
        progress() as advance,
    ):
        report = _exporter(application, names, advance).export(files)
    _show(report, as_json=as_json)


def _publish(settings: Settings) -> None:
    """Bring the stored documents up to date; where a runner is at work it does that."""
    stop = threading.Event()
    try:
        with opened_as_runner(settings, stop) as application:
            lines = build_engine(application, stop, lambda step, done, total: None).run("publish")
    except BusyError:
        return
    fail_if_failed({"publish": lines})


def _exporter(application: Application, names: int, advance: Advance) -> Exporter:
    settings = application.settings
    slugs = choose_slugs(application.storage, names)
    listed = frozenset(slugs.shown)
    writer = HtmlPages(application.templates, settings.site, searchable=False, has_list=listed.__contains__)
    return Exporter(
        storage=application.storage,
        feeds=application.feeds,
        pages=replace(application.pages, writer=writer),
        images=application.images.files,
        still=_still(application),
        slugs=slugs,
        program=_program(application),
        tell=advance,
    )


def _program(application: Application) -> str:
    """What says how pages are written: this program, and the templates."""
    code = max(file.stat().st_mtime_ns for file in Path(publisher.__file__).parent.rglob("*.py"))
    return f"{publisher.__version__} {code} {application.templates.digest()}"


def _still(application: Application) -> Mapping[str, Page]:
    """Style sheets, and after them the pages that no article is on."""
    settings = application.settings
    pages = Pages(application.templates, settings.site, searchable=False)
    styles = {f"/static/{file.name}": Page(body=file.read_bytes()) for file in sorted(STATIC.iterdir())}
    collector = Collector(settings.fetch.user_agent, settings.fetch.contact)
    return {**styles, **still_pages(application.storage, pages, collector)}


def _show(report: ExportReport, *, as_json: bool) -> None:
    if as_json:
        files = {kind: {each.value: counts[each] for each in Written} for kind, counts in report.written.items()}
        show_json({"files": files, "removed": report.removed, "left_out": report.left_out})
        return
    rows = [(kind, *(counts[each] for each in Written)) for kind, counts in report.written.items()]
    rows.append(("in all", *(sum(counts[each] for counts in report.written.values()) for each in Written)))
    show_table(("files", *(each.value for each in Written)), rows)
    if report.removed:
        inform(f"{counted(report.removed, 'file')} removed: no longer published.")
    if report.left_out:
        feeds = counted(len(report.left_out), "feed")
        inform(f"{feeds} left out, whose names can't be those of files; the first: {report.left_out[0]!r}")
