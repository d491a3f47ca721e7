"""What a flood held back: announced after all, or left unannounced, when the operator says so."""

from publisher.pipeline.judging import FLOOD_NOTICE
from publisher.pipeline.ports import Clock, Storage


def release(storage: Storage, source_id: int, clock: Clock, *, announce: bool) -> int:
    """Let go what is held back of a source, with a revision that announces each article, or without (`announce`).

    Settles the notice of the flood. Returns how many articles were held.
    """
    now = clock()
    with storage.begin() as work:
        held = work.articles.held(source_id)
        work.articles.let_go(held)
        work.notices.close(source_id, FLOOD_NOTICE, now)
        if announce and held:
            work.articles.flag(held, now, announced=True)
    return len(held)
