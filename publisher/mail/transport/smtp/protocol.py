"""The client's side of SMTP mail transactions (RFC 5321, section 3.3) with pipelining (RFC 2920), without sockets.

It begins after EHLO, STARTTLS and AUTH. Bytes of the server go in, bytes for it and outcomes come out; so every
exchange can be tried as a table. One recipient per message.

With pipelining, MAIL, RCPT and DATA of the next message ride behind the final dot of the one before, while a body
always waits for its own 354. Without it, each command waits for its reply.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from publisher.domain.delivery import Outcome, OutgoingMessage, Verdict
from publisher.mail.transport.smtp.reply import Reply, ReplyReader


class Stage(StrEnum):
    """Where in a transaction a reply belongs."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    RSET = "rset"


@dataclass(frozen=True, slots=True)
class BodyWanted:
    """The server waits for the body of this message: the next call is `body`."""

    message: OutgoingMessage


Event = Outcome | BodyWanted
Judge = Callable[[int, str, str], Verdict]
"""What a refusal means: code, text and stage of the reply."""


@dataclass(slots=True)
class _Transaction:
    """One message on the wire. `follows` is true when another was begun before it on this connection."""

    message: OutgoingMessage
    follows: bool
    answered: bool = False
    dot_sent: bool = False
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Command:
    """A command whose reply is awaited; without a transaction the reply means nothing."""

    stage: Stage
    transaction: _Transaction | None


class SmtpProtocol:
    """The state of one connection.

    Call `begin` for the first message, hand what the server says to `receive`, and take events until there are none.
    After `BodyWanted` call `body`, with the message to follow when `pipelining`. When the connection ends, call
    `lost`. What `begin` and `body` return, and what `take_output` holds after events, is to be sent.
    """

    def __init__(self, judge: Judge, *, pipelining: bool, size_limit: int = 0, eight_bit: bool = False) -> None:
        """`size_limit` is what SIZE (RFC 1870) announced in bytes, 0 when it said nothing."""
        self.pipelining = pipelining
        self.closed = False
        self._judge = judge
        self._size_limit = size_limit
        self._eight_bit = eight_bit
        self._reader = ReplyReader()
        self._awaited: deque[_Command] = deque()
        self._transactions: deque[_Transaction] = deque()
        self._events: deque[Event] = deque()
        self._output: list[bytes] = []
        self._envelope_tail = 0
        self._reset_wanted = False
        self._used = False

    @property
    def idle(self) -> bool:
        """Whether no message is on the wire and no event waits: time for `begin`, or QUIT."""
        return not (self._transactions or self._events)

    @property
    def awaits_dot(self) -> bool:
        """Whether a final dot went out whose reply has not come."""
        return bool(self._transactions) and self._transactions[0].dot_sent

    def begin(self, message: OutgoingMessage) -> bytes:
        """Start a transaction."""
        self._open(message)
        return self.take_output()

    def body(self, following: OutgoingMessage | None = None) -> bytes:
        """The body that the server waits for, its final dot, and the envelope of the message to follow."""
        transaction = self._transactions[0]
        transaction.dot_sent = True
        self._awaited.append(_Command(Stage.DOT, transaction))
        self._output.append(stuffed(transaction.message.data))
        if following is not None:
            before = len(self._output)
            self._open(following)
            self._envelope_tail = sum(map(len, self._output[before:]))
        else:
            self._envelope_tail = 0
        return self.take_output()

    def take_output(self) -> bytes:
        """What is to be sent now."""
        output = b"".join(self._output)
        self._output.clear()
        return output

    def next_event(self) -> Event | None:
        """The next thing that happened, or None when only the server can tell more."""
        return self._events.popleft() if self._events else None

    def receive(self, data: bytes) -> None:
        """Take bytes of the server, in any portions. An answer that makes no sense ends the connection."""
        if self.closed:
            return
        self._reader.feed(data)
        try:
            while not self.closed and (reply := self._reader.next_reply()) is not None:
                self._answer(reply)
        except ValueError as error:
            self.lost(str(error))

    def lost(self, reason: str, *, unsent: int = 0) -> None:
        """The connection broke; `unsent` bytes of the last output did not leave.

        In doubt is exactly the message whose final dot went out without a reply. What stood behind another message
        and had no reply of its own was not started. A message that was begun first, or had replies, was tried.
        """
        self.closed = True
        self._awaited.clear()
        self._output.clear()
        self._events = deque(event for event in self._events if isinstance(event, Outcome))
        for place, transaction in enumerate(self._transactions):
            if transaction.outcome is None:
                transaction.outcome = self._judge_lost(transaction, reason, place > 0, unsent)
        self._flush()

    def _judge_lost(self, transaction: _Transaction, reason: str, behind: bool, unsent: int) -> Outcome:
        number = transaction.message.delivery_id
        if transaction.dot_sent and unsent <= self._envelope_tail:
            return Outcome(number, Verdict.IN_DOUBT, reason, temporary=True)
        if behind or (transaction.follows and not transaction.answered):
            return Outcome(number, Verdict.NOT_STARTED, reason, temporary=True)
        return Outcome(number, Verdict.TEMPORARY, reason, temporary=True)

    # --- sending

    def _open(self, message: OutgoingMessage) -> None:
        transaction = _Transaction(message, follows=self._used)
        self._transactions.append(transaction)
        fault = self._fault(message)
        if fault:
            transaction.outcome = Outcome(message.delivery_id, Verdict.CONTENT, fault)
            self._flush()
            return
        self._used = True
        stage = Stage.RSET if self._reset_wanted else Stage.MAIL
        self._reset_wanted = False
        self._command(stage, transaction)
        while self.pipelining and (following := _NEXT.get(stage)) is not None:
            stage = following
            self._command(stage, transaction)

    def _command(self, stage: Stage, transaction: _Transaction) -> None:
        self._awaited.append(_Command(stage, transaction))
        self._output.append(self._line(stage, transaction.message))

    def _line(self, stage: Stage, message: OutgoingMessage) -> bytes:
        match stage:
            case Stage.MAIL:
                return self._mail(message)
            case Stage.RCPT:
                return f"RCPT TO:<{message.envelope_to}>\r\n".encode("ascii")
            case Stage.RSET:
                return b"RSET\r\n"
            case _:
                return b"DATA\r\n"

    def _fault(self, message: OutgoingMessage) -> str:
        """Why a message can't be sent here at all; empty when it can."""
        if not _ADDRESS.fullmatch(message.envelope_to):
            return "not sent: the recipient's address can't stand in an SMTP envelope"
        if message.envelope_from and not _ADDRESS.fullmatch(message.envelope_from):
            return "not sent: the sender's address can't stand in an SMTP envelope"
        if self._size_limit and len(message.data) > self._size_limit:
            return f"not sent: {len(message.data)} bytes are more than the relay takes ({self._size_limit})"
        if not self._eight_bit and not message.data.isascii():
            return "not sent: the message has 8-bit bytes and the relay does not offer 8BITMIME"
        return ""

    def _mail(self, message: OutgoingMessage) -> bytes:
        line = f"MAIL FROM:<{message.envelope_from}>"
        if self._size_limit:
            line += f" SIZE={len(message.data)}"
        if self._eight_bit and not message.data.isascii():
            line += " BODY=8BITMIME"
        return line.encode("ascii") + b"\r\n"

    # --- receiving

    def _answer(self, reply: Reply) -> None:
        if not self._awaited:
            self._unasked(reply)
            return
        command = self._awaited.popleft()
        transaction = command.transaction
        if transaction is not None:
            transaction.answered = True
        if reply.code == 421:
            self._shut(transaction, command.stage, reply)
            return
        match command.stage, reply.code // 100:
            case (Stage.RSET, _) | (Stage.MAIL | Stage.RCPT, 2):
                self._go_on(command)
            case Stage.DATA, 3:
                self._take_body(transaction)
            case Stage.DOT, 2:
                self._finish(transaction, Verdict.SENT, reply)
            case stage, 4 | 5:
                self._refuse(transaction, stage, reply)
            case stage, _:
                raise ValueError(f"the relay answered {stage.upper()} with {reply}")
        self._flush()

    def _unasked(self, reply: Reply) -> None:
        if reply.code != 421:
            raise ValueError(f"the relay said something unasked: {reply}")
        self._shut(self._transactions[0] if self._transactions else None, Stage.DATA, reply)

    def _go_on(self, command: _Command) -> None:
        """Without pipelining the next command goes out only now."""
        if not self.pipelining and command.transaction is not None:
            self._command(_NEXT[command.stage], command.transaction)

    def _take_body(self, transaction: _Transaction | None) -> None:
        if transaction is None or transaction.outcome is not None:
            # Refused, and yet the server waits for a body: an empty one, whose reply means nothing.
            self._awaited.append(_Command(Stage.DOT, None))
            self._output.append(b".\r\n")
        else:
            self._events.append(BodyWanted(transaction.message))

    def _finish(self, transaction: _Transaction | None, verdict: Verdict, reply: Reply) -> None:
        if transaction is not None:
            transaction.outcome = Outcome(transaction.message.delivery_id, verdict, str(reply))

    def _refuse(self, transaction: _Transaction | None, stage: Stage, reply: Reply) -> None:
        if transaction is None:
            return
        if stage is not Stage.DOT:
            self._reset_wanted = True
        if transaction.outcome is None:
            verdict = self._judge(reply.code, reply.text, stage)
            number = transaction.message.delivery_id
            transaction.outcome = Outcome(number, verdict, str(reply), temporary=reply.code < 500)

    def _shut(self, transaction: _Transaction | None, stage: Stage, reply: Reply) -> None:
        """421 (RFC 5321, section 3.8): it answers one command, and nothing after it is heard."""
        if transaction is not None:
            self._refuse(transaction, stage, reply)
        self.lost(str(reply))

    def _flush(self) -> None:
        """Report outcomes in the order of the messages, each when the server owes nothing more about it."""
        while self._transactions:
            first = self._transactions[0]
            if first.outcome is None or any(command.transaction is first for command in self._awaited):
                return
            self._transactions.popleft()
            self._events.append(first.outcome)


_ADDRESS = re.compile(r"[!-;=?-~]{1,320}")
"""Printable ASCII without space and angle brackets: nothing that could end the path or begin another command."""


_DOT_LINE = re.compile(rb"\n\.")
_NEXT = {Stage.RSET: Stage.MAIL, Stage.MAIL: Stage.RCPT, Stage.RCPT: Stage.DATA}


def stuffed(data: bytes) -> bytes:
    """A message as it travels after DATA: lines that begin with a dot get one more, and the final dot follows.

    A dot after a bare LF is doubled too: some servers take that for a line (RFC 5321, section 4.5.2).
    """
    # The search costs half of what `replace` takes to find nothing.
    if _DOT_LINE.search(data):
        data = data.replace(b"\n.", b"\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")
