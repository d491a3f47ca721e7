"""What servers mean when they refuse: replies as they are seen in the wild, and what each must be taken for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.delivery import Verdict
from publisher.errors import ConfigError
from publisher.mail.classify import Classifier, classify

DEAD, FULL, RATE = Verdict.ADDRESS_DEAD, Verdict.MAILBOX_FULL, Verdict.RATE
REPUTATION, AUTH, CONTENT, TEMPORARY = Verdict.REPUTATION, Verdict.AUTHENTICATION, Verdict.CONTENT, Verdict.TEMPORARY

REPLIES = [
    # Gmail
    (550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's "
          "email address for typos or unnecessary spaces. For more information, go to "
          "https://support.google.com/mail/?p=NoSuchUser a1-20020a05 - gsmtp", DEAD),
    (550, "5.2.1 The email account that you tried to reach is disabled. https://support.google.com/mail/?p=Disabled"
          "User - gsmtp", CONTENT),
    (550, "5.2.1 The email account that you tried to reach is inactive. gsmtp", CONTENT),
    (552, "5.2.2 The email account that you tried to reach is over quota. gsmtp", FULL),
    (452, "4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to "
          "https://support.google.com/mail/?p=OverQuotaTemp - gsmtp", FULL),
    (450, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages "
          "from being delivered. https://support.google.com/mail/?p=ReceivingRate - gsmtp", TEMPORARY),
    (550, "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages "
          "from being delivered. gsmtp", TEMPORARY),
    (421, "4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To "
          "protect our users from spam, mail sent from your IP address has been temporarily rate limited. gsmtp", RATE),
    (421, "4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your DKIM domain", RATE),
    (550, "5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam "
          "sent to Gmail, this message has been blocked. gsmtp", REPUTATION),
    (550, "5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to "
          "authenticate with either SPF or DKIM. gsmtp", AUTH),
    (550, "5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy. gsmtp", AUTH),
    (421, "4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned "
          "with either the authenticated SPF or DKIM organizational domain. gsmtp", AUTH),
    (550, "5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward "
          "DNS entry does not match the sending IP. gsmtp", AUTH),
    (552, "5.3.4 Your message exceeded Google's message size limits. gsmtp", CONTENT),
    (552, "5.7.0 This message was blocked because its content presents a potential security issue. gsmtp", CONTENT),
    (550, "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to "
          "https://support.google.com/a/answer/166852 gsmtp", RATE),
    (530, "5.7.0 Authentication Required. For more information, go to https://support.google.com gsmtp", AUTH),
    (535, "5.7.8 Username and Password not accepted. gsmtp", AUTH),
    # Microsoft
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302). "
          "[BN8NAM11FT064.eop-nam11.prod.protection.outlook.com]", CONTENT),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", DEAD),
    (550, "5.4.1 Recipient address rejected: Access denied. [DM6NAM10FT052.eop-nam10.prod.protection.outlook.com]",
     REPUTATION),
    (550, "5.7.515 Access denied, sending domain EXAMPLE.ORG does not meet the required authentication level. The "
          "sender's domain in the 5322.From address doesn't meet the authentication requirements", AUTH),
    (550, "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider "
          "since part of their network is on our block list (S3150).", REPUTATION),
    (451, "4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)", RATE),
    (550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", REPUTATION),
    (421, "RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed on this "
          "connection.", RATE),
    (554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
     FULL),
    (550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check "
          "failed because the sender was not authenticated", CONTENT),
    (452, "4.5.3 Too many recipients", RATE),
    (550, "5.7.509 Access denied, sending domain example.org does not pass DMARC verification", AUTH),
    # Yahoo
    (554, "delivery error: dd This user doesn't have a yahoo.com account (someone@yahoo.com) [0]", DEAD),
    (552, "1 Requested mail action aborted, mailbox not found", DEAD),
    (421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - "
          "4.16.55.1; see https://postmaster.yahooinc.com/error-codes", RATE),
    (553, "5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
     REPUTATION),
    (554, "5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", AUTH),
    # QQ
    (550, "Ip frequency limited [MIdRQd7rj0WmBnoQ]. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022", RATE),
    (550, "Domain frequency limited. http://service.mail.qq.com/cgi-bin/help?id=20022", RATE),
    (550, "Connection frequency limited http://service.mail.qq.com/cgi-bin/help?subtype=1", RATE),
    (550, "Sender frequency limited. http://service.mail.qq.com/cgi-bin/help", RATE),
    (550, "Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728", DEAD),
    (550, "Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022", CONTENT),
    (550, "Mail is rejected by recipients [xxx]. http://service.mail.qq.com/cgi-bin/help", CONTENT),
    (550, "Mailbox unavailable or access denied [x]. https://service.mail.qq.com/detail/122/92.", REPUTATION),
    (550, "SPF check failed. http://service.mail.qq.com/detail/122/72", AUTH),
    (550, "Suspected bounce attacks. http://service.mail.qq.com/", REPUTATION),
    (554, "Spam mail. http://service.mail.qq.com/", CONTENT),
    # 163 and 126
    (550, "MI:STC 163 smtp10,Dcowyt 1. http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1", RATE),
    (550, "RP:TRC 163 mx1 http://mail.163.com/help/help_spam_16.htm", RATE),
    (451, "MI:SFQ 163 smtp1 http://mail.163.com/help/help_spam_16.htm", RATE),
    (421, "HL:IFC 163 mx2 http://mail.163.com/help/help_spam_16.htm", RATE),
    (554, "DT:SPM 163 smtp4 http://mail.163.com/help/help_spam_16.htm", CONTENT),
    (550, "MI:SPF mx14 http://mail.163.com/help/help_spam_16.htm", AUTH),
    (550, "MI:DMA mx14 http://mail.163.com/help/help_spam_16.htm", AUTH),
    (554, "HL:IHU 163 mx http://mail.163.com/help/help_spam_16.htm", REPUTATION),
    (550, "User not found: someone@163.com", DEAD),
    (550, "Invalid User: someone@126.com", DEAD),
    (550, "User is over the quota: someone@163.com", FULL),
    (550, "User suspended: someone@163.com", CONTENT),
    (550, "User in blacklist", REPUTATION),
    (554, "IP<192.0.2.1> in blacklist", REPUTATION),
    # Postfix, Exim, Sendmail, Exchange, qmail
    (550, "5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in virtual mailbox table", DEAD),
    (550, "5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in local recipient table", DEAD),
    (450, "4.1.1 <nobody@example.net>: Recipient address rejected: unverified address: Address verification in "
          "progress", TEMPORARY),
    (450, "4.2.0 <someone@example.net>: Recipient address rejected: Greylisted, see http://pg.example", TEMPORARY),
    (454, "4.7.1 <someone@example.net>: Relay access denied", AUTH),
    (554, "5.7.1 <someone@example.net>: Relay access denied", AUTH),
    (554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
          "https://www.spamhaus.org/query/ip/192.0.2.1", REPUTATION),
    (550, "5.7.1 <news@example.org>: Sender address rejected: not owned by user me", AUTH),
    (450, "4.1.8 <news@example.org>: Sender address rejected: Domain not found", REPUTATION),
    (552, "5.2.2 <someone@example.net>: user is over quota", FULL),
    (452, "4.3.1 Insufficient system storage", TEMPORARY),
    (451, "4.3.0 <someone@example.net>: Temporary lookup failure", TEMPORARY),
    (550, "Unrouteable address", DEAD),
    (550, "No Such User Here", DEAD),
    (550, "no mailbox by that name is currently available", DEAD),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", REPUTATION),
    (511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)", DEAD),
    (554, "5.6.0 Message content rejected, id=12345-01 - spam", CONTENT),
    (554, "5.7.1 virus Eicar-Test-Signature detected", CONTENT),
    (550, "5.1.6 Recipient no longer on server", DEAD),
    (556, "5.1.10 Recipient address has null MX", DEAD),
    (550, "5.3.4 message size exceeds fixed limit", CONTENT),
    (530, "5.7.0 Must issue a STARTTLS command first", AUTH),
    (550, "5.7.1 Message rejected due to content restrictions", CONTENT),
    # Amazon SES, SendGrid and their like, as relays
    (554, "Message rejected: Email address is not verified. The following identities failed the check in region "
          "EU-WEST-1: news@example.org", AUTH),
    (454, "Throttling failure: Maximum sending rate exceeded.", RATE),
    (454, "Throttling failure: Daily message quota exceeded.", RATE),
    (550, "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is "
          "resolved.", AUTH),
    (550, "5.1.1 RCP-P2 http://postmaster.facebook.com/response_codes Refused due to recipient preferences", CONTENT),
    (550, "Bad SPF records for [example.org:192.0.2.2], see http://spf.pobox.com/", AUTH),
    (550, "5.1.1 <a@example.com> - 192.0.2.1 has sent to too many recipients this hour. IB607", RATE),
    (503, "5.0.0 Need RCPT (recipient)", CONTENT),
    # Words that name authentication without being about it
    (550, "5.7.1 spam; see https://example.net/help#spf-dkim-dmarc", CONTENT),
    (451, "DT:SPM 163 mx, please try again", TEMPORARY),
    (550, "Your host has no PTR record", REPUTATION),
    # Nothing to go by
    (550, "", CONTENT),
    (550, "Requested action not taken: mailbox unavailable", CONTENT),
    (554, "Transaction failed", CONTENT),
    (554, "5.0.0 no", CONTENT),
    (550, "5.7.1 no", REPUTATION),
    (451, "", TEMPORARY),
    (421, "4.3.2 Service not available, closing transmission channel", TEMPORARY),
    (552, "Requested mail action aborted", FULL),
    # 552 is the code of a full mailbox, and of a message that is too big
    (552, "5.3.4 message too big", CONTENT),
    (552, "Error: message file too big", CONTENT),
    (552, "Message exceeds maximum size", CONTENT),
    (552, "Message size exceeds fixed maximum message size", CONTENT),
    (552, "too much mail data", CONTENT),
    (552, "Requested mail action aborted: exceeded storage allocation", FULL),
    (552, "mailbox size limit exceeded", FULL),
    (552, "Message size exceeds mailbox quota", FULL),
    (550, "exceeded the daily message limit", RATE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "verdict"), REPLIES, ids=lambda value: str(value)[:50])
def test_reply(code: int, text: str, verdict: Verdict) -> None:
    assert classify(code, text, stage="rcpt") is verdict


LIVING = [
    (550, "5.1.1 <someone@example.net>: mailbox full"),
    (550, "5.1.1 Message rejected as spam"),
    (550, "5.1.1 <someone@example.net> Your IP 192.0.2.1 is on a blacklist; user unknown"),
    (550, "5.1.1 too many invalid recipients, slow down"),
    (550, "5.1.1 recipient rejected: SPF check failed"),
    (550, "5.1.1 User temporarily disabled"),
    (550, "5.1.1 sender rejected: access denied"),
    (550, "5.1.1 This account only accepts mail from its contacts"),
    (550, "User not found or message looks like spam"),
    (450, "4.1.1 User unknown"),
    (450, "User unknown"),
    (550, "4.1.1 User unknown"),
]


@pytest.mark.parametrize(("code", "text"), LIVING)
def test_address_that_may_be_alive_is_never_called_dead(code: int, text: str) -> None:
    assert classify(code, text) is not DEAD


def test_refused_sender_says_nothing_of_the_recipient() -> None:
    assert classify(550, "5.1.1 User unknown", stage="rcpt") is DEAD
    assert classify(550, "5.1.1 User unknown", stage="mail") is REPUTATION
    assert classify(550, "5.3.0 no", stage="mail") is CONTENT


def test_numbers_in_a_text_are_no_status_codes() -> None:
    assert classify(550, "blocked 192.5.1.1 by policy 15.1.1") is REPUTATION
    assert classify(550, "version 5.1.1.7 says no") is CONTENT


@given(st.integers(400, 599), st.text(max_size=600), st.sampled_from(["mail", "rcpt", "data", "dot"]))
def test_every_reply_means_something_and_a_4xx_is_never_a_dead_address(code: int, text: str, stage: str) -> None:
    verdict = classify(code, text, stage=stage)
    assert verdict not in (Verdict.SENT, Verdict.IN_DOUBT, Verdict.NOT_STARTED)
    if code < 500 or stage == "mail":
        assert verdict is not DEAD


def test_operators_table_replaces_the_shipped_one(tmp_path: Path) -> None:
    table = tmp_path / "replies.toml"
    table.write_text('[enhanced]\nrate = ["9.9"]\n[phrases]\ncontent = ["mauvais"]\n', "utf-8")
    own = Classifier.load(table)
    assert own.classify(550, "5.9.9 x", "rcpt") is RATE
    assert own.classify(550, "MAUVAIS contenu, user unknown", "rcpt") is CONTENT
    assert own.classify(450, "user unknown", "rcpt") is TEMPORARY


@pytest.mark.parametrize(
    "text",
    ["[phrases]\ncontent = ['(']", "[enhanced]\nnonsense = ['1.1']", "not toml", "enhanced = 3", "[phrases]\nrate = 3"],
)
def test_table_with_a_fault_is_one_clear_line(tmp_path: Path, text: str) -> None:
    table = tmp_path / "replies.toml"
    table.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="can't be used as a table of replies"):
        Classifier.load(table)
    with pytest.raises(ConfigError, match="No such file"):
        Classifier.load(tmp_path / "none.toml")
