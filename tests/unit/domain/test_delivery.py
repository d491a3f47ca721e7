"""What a server's answer means for a row, and what a crash leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.delivery import (
    FIRST_RETRY,
    LONGEST_RETRY,
    RETRY_LIMIT,
    Delivery,
    DeliveryState,
    Outcome,
    Recipient,
    Relay,
    Verdict,
    recover,
    retry_pause,
    settle,
)
from publisher.domain.edition import SlotKind

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def delivery(attempts: int = 0, first_tried: datetime | None = NOW) -> Delivery:
    return Delivery(
        id=1,
        edition_id=1,
        newsletter_id=1,
        subscription_id=1,
        digest_id=1,
        address="ana@example.org",
        due_at=NOW,
        attempts=attempts,
        first_tried=first_tried,
    )


@pytest.mark.parametrize(
    ("verdict", "temporary", "state", "counts"),
    [
        (Verdict.SENT, False, DeliveryState.SENT, True),
        (Verdict.NOT_STARTED, False, DeliveryState.PENDING, False),
        (Verdict.TEMPORARY, True, DeliveryState.DEFERRED, True),
        (Verdict.RATE, False, DeliveryState.DEFERRED, True),
        (Verdict.MAILBOX_FULL, True, DeliveryState.DEFERRED, True),
        (Verdict.MAILBOX_FULL, False, DeliveryState.FAILED, True),
        (Verdict.ADDRESS_DEAD, False, DeliveryState.BOUNCED, True),
        (Verdict.ADDRESS_DEAD, True, DeliveryState.DEFERRED, True),
        (Verdict.REPUTATION, False, DeliveryState.FAILED, True),
        (Verdict.CONTENT, False, DeliveryState.FAILED, True),
        (Verdict.AUTHENTICATION, False, DeliveryState.DEFERRED, False),
        (Verdict.IN_DOUBT, False, DeliveryState.DEFERRED, True),
    ],
)
def test_each_verdict_has_its_settlement(verdict: Verdict, temporary: bool, state: DeliveryState, counts: bool) -> None:
    settlement = settle(Outcome(1, verdict, "…", temporary), delivery(), NOW)
    assert (settlement.state, settlement.counts_attempt) == (state, counts)
    assert (settlement.due_at is not None) == (state is DeliveryState.DEFERRED)


def test_in_doubt_is_held_where_the_relay_replaces_message_ids() -> None:
    assert settle(Outcome(1, Verdict.IN_DOUBT), delivery(), NOW, in_doubt="hold").state is DeliveryState.IN_DOUBT


def test_retries_end_after_the_limit() -> None:
    late = NOW + RETRY_LIMIT + timedelta(seconds=1)
    assert settle(Outcome(1, Verdict.TEMPORARY, temporary=True), delivery(9), late).state is DeliveryState.FAILED
    fresh = settle(Outcome(1, Verdict.TEMPORARY, temporary=True), delivery(9, first_tried=None), late)
    assert fresh.state is DeliveryState.DEFERRED


def test_pauses_double_up_to_the_longest_and_are_spread_by_half() -> None:
    pauses = [retry_pause(attempts, 0) for attempts in range(12)]
    assert pauses[0] == FIRST_RETRY
    assert pauses[1] == 2 * FIRST_RETRY
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_RETRY
    assert retry_pause(0, 1) == FIRST_RETRY * 1.5


def test_after_a_kill_only_the_first_unsettled_row_is_in_doubt() -> None:
    assert recover([9, 7, 8], same_boot=True).in_doubt == (7,)
    assert recover([9, 7, 8], same_boot=True).pending == (8, 9)


def test_after_a_power_cut_the_whole_rest_is_in_doubt() -> None:
    assert recover([9, 7, 8], same_boot=False).in_doubt == (7, 8, 9)
    assert recover([], same_boot=False).in_doubt == ()


def test_a_relay_does_not_show_its_password() -> None:
    assert "secret" not in repr(Relay(password="secret", user="me"))


def test_a_recipient_fills_slots_by_name() -> None:
    recipient = Recipient("ana@example.org", "https://example.org/unsubscribe/x")
    assert recipient.value("address", SlotKind.TEXT) == "ana@example.org"
