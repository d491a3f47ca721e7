"""Numbers and their nouns."""

from publisher.pipeline.wording import counted, without_addresses


def test_one_is_singular_and_the_rest_is_not() -> None:
    assert [counted(number, "feed") for number in (0, 1, 2)] == ["0 feeds", "1 feed", "2 feeds"]
    assert counted(2, "delivery", "deliveries") == "2 deliveries"


def test_a_servers_words_go_into_logs_without_addresses() -> None:
    reply = "550 5.1.1 <ana.b@example.org>: no such user ana.b@example.org (RCPT TO:ana@例子.org)"
    assert without_addresses(reply) == "550 5.1.1 <…@…>: no such user …@… (RCPT TO:…@…)"
    assert without_addresses("450 4.7.1 try @ home later") == "450 4.7.1 try @ home later"
