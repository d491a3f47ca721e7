"""SMTP as a table: what the server says, what the client must say, and what became of each message."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.delivery import Outcome, OutgoingMessage, Verdict
from publisher.mail.classify import classify
from publisher.mail.transport.smtp.protocol import BodyWanted, SmtpProtocol, stuffed
from publisher.mail.transport.smtp.reply import LONGEST_LINE, LONGEST_REPLY, Reply, ReplyReader


def message(number: int, data: bytes = b"", to: str = "") -> OutgoingMessage:
    data = data or b"Subject: %d\r\n\r\nhello\r\n" % number
    return OutgoingMessage(number, f"<{number}@example.org>", "news@example.org", to or f"r{number}@example.net", data)


MAIL = "MAIL FROM:<news@example.org>"


def envelope(number: int) -> str:
    return f"{MAIL} | RCPT TO:<r{number}@example.net> | DATA"


def body(number: int) -> str:
    return f"Subject: {number} |  | hello | ."


def wire(text: str) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in text.split(" | ")) if text else b""


@dataclass(frozen=True)
class Step:
    """The client says `client` (lines between bars), and then the server `server`; "" hangs up."""

    client: str
    server: str


@dataclass(frozen=True)
class Case:
    name: str
    steps: list[Step]
    outcomes: list[tuple[int, Verdict]]
    pipelining: bool = True
    count: int = 2
    left: str = ""  # what the client said after the last step


SENT, DOUBT, NOT_STARTED, TEMPORARY = Verdict.SENT, Verdict.IN_DOUBT, Verdict.NOT_STARTED, Verdict.TEMPORARY
GO = "250 ok | 250 ok | 354 go"
NEXT = "250 taken | " + GO

PIPELINED = [
    Case(
        "the next envelope rides behind the final dot, a body waits for its own 354",
        [
            Step(envelope(1), GO),
            Step(f"{body(1)} | {envelope(2)}", NEXT),
            Step(f"{body(2)} | {envelope(3)}", NEXT),
            Step(body(3), "250 taken"),
        ],
        [(1, SENT), (2, SENT), (3, SENT)],
        count=3,
    ),
    Case("one message", [Step(envelope(1), GO), Step(body(1), "250 taken")], [(1, SENT)], count=1),
    Case(
        "replies of many lines",
        [
            Step(envelope(1), "250-2.1.0 sender | 250 ok | 250-2.1.5 x | 250-y | 250 | 354-enter | 354 mail"),
            Step(body(1), "250-2.0.0 queued | 250 as 12345"),
        ],
        [(1, SENT)],
        count=1,
    ),
    Case(
        "a refused recipient: DATA is refused too, and RSET goes before the next MAIL",
        [
            Step(envelope(1), "250 ok | 550 5.1.1 no such user | 554 no valid recipients"),
            Step(f"RSET | {envelope(2)}", "250 flushed | " + GO),
            Step(body(2), "250 taken"),
        ],
        [(1, Verdict.ADDRESS_DEAD), (2, SENT)],
    ),
    Case(
        "a refused recipient and 354 all the same: a lone dot, whose reply means nothing",
        [
            Step(envelope(1), GO),
            Step(f"{body(1)} | {envelope(2)}", "250 taken | 250 ok | 550 5.1.1 no such user | 354 go"),
            Step(f". | RSET | {envelope(3)}", "554 no valid recipients | 250 flushed | " + GO),
            Step(body(3), "250 taken"),
        ],
        [(1, SENT), (2, Verdict.ADDRESS_DEAD), (3, SENT)],
        count=3,
    ),
    Case(
        "a lone dot that is taken is no message",
        [Step(envelope(1), "250 ok | 450 4.2.1 later | 354 go"), Step(".", "250 queued as nothing")],
        [(1, TEMPORARY)],
        count=1,
    ),
    Case(
        "a refused sender",
        [
            Step(envelope(1), "550 5.7.1 sender denied | 503 MAIL first | 503 MAIL first"),
            Step(f"RSET | {envelope(2)}", "250 flushed | " + GO),
            Step(body(2), "250 taken"),
        ],
        [(1, Verdict.REPUTATION), (2, SENT)],
    ),
    Case(
        "a refused sender and 354 all the same",
        [Step(envelope(1), "451 4.3.0 later | 250 ok | 354 go"), Step(".", "554 no")],
        [(1, TEMPORARY)],
        count=1,
    ),
    Case(
        "DATA refused although the recipient was taken",
        [Step(envelope(1), "250 ok | 250 ok | 451 4.3.5 later"), Step(f"RSET | {envelope(2)}", "250 ok | " + GO)],
        [(1, TEMPORARY), (2, DOUBT)],
        left=body(2),
    ),
    Case(
        "a refused body does not touch the envelope behind it",
        [
            Step(envelope(1), GO),
            Step(f"{body(1)} | {envelope(2)}", "552 5.6.0 content | " + GO),
            Step(body(2), "250 taken"),
        ],
        [(1, Verdict.CONTENT), (2, SENT)],
    ),
    Case(
        "hung up after the dot: in doubt, and what stood behind was not started",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "")],
        [(1, DOUBT), (2, NOT_STARTED)],
    ),
    Case(
        "hung up in the middle of the reply to the dot",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "250-2.0.0 almost")],
        [(1, DOUBT), (2, NOT_STARTED)],
    ),
    Case(
        "hung up between two messages: the second was not started",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "250 taken")],
        [(1, SENT), (2, NOT_STARTED)],
    ),
    Case(
        "hung up before the body of the second",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "250 taken | 250 ok")],
        [(1, SENT), (2, TEMPORARY)],
    ),
    Case("hung up at the first command", [Step(envelope(1), "")], [(1, TEMPORARY)]),
    Case(
        "421 instead of a reply to the dot",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "421 4.3.2 shutting down")],
        [(1, TEMPORARY), (2, NOT_STARTED)],
    ),
    Case(
        "421 to the next MAIL: too many",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "250 taken | 421 4.7.0 too many messages")],
        [(1, SENT), (2, Verdict.RATE)],
    ),
    Case("421 to RCPT", [Step(envelope(1), "250 ok | 421 4.3.2 bye")], [(1, TEMPORARY)]),
    Case(
        "421 to DATA behind a refused recipient",
        [Step(envelope(1), "250 ok | 550 5.1.1 no such user | 421 bye")],
        [(1, Verdict.ADDRESS_DEAD)],
    ),
    Case(
        "421 to RSET",
        [
            Step(envelope(1), "250 ok | 550 5.1.1 no such user | 554 no valid recipients"),
            Step(f"RSET | {envelope(2)}", "421 4.3.2 bye"),
        ],
        [(1, Verdict.ADDRESS_DEAD), (2, TEMPORARY)],
    ),
    Case("garbage instead of a reply", [Step(envelope(1), "HTTP/1.1 400 Bad Request")], [(1, TEMPORARY)]),
    Case(
        "garbage instead of the reply to the dot",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", "hello")],
        [(1, DOUBT), (2, NOT_STARTED)],
    ),
    Case(
        "a code that changes in the middle of the reply to the dot",
        [Step(envelope(1), GO), Step(body(1), "250-taken | 550 or not")],
        [(1, DOUBT)],
        count=1,
    ),
    Case("250 to DATA makes no sense", [Step(envelope(1), "250 ok | 250 ok | 250 ok")], [(1, TEMPORARY)]),
    Case("354 to MAIL makes no sense", [Step(envelope(1), "354 go")], [(1, TEMPORARY)]),
    Case("354 to the dot makes no sense", [Step(envelope(1), GO), Step(body(1), "354 go")], [(1, DOUBT)], count=1),
]

ONE_BY_ONE = [
    Case(
        "each command waits for its reply",
        [
            Step(MAIL, "250 ok"),
            Step("RCPT TO:<r1@example.net>", "250 ok"),
            Step("DATA", "354 go"),
            Step(body(1), "250 taken"),
            Step(MAIL, "250 ok"),
            Step("RCPT TO:<r2@example.net>", "251 will forward"),
            Step("DATA", "354 go"),
            Step(body(2), "250 taken"),
        ],
        [(1, SENT), (2, SENT)],
    ),
    Case(
        "a refused recipient: RSET waits for its reply too",
        [
            Step(MAIL, "250 ok"),
            Step("RCPT TO:<r1@example.net>", "550 5.1.1 no such user"),
            Step("RSET", "250 flushed"),
            Step(MAIL, "250 ok"),
            Step("RCPT TO:<r2@example.net>", "250 ok"),
            Step("DATA", "354 go"),
            Step(body(2), "250 taken"),
        ],
        [(1, Verdict.ADDRESS_DEAD), (2, SENT)],
    ),
    Case(
        "a server that does not know RSET",
        [
            Step(MAIL, "452 4.3.1 later"),
            Step("RSET", "502 what"),
            Step(MAIL, "250 ok"),
        ],
        [(1, TEMPORARY), (2, TEMPORARY)],
        left="RCPT TO:<r2@example.net>",
    ),
    Case(
        "hung up after the dot",
        [
            Step(MAIL, "250 ok"),
            Step("RCPT TO:<r1@example.net>", "250 ok"),
            Step("DATA", "354 go"),
            Step(body(1), ""),
        ],
        [(1, DOUBT)],
    ),
]
UNASKED = [
    Case("421 that nobody asked for", [Step(envelope(1), GO + " | 421 4.7.0 too many messages")], [(1, Verdict.RATE)]),
    Case(
        "a reply too many",
        [Step(envelope(1), GO), Step(f"{body(1)} | {envelope(2)}", NEXT + " | 250 and one more")],
        [(1, SENT), (2, TEMPORARY)],
    ),
]
"""What nobody asked for means this only when it comes before the client went on."""

CASES = PIPELINED + [replace(case, pipelining=False) for case in ONE_BY_ONE]


class Driver:
    """What a session does, without its socket."""

    def __init__(self, protocol: SmtpProtocol, messages: Iterator[OutgoingMessage]) -> None:
        self.protocol = protocol
        self.messages = messages
        self.said = b""
        self.outcomes: list[Outcome] = []

    def go_on(self) -> None:
        while True:
            self.said += self.protocol.take_output()
            match self.protocol.next_event():
                case Outcome() as outcome:
                    self.outcomes.append(outcome)
                case BodyWanted():
                    following = next(self.messages, None) if self.protocol.pipelining else None
                    self.said += self.protocol.body(following)
                case None:
                    if self.protocol.closed or not self.protocol.idle:
                        return
                    if (message := next(self.messages, None)) is None:
                        return
                    self.said += self.protocol.begin(message)

    def hear(self, data: bytes) -> None:
        self.protocol.receive(data)
        self.go_on()

    def lose(self) -> None:
        self.protocol.lost("the relay closed the connection")
        self.go_on()


def driver(case: Case) -> Driver:
    messages = iter([message(number) for number in range(1, case.count + 1)])
    return Driver(SmtpProtocol(classify_reply, pipelining=case.pipelining), messages)


def classify_reply(code: int, text: str, stage: str) -> Verdict:
    return classify(code, text, stage=stage)


def play(case: Case, cut: int | None) -> None:
    run = driver(case)
    run.go_on()
    for step in case.steps:
        assert run.said == wire(step.client)
        run.said = b""
        data = wire(step.server)
        portions = [data] if cut is None else [data[at : at + cut] for at in range(0, len(data), cut)]
        for portion in portions:
            run.hear(portion)
    assert run.said == wire(case.left)
    if not run.protocol.idle:
        run.lose()
    assert [(outcome.delivery_id, outcome.verdict) for outcome in run.outcomes] == case.outcomes
    assert run.protocol.idle


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("cut", [None, 1, 7])
def test_conversation(case: Case, cut: int | None) -> None:
    play(case, cut)


@pytest.mark.parametrize("case", UNASKED, ids=lambda case: case.name)
def test_reply_that_nobody_asked_for(case: Case) -> None:
    play(case, None)


@given(st.sampled_from(CASES), st.data())
@settings(max_examples=150, deadline=None)
def test_any_portions_of_the_servers_bytes_mean_the_same(case: Case, data: st.DataObject) -> None:
    run = driver(case)
    run.go_on()
    for step in case.steps:
        rest = wire(step.server)
        while rest:
            length = data.draw(st.integers(1, len(rest)))
            run.hear(rest[:length])
            rest = rest[length:]
    if not run.protocol.idle:
        run.lose()
    assert [(outcome.delivery_id, outcome.verdict) for outcome in run.outcomes] == case.outcomes


@given(st.lists(st.one_of(st.sampled_from([wire(GO), wire(NEXT), wire("550 no"), b"421 bye\r\n"]), st.binary())))
@settings(deadline=None)
def test_whatever_a_server_says_each_message_gets_one_outcome_in_order(heard: list[bytes]) -> None:
    taken: list[int] = []

    def messages() -> Iterator[OutgoingMessage]:
        for number in range(1, 10):
            taken.append(number)
            yield message(number)

    run = Driver(SmtpProtocol(classify_reply, pipelining=True), messages())
    run.go_on()
    for data in heard:
        run.hear(data)
    if not run.protocol.idle:
        run.lose()
    assert [outcome.delivery_id for outcome in run.outcomes] == taken
    verdicts = [outcome.verdict for outcome in run.outcomes]
    assert verdicts.count(DOUBT) <= 1


def body_sent() -> SmtpProtocol:
    protocol = SmtpProtocol(classify_reply, pipelining=True)
    protocol.begin(message(1))
    protocol.receive(wire(GO))
    assert isinstance(protocol.next_event(), BodyWanted)
    return protocol


@pytest.mark.parametrize(("beyond", "verdict"), [(-30, DOUBT), (0, DOUBT), (1, TEMPORARY), (9, TEMPORARY)])
def test_only_a_dot_that_left_puts_a_message_in_doubt(beyond: int, verdict: Verdict) -> None:
    protocol = body_sent()
    said = protocol.body(message(2))
    envelope_behind = len(said) - said.index(b"\r\n.\r\n") - 5
    protocol.lost("broken pipe", unsent=envelope_behind + beyond)
    events = [protocol.next_event(), protocol.next_event()]
    assert events == [
        Outcome(1, verdict, "broken pipe", temporary=True),
        Outcome(2, NOT_STARTED, "broken pipe", temporary=True),
    ]


def test_outcome_tells_the_servers_words() -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=True)
    protocol.begin(message(1))
    protocol.receive("250 ok\r\n550-5.1.1 没有\x00 such\r\n550 5.1.1 user\r\n554 no\r\n".encode())
    outcome = protocol.next_event()
    assert outcome == Outcome(1, Verdict.ADDRESS_DEAD, "550 5.1.1 没有  such 5.1.1 user")


def test_size_and_eight_bit_are_declared_when_the_relay_offers_them() -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=False, size_limit=100, eight_bit=True)
    assert protocol.begin(message(1, b"Subject: x\r\n\r\n\xe4\r\n")) == (
        b"MAIL FROM:<news@example.org> SIZE=17 BODY=8BITMIME\r\n"
    )


UNSENDABLE = {
    "larger than the relay takes": message(2, b"x" * 101),
    "8-bit without 8BITMIME": message(2, b"\xe4\r\n"),
    "a line break in the address": message(2, to="a@example.net>\r\nRCPT TO:<b@example.net"),
    "a space in the address": message(2, to="a b@example.net"),
    "an address beyond ASCII": message(2, to="用户@example.net"),
    "no address": replace(message(2), envelope_to=""),
    "a line break in the sender": replace(message(2), envelope_from="a@example.org\r\nDATA"),
}


@pytest.mark.parametrize("bad", UNSENDABLE.values(), ids=UNSENDABLE.keys())
def test_message_that_cannot_be_sent_is_refused_in_its_turn_without_a_word_to_the_server(bad: OutgoingMessage) -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=True, size_limit=100)
    run = Driver(protocol, iter([bad, message(1), replace(bad, delivery_id=3), message(4)]))
    run.go_on()
    run.hear(wire(GO))
    run.hear(wire("250 taken"))
    run.hear(wire(GO))
    run.hear(wire("250 taken"))
    assert [(outcome.delivery_id, outcome.verdict) for outcome in run.outcomes] == [
        (2, Verdict.CONTENT),
        (1, SENT),
        (3, Verdict.CONTENT),
        (4, SENT),
    ]
    assert not any(outcome.temporary for outcome in run.outcomes)
    assert re.findall(rb"RCPT TO:<(.*)>", run.said) == [b"r1@example.net", b"r4@example.net"]


def test_empty_reverse_path_is_allowed() -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=False)
    assert protocol.begin(replace(message(1), envelope_from="")) == b"MAIL FROM:<>\r\n"


@pytest.mark.parametrize(
    ("plain", "travels"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\n..b\r\n", b"a\r\n...b\r\n.\r\n"),
        (b"a\n.\nb\r\n", b"a\n..\nb\r\n.\r\n"),
        (b"a.\r\n.", b"a.\r\n..\r\n.\r\n"),
    ],
)
def test_lines_that_begin_with_a_dot_get_one_more(plain: bytes, travels: bytes) -> None:
    assert stuffed(plain) == travels


@given(st.lists(st.sampled_from([b".", b"\r\n", b"a", b".."])).map(b"".join))
def test_stuffed_message_ends_at_its_own_dot_and_unstuffs_to_itself(data: bytes) -> None:
    travels = stuffed(data)
    assert (b"\r\n" + travels).index(b"\r\n.\r\n") == len(travels) - 3
    lines = travels[:-3].split(b"\r\n")[:-1]
    assert [line.removeprefix(b".") for line in lines] == data.removesuffix(b"\r\n").split(b"\r\n")


def test_after_the_end_nothing_is_heard_or_said() -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=True)
    protocol.receive(b"421 bye\r\n")
    assert protocol.closed
    assert protocol.idle
    protocol.receive(b"250 ok\r\n")
    assert protocol.next_event() is None
    assert protocol.take_output() == b""


def test_word_that_nobody_asked_for_ends_an_idle_connection() -> None:
    protocol = SmtpProtocol(classify_reply, pipelining=True)
    protocol.receive(b"250 ok\r\n")
    assert protocol.closed


@pytest.mark.parametrize(
    "flood",
    [
        b"250 " + b"x" * LONGEST_LINE + b"\r\n",
        b"2" * (LONGEST_LINE + 1),
        b"250-x\r\n" * LONGEST_REPLY,
        b"\r\n",
        b"25\r\n",
        b"2500 ok\r\n",
        b"150 ok\r\n",
        b"250\tok\r\n",
        b"250-a\r\n251 b\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_reader_refuses_what_is_no_reply(flood: bytes) -> None:
    reader = ReplyReader()
    reader.feed(flood)
    with pytest.raises(ValueError, match="the relay sent"):
        list(iter(reader.next_reply, None))


def test_reader_takes_bare_line_feeds_and_replies_without_text() -> None:
    reader = ReplyReader()
    reader.feed(b"250\n250 ok\n250-\r\n250\r\n")
    assert [reader.next_reply() for _ in range(4)] == [Reply(250), Reply(250, (b"ok",)), Reply(250, (b"", b"")), None]
    assert str(Reply(250)) == "250"
