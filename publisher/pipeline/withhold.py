"""Taking articles down by the operator's word: from feeds and archives, search, pages, drafts and mail that waits."""

from publisher.domain.article import Withheld
from publisher.errors import UsageError
from publisher.pipeline.ports import Clock, Storage


def withhold(storage: Storage, article_id: int, withheld: Withheld | None, clock: Clock) -> bool:
    """Hide an article, delete it, or (None) show it again; False when it stands so already.

    What is made of it follows at the next tick. Raises UsageError for one that is deleted and shall be something else.
    """
    now = clock()
    with storage.begin() as work:
        state = work.articles.states([article_id], work.articles.latest_seq())[article_id]
        if state.article.withheld is Withheld.DELETED and withheld is not Withheld.DELETED:
            raise UsageError(f"article {article_id} is deleted: nothing is left of it that could be shown")
        if state.article.withheld is withheld and state.revision.visible is (withheld is None):
            return False
        if withheld is Withheld.DELETED:
            work.editions.erase(article_id)
            work.images.hide(article_id, now)
        work.articles.withhold(article_id, withheld, now)
    return True
