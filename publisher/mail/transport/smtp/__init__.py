"""SMTP: the protocol without sockets, and the sessions that speak it to a relay."""

from publisher.mail.transport.smtp.session import SmtpSession, SmtpTransport

__all__ = ["SmtpSession", "SmtpTransport"]
