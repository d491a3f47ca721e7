"""What listening to WebSub hubs stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.domain.websub import HubSubscription


@dataclass(frozen=True, slots=True, kw_only=True)
class HubContent:
    """What a hub brought for a source, signed and not looked at yet; `id` is 0 until stored."""

    id: int = 0
    source_id: int
    topic: str
    at: datetime
    media_type: str
    charset: str | None
    body: bytes


class HubSubscriptions(Protocol):
    """Subscriptions at hubs, and what came from there."""

    def all(self) -> list[HubSubscription]:
        """All of them."""
        ...

    def of(self, source_id: int) -> HubSubscription | None:
        """The one of a source that is not ending."""
        ...

    def behind(self, token: str) -> HubSubscription | None:
        """The one whose callback has this token."""
        ...

    def add(self, subscription: HubSubscription) -> None:
        """Remember a new one."""
        ...

    def save(self, subscription: HubSubscription) -> None:
        """Remember how one stands now."""
        ...

    def forget(self, subscription_id: int) -> None:
        """Delete one, with what came for it and was not looked at."""
        ...

    def keep(self, subscription: HubSubscription, content: HubContent) -> None:
        """Keep what came, to be looked at soon."""
        ...

    def waiting(self, limit: int) -> Sequence[HubContent]:
        """What came and was not looked at yet, the oldest first."""
        ...

    def done(self, content_id: int) -> None:
        """What came was looked at."""
        ...
