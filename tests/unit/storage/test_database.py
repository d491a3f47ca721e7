"""Opening a database."""

from publisher.storage.database import SqlStorage, open_storage


def test_keys_and_instance_are_minted_once(empty_url: str) -> None:
    seen = []
    for _ in range(2):
        storage = open_storage(empty_url)
        with storage.read() as work:
            seen.append((work.meta.instance(), work.meta.keyring()))
        storage.close()
    assert seen[0] == seen[1]
    assert len(seen[0][1].signing[1]) == 32


def test_a_word_is_remembered(storage: SqlStorage) -> None:
    with storage.begin() as work:
        assert work.meta.get("x") is None
        work.meta.set("x", "1")
        work.meta.set("x", "2")
    with storage.read() as work:
        assert work.meta.get("x") == "2"
