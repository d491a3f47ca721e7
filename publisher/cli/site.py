"""The web application of one configuration, as `publisher run` and `publisher web` serve it."""

from starlette.types import ASGIApp

from publisher.app import Application
from publisher.domain.token import sign
from publisher.web.api import Pushing
from publisher.web.app import Services, build_web
from publisher.web.outbox import Outbox
from publisher.web.pages import Collector


def site_of(application: Application) -> ASGIApp:
    """Pages, feeds and the ways in."""
    settings = application.settings
    services = Services(
        application.subscribing,
        application.feeds.implied,
        Collector(settings.fetch.user_agent, settings.fetch.contact),
        Pushing(application.receiver, application.clock, settings.push_tokens),
        application.hubs,
        application.images.files,
        application.feeds,
    )
    return build_web(application.storage, application.templates, settings.site, services, outbox_of(application))


def outbox_of(application: Application) -> Outbox | None:
    """The outbox page, which is there only while mail goes to the outbox. Its token stays the same."""
    mail = application.settings.mail
    if mail.transport != "outbox":
        return None
    with application.storage.read() as work:
        return Outbox(mail.outbox, sign(work.meta.keyring(), "outbox", 0))
