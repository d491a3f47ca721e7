"""Sessions against a real server that misbehaves on demand."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.delivery import Outcome, OutgoingMessage, Relay, Verdict
from publisher.errors import TransportError
from publisher.mail.transport.smtp import SmtpTransport
from publisher.mail.transport.smtp.session import DOT_LIMIT, SmtpSession
from tests.smtp_server import Behaviour, SmtpServer

SENT, DOUBT, NOT_STARTED, TEMPORARY = Verdict.SENT, Verdict.IN_DOUBT, Verdict.NOT_STARTED, Verdict.TEMPORARY

PATIENT = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def patient_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a server's thread may have to wait for the machine before it hears QUIT."""
    monkeypatch.setattr("publisher.mail.transport.smtp.session.QUIT_LIMIT", PATIENT)


def messages(*numbers: int, data: bytes = b"") -> Iterator[OutgoingMessage]:
    for number in numbers:
        head = f"Message-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\n".encode()
        yield OutgoingMessage(
            number,
            f"<{number}@example.org>",
            f"news+{number}@example.org",
            f"r{number}@example.net",
            head + (data or b"hello\r\n.\r\n..dots\r\n"),
        )


def relay(server: SmtpServer, **more: object) -> Relay:
    return replace(Relay(host="localhost", port=server.port, timeout=PATIENT), **more)  # type: ignore[arg-type]


def send(server: SmtpServer, batch: Iterable[OutgoingMessage], **more: object) -> list[tuple[int, Verdict]]:
    session = SmtpTransport(relay(server, **more), local_hostname="client.example").session()
    try:
        return verdicts(session.send(iter(batch)))
    finally:
        session.close()


def verdicts(outcomes: Iterable[Outcome]) -> list[tuple[int, Verdict]]:
    return [(outcome.delivery_id, outcome.verdict) for outcome in outcomes]


def received(server: SmtpServer) -> list[int]:
    return [int(message.message_id.strip("<").partition("@")[0]) for message in server.accepted]


# --- what goes well


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("dribble", [True, False])
def test_messages_arrive_whole_and_in_order(pipelining: bool, dribble: bool) -> None:
    batch = list(messages(1, 2, 3))
    with SmtpServer(Behaviour(pipelining=pipelining, dribble=dribble)) as server:
        assert send(server, batch) == [(1, SENT), (2, SENT), (3, SENT)]
    assert [message.data for message in server.accepted] == [message.data for message in batch]
    assert [message.sender for message in server.accepted] == [message.envelope_from for message in batch]
    assert [message.recipient for message in server.accepted] == [message.envelope_to for message in batch]
    assert server.commands[-1] == b"QUIT"


def test_large_message_arrives_whole() -> None:
    batch = list(messages(1, 2, data=b"".join(b".%d " % line + b"x" * 60 + b"\r\n" for line in range(120_000))))
    with SmtpServer() as server:
        assert send(server, batch) == [(1, SENT), (2, SENT)]
    assert [message.data for message in server.accepted] == [message.data for message in batch]


def test_one_session_takes_several_windows() -> None:
    with SmtpServer() as server:
        session = SmtpTransport(relay(server)).session()
        assert verdicts(session.send(messages(1, 2))) == [(1, SENT), (2, SENT)]
        assert verdicts(session.send(messages())) == []
        assert verdicts(session.send(messages(3))) == [(3, SENT)]
        session.close()
        assert server.connections == 1
    assert received(server) == [1, 2, 3]


@pytest.mark.parametrize("pipelining", [True, False])
def test_next_dot_waits_until_the_outcome_before_was_taken(pipelining: bool) -> None:
    taken: list[int] = []

    def watched() -> Iterator[OutgoingMessage]:
        for message in messages(1, 2, 3):
            taken.append(message.delivery_id)
            yield message

    with SmtpServer(Behaviour(pipelining=pipelining)) as server:
        session = SmtpTransport(relay(server)).session()
        outcomes = session.send(watched())
        assert next(outcomes).delivery_id == 1
        time.sleep(0.05)
        assert received(server) == [1]
        assert taken == ([1, 2] if pipelining else [1])
        assert next(outcomes).delivery_id == 2
        time.sleep(0.05)
        assert received(server) == [1, 2]
        assert verdicts(outcomes) == [(3, SENT)]
        session.close()


def test_end_of_the_iterator_finishes_what_was_begun() -> None:
    with SmtpServer(Behaviour(delay=0.1)) as server:
        assert send(server, messages(1, 2)) == [(1, SENT), (2, SENT)]
    assert received(server) == [1, 2]


def test_each_body_and_the_next_envelope_leave_together() -> None:
    with SmtpServer() as server:
        send(server, messages(1, 2))
    assert server.commands == [
        b"ehlo client.example",
        b"MAIL FROM:<news+1@example.org>",
        b"RCPT TO:<r1@example.net>",
        b"DATA",
        b"MAIL FROM:<news+2@example.org>",
        b"RCPT TO:<r2@example.net>",
        b"DATA",
        b"QUIT",
    ]


# --- what goes wrong


@dataclass(frozen=True)
class Fault:
    behaviour: Behaviour
    outcomes: list[tuple[int, Verdict]]
    received: list[int]


FAULTS = {
    "hung up after the dot, message taken": Fault(
        Behaviour(drop_at="dot", drop_message=2), [(1, SENT), (2, DOUBT), (3, NOT_STARTED)], [1, 2]
    ),
    "hung up after the dot, message not taken": Fault(
        Behaviour(drop_at="dot", drop_message=2, drop_takes=False), [(1, SENT), (2, DOUBT), (3, NOT_STARTED)], [1]
    ),
    "hung up after the dot, one command at a time": Fault(
        Behaviour(pipelining=False, drop_at="dot", drop_message=2), [(1, SENT), (2, DOUBT)], [1, 2]
    ),
    "hung up at the second MAIL": Fault(Behaviour(drop_at="mail", drop_message=2), [(1, SENT), (2, NOT_STARTED)], [1]),
    "hung up at the first MAIL": Fault(Behaviour(drop_at="mail", drop_message=1), [(1, TEMPORARY)], []),
    "hung up at RCPT": Fault(Behaviour(drop_at="rcpt", drop_message=2), [(1, SENT), (2, TEMPORARY)], [1]),
    "hung up at DATA": Fault(Behaviour(drop_at="data", drop_message=1), [(1, TEMPORARY)], []),
    "hung up after each message": Fault(Behaviour(hang_up_after=1), [(1, SENT), (2, NOT_STARTED)], [1]),
    "421 to a dot": Fault(Behaviour(limit_at=2), [(1, SENT), (2, TEMPORARY), (3, NOT_STARTED)], [1]),
    "421 to MAIL": Fault(Behaviour(limit_at=2, limit_stage="mail"), [(1, SENT), (2, Verdict.RATE)], [1]),
    "no such user": Fault(
        Behaviour(replies={("rcpt", "r2@example.net"): b"550 5.1.1 no such user"}),
        [(1, SENT), (2, Verdict.ADDRESS_DEAD), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "no such user, one command at a time": Fault(
        Behaviour(pipelining=False, replies={("rcpt", "r2@example.net"): b"550 5.1.1 no such user"}),
        [(1, SENT), (2, Verdict.ADDRESS_DEAD), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "no such user and 354 all the same": Fault(
        Behaviour(data_anyway=True, replies={("rcpt", "r2@example.net"): b"550 5.1.1 no such user"}),
        [(1, SENT), (2, Verdict.ADDRESS_DEAD), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "the last recipient refused and 354 all the same": Fault(
        Behaviour(data_anyway=True, replies={("rcpt", "r4@example.net"): b"452 4.2.2 mailbox full"}),
        [(1, SENT), (2, SENT), (3, SENT), (4, Verdict.MAILBOX_FULL)],
        [1, 2, 3],
    ),
    "later, please": Fault(
        Behaviour(replies={("rcpt", "r1@example.net"): b"451 4.3.0 not now"}),
        [(1, TEMPORARY), (2, SENT), (3, SENT), (4, SENT)],
        [2, 3, 4],
    ),
    "sender refused": Fault(
        Behaviour(replies={("mail", "news+2@example.org"): b"550 5.7.1 sender rejected"}),
        [(1, SENT), (2, Verdict.REPUTATION), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "DATA refused": Fault(
        Behaviour(replies={("data", "r2@example.net"): b"451 4.3.1 no room"}),
        [(1, SENT), (2, TEMPORARY), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "content refused": Fault(
        Behaviour(replies={("dot", "r2@example.net"): b"550-5.7.1 looks\r\n550 5.7.1 like spam"}),
        [(1, SENT), (2, Verdict.CONTENT), (3, SENT), (4, SENT)],
        [1, 3, 4],
    ),
    "DMARC": Fault(
        Behaviour(replies={("dot", "*"): b"550 5.7.26 unauthenticated"}),
        [(number, Verdict.AUTHENTICATION) for number in (1, 2, 3, 4)],
        [],
    ),
    "half a reply to the dot": Fault(
        Behaviour(replies={("dot", "r1@example.net"): b"250-2.0.0 taken\r\nyes"}),
        [(1, DOUBT), (2, NOT_STARTED)],
        [1],
    ),
    "garbage": Fault(Behaviour(replies={("rcpt", "r1@example.net"): b"\xff\x00"}), [(1, TEMPORARY)], []),
    "endless line": Fault(Behaviour(replies={("rcpt", "r1@example.net"): b"250 " + b"x" * 9999}), [(1, TEMPORARY)], []),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_fault(fault: Fault) -> None:
    with SmtpServer(fault.behaviour) as server:
        assert send(server, messages(1, 2, 3, 4)) == fault.outcomes
    assert received(server) == fault.received


@given(
    stage=st.sampled_from(["mail", "rcpt", "data", "body", "dot", "limit"]),
    number=st.integers(1, 6),
    takes=st.booleans(),
    pipelining=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_breaks_nothing_is_lost_and_only_doubts_come_twice(
    stage: str, number: int, takes: bool, pipelining: bool
) -> None:
    behaviour = Behaviour(
        pipelining=pipelining,
        drop_at="" if stage == "limit" else stage,
        drop_message=number,
        drop_takes=takes,
        limit_at=number if stage == "limit" else 0,
    )
    waiting, doubts = [1, 2, 3, 4, 5], 0
    with SmtpServer(behaviour) as server:
        while waiting:
            outcomes = send(server, messages(*waiting))
            assert [number for number, _ in outcomes] == waiting[: len(outcomes)]
            done = {number for number, verdict in outcomes if verdict is SENT}
            doubts += sum(verdict is DOUBT for _, verdict in outcomes)
            waiting = [number for number in waiting if number not in done]
        assert doubts <= 1
        assert set(received(server)) == {1, 2, 3, 4, 5}
        assert len(received(server)) <= 5 + doubts


def test_silence_after_the_dot_is_doubt() -> None:
    silence = threading.Event()
    with SmtpServer(Behaviour(gate=silence)) as server:
        session = SmtpTransport(relay(server)).session()
        session._dot_timeout = 0.2
        assert verdicts(session.send(messages(1, 2))) == [(1, DOUBT), (2, NOT_STARTED)]
        session.close()
        silence.set()


def test_dot_may_take_longer_than_other_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[bool, float]] = []
    read = SmtpSession._read

    def noted(self: SmtpSession, limit: float) -> None:
        waits.append((self._protocol.awaits_dot, limit))
        read(self, limit)

    monkeypatch.setattr(SmtpSession, "_read", noted)
    with SmtpServer() as server:
        assert send(server, messages(1)) == [(1, SENT)]
    assert set(waits) == {(False, PATIENT.total_seconds()), (True, DOT_LIMIT.total_seconds())}


def test_server_that_stops_reading_leaves_no_doubt() -> None:
    """The body never leaves whole, so the message was not sent."""
    big = b"x" * 70 + b"\r\n"
    with deaf_server() as port:
        session = SmtpTransport(Relay(host="127.0.0.1", port=port, timeout=PATIENT)).session()
        session._timeout = 0.3
        session._socket.settimeout(0.3)
        outcomes = list(session.send(messages(1, 2, data=big * 400_000)))
        session.close()
    assert verdicts(outcomes) == [(1, TEMPORARY), (2, NOT_STARTED)]
    assert outcomes[0].temporary
    assert "the connection broke" in outcomes[0].reply


@contextlib.contextmanager
def deaf_server() -> Iterator[int]:
    """Says all it has to say, replies to an envelope too, before it hears one, then hears nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 hi\r\n")
            connection.recv(1000)
            connection.sendall(b"250-hi\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go\r\n")
            ended.wait(60)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    ended.set()
    thread.join()
    listener.close()


def test_server_that_hung_up_between_windows_takes_no_message() -> None:
    with SmtpServer(Behaviour(hang_up_after=2)) as server:
        session = SmtpTransport(relay(server)).session()
        assert verdicts(session.send(messages(1, 2))) == [(1, SENT), (2, SENT)]
        server.wait_until_alone()
        batch = messages(3, 4)
        assert verdicts(session.send(batch)) == []
        assert next(batch).delivery_id == 3
        assert verdicts(session.send(batch)) == []
        session.close()


def test_close_in_the_middle_of_a_window_hangs_up_without_a_word() -> None:
    with SmtpServer() as server:
        session = SmtpTransport(relay(server)).session()
        outcomes = session.send(messages(1, 2, 3))
        next(outcomes)
        session.close()
        session.close()
        server.wait_until_alone()
    assert received(server) == [1]
    assert b"QUIT" not in server.commands


def test_close_after_the_server_went_never_raises() -> None:
    with SmtpServer() as server:
        session = SmtpTransport(relay(server)).session()
    session.close()


def test_error_of_the_iterator_comes_through() -> None:
    def broken() -> Iterator[OutgoingMessage]:
        yield from messages(1)
        raise RuntimeError("template")

    with SmtpServer() as server:
        session = SmtpTransport(relay(server)).session()
        with pytest.raises(RuntimeError, match="template"):
            list(session.send(broken()))
        session.close()
        server.wait_until_alone()
    assert received(server) == []


# --- connecting


def test_nobody_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(TransportError, match=f"relay default .127.0.0.1:{port}. can't be reached") as caught:
            SmtpTransport(Relay(host="127.0.0.1", port=port)).session()
    assert caught.value.retry_after
    assert not caught.value.permanent


def test_server_that_never_greets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Relay(host="127.0.0.1", port=silent.getsockname()[1], timeout=timedelta(seconds=0.2))
        with pytest.raises(TransportError, match="can't be reached"):
            SmtpTransport(target).session()


@pytest.mark.parametrize(
    ("greeting", "minutes"), [("421 4.7.0 too busy", 1), ("554 5.7.1 blocked", 15), ("hello", 1), ("220-a", 1)]
)
def test_greeting_that_refuses(greeting: str, minutes: int) -> None:
    with SmtpServer(Behaviour(greeting=greeting)) as server, pytest.raises(TransportError, match="relay") as caught:
        # Of the last the end never comes.
        SmtpTransport(relay(server, timeout=timedelta(seconds=0.3) if greeting == "220-a" else PATIENT)).session()
    assert caught.value.retry_after == timedelta(minutes=minutes)


def test_server_without_ehlo_gets_one_command_at_a_time() -> None:
    with SmtpServer(Behaviour(ehlo=False)) as server:
        assert send(server, messages(1, 2)) == [(1, SENT), (2, SENT)]


def test_words_behind_the_ehlo_reply_are_not_lost() -> None:
    with SmtpServer(Behaviour(extensions=("SIZE 10000\r\n250 PIPELINING\r\n421 4.3.2 going down\r\n250-x",))) as server:
        assert send(server, messages(1, 2)) == [(1, TEMPORARY)]
    assert received(server) == []


def test_size_of_the_relay_is_kept() -> None:
    with SmtpServer(Behaviour(extensions=("SIZE 2000",))) as server:
        batch = itertools.chain(messages(1), messages(2, data=b"x" * 2000), messages(3))
        assert send(server, batch) == [(1, SENT), (2, Verdict.CONTENT), (3, SENT)]
    assert received(server) == [1, 3]


# --- encryption and login


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_encrypted_login(tls: str, mechanism: str, ca_file: Path) -> None:
    with SmtpServer(Behaviour(tls=tls, user="me", password="secret", mechanisms=(mechanism,))) as server:
        ca_file.write_text(server.certificate)
        login = {"tls": tls, "ca_file": str(ca_file), "user": "me", "password": "secret"}
        assert send(server, messages(1, 2, 3), **login) == [(1, SENT), (2, SENT), (3, SENT)]
    assert [message.data for message in server.accepted] == [message.data for message in messages(1, 2, 3)]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_large_message_arrives_whole_through_tls(tls: str) -> None:
    batch = list(messages(1, 2, data=(b"x" * 70 + b"\r\n") * 50_000))
    with SmtpServer(Behaviour(tls=tls)) as server:
        assert send(server, batch, tls=tls, verify=False) == [(1, SENT), (2, SENT)]
    assert [message.data for message in server.accepted] == [message.data for message in batch]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificate_that_is_not_trusted_is_refused(tls: str, host: str, ca_file: Path) -> None:
    with SmtpServer(Behaviour(tls=tls)) as server:
        ca_file.write_text(server.certificate)
        trusted = {"ca_file": str(ca_file)} if host != "localhost" else {}
        with pytest.raises(TransportError, match="certificate that is not trusted") as caught:
            send(server, messages(1), tls=tls, host=host, **trusted)
    assert caught.value.retry_after
    assert received(server) == []


def test_several_windows_through_tls() -> None:
    with SmtpServer(Behaviour(tls="starttls", hang_up_after=3)) as server:
        session = SmtpTransport(relay(server, tls="starttls", verify=False)).session()
        assert verdicts(session.send(messages(1))) == [(1, SENT)]
        assert verdicts(session.send(messages(2, 3))) == [(2, SENT), (3, SENT)]
        server.wait_until_alone()
        assert verdicts(session.send(messages(4))) == []
        session.close()


def test_mail_is_never_sent_in_the_clear_when_starttls_is_wanted() -> None:
    with SmtpServer() as server, pytest.raises(TransportError, match="does not offer STARTTLS"):
        send(server, messages(1), tls="starttls")
    assert not any(command.startswith(b"MAIL") for command in server.commands)


def test_text_injected_before_the_handshake_is_never_heard() -> None:
    """CVE-2011-0411, from the server's side: what came in the clear does not count as said under TLS."""
    injected = b"250-evil.example\r\n250 AUTH PLAIN\r\n"
    with SmtpServer(Behaviour(tls="starttls", injected=injected, user="me", password="secret")) as server:
        login = {"user": "me", "password": "secret"}
        assert send(server, messages(1), tls="starttls", verify=False, **login) == [(1, SENT)]
    assert [command.split()[0] for command in server.commands[:5]] == [b"ehlo", b"STARTTLS", b"ehlo", b"AUTH", b"MAIL"]


def test_starttls_that_is_offered_and_then_refused_sends_nothing_in_the_clear() -> None:
    with SmtpServer(Behaviour(extensions=("STARTTLS",))) as server, pytest.raises(TransportError, match="refuses the"):
        send(server, messages(1), tls="starttls")
    assert server.commands == [b"ehlo client.example", b"STARTTLS"]


def test_without_a_name_of_its_own_the_client_says_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server:
        for name in ("alone", "mail.example.org"):
            monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
            SmtpTransport(relay(server, host="127.0.0.1")).session().close()
    greetings = [command for command in server.commands if command.startswith(b"ehlo")]
    assert greetings == [b"ehlo [127.0.0.1]", b"ehlo mail.example.org"]


def test_refused_login_is_permanent_and_does_not_tell_the_password() -> None:
    behaviour = Behaviour(user="me", password="secret")
    with SmtpServer(behaviour) as server, pytest.raises(TransportError, match="refuses the login of me: 535") as caught:
        send(server, messages(1), user="me", password="wrong-secret")
    assert caught.value.permanent
    assert "wrong-secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["secret", "密码"])
def test_login_that_cannot_be_made_is_permanent(password: str) -> None:
    behaviour = Behaviour() if password == "secret" else Behaviour(user="me", password=password)
    with SmtpServer(behaviour) as server, pytest.raises(TransportError, match="login") as caught:
        send(server, messages(1), user="me", password=password)
    assert caught.value.permanent


def test_relay_that_wants_a_login_stops_the_run() -> None:
    with SmtpServer(Behaviour(user="me", password="secret")) as server:
        assert send(server, messages(1)) == [(1, Verdict.AUTHENTICATION)]


def test_ca_file_that_is_missing_is_one_clear_line() -> None:
    with SmtpServer(Behaviour(tls="implicit")) as server, pytest.raises(TransportError, match="relay default"):
        send(server, messages(1), tls="implicit", ca_file="/nowhere/ca.pem")
