"""How much may be asked for, by all and by each."""

import pytest

from publisher.web.bucket import NETWORKS, Bucket, Limit, network_of


def test_a_bucket_is_filled_as_time_goes_on() -> None:
    bucket = Bucket(2, 0.5)
    assert [bucket.wait(10.0) for _ in range(3)] == [0, 0, 2.0]
    assert [bucket.wait(12.0), bucket.wait(12.0)] == [0, 2.0]


def test_one_network_does_not_take_it_all() -> None:
    limit = Limit(8, 8)
    assert [bool(limit.wait(1.0, "9.9.9.9")) for _ in range(3)] == [False, False, True]
    assert [bool(limit.wait(1.0, f"8.8.8.{host}")) for host in range(7)] == [False] * 6 + [True]


def test_who_seems_to_be_near_may_be_anybody() -> None:
    limit = Limit(8, 8)
    assert [bool(limit.wait(1.0, "127.0.0.1")) for _ in range(9)] == [False] * 8 + [True]


def test_only_so_many_networks_are_known_apart() -> None:
    limit = Limit(10**6, 1)
    for number in range(NETWORKS + 5):
        limit.wait(1.0, f"9.{number >> 8}.{number & 255}.9")
    assert len(limit._each) == NETWORKS


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("2620:fe::fe", "2620:fe::/64"),
        ("2620:fe:0:0:ffff::1", "2620:fe::/64"),
        ("127.0.0.1", None),
        ("10.1.2.3", None),
        ("fe80::1", None),
        ("unix", None),
        ("", None),
        (None, None),
    ],
)
def test_a_household_is_one_network(client: str | None, network: str | None) -> None:
    assert network_of(client) == network
