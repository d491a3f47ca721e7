"""Tokens for names: only we can make one, for one purpose and one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.token import Keyring, is_signed, sign_name

RING = Keyring({1: b"old", 3: b"new"}, b"suppression")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_name_that_was_signed_is_known(name: str) -> None:
    token = sign_name(RING, "image", name)
    assert len(token) == 15
    assert is_signed(RING, "image", name, token)
    assert not is_signed(RING, "page", name, token)
    assert not is_signed(RING, "image", f"{name}x", token)


def test_old_keys_are_known_and_those_of_others_are_not() -> None:
    old = sign_name(Keyring({1: b"old"}, b""), "image", "a.jpg")
    assert is_signed(RING, "image", "a.jpg", old)
    assert not is_signed(RING, "image", "a.jpg", sign_name(Keyring({3: b"guess"}, b""), "image", "a.jpg"))
    assert not is_signed(RING, "image", "a.jpg", sign_name(Keyring({2: b"old"}, b""), "image", "a.jpg"))


@pytest.mark.parametrize("token", ["", "short", "ä" * 15, "!" * 15, "A" * 15, "A" * 16])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert not is_signed(RING, "image", "a.jpg", token)
