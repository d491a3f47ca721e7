"""Numbers and their nouns."""

from publisher.pipeline.wording import counted


def test_one_is_singular_and_the_rest_is_not() -> None:
    assert [counted(number, "feed") for number in (0, 1, 2)] == ["0 feeds", "1 feed", "2 feeds"]
    assert counted(2, "delivery", "deliveries") == "2 deliveries"
