"""Who gets what: subscriptions are made, changed and ended here, whoever asks (command line, web, import)."""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.domain.newsletter import Newsletter
from publisher.domain.subscription import Subscription
from publisher.domain.token import address_key, verify
from publisher.errors import UsageError
from publisher.pipeline.ports import Clock, Storage, SubscribeRequest, UnitOfWork

UNSUBSCRIBE = "unsubscribe"
"""The purpose of the token in an unsubscribe link."""

CHUNK = 500
"""Subscriptions made in one transaction of an import."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What changing subscriptions needs."""

    storage: Storage
    clock: Clock

    def subscribe(self, request: SubscribeRequest) -> Subscription:
        """Make one subscription. Raises UsageError for a suppressed address."""
        with self.storage.begin() as work:
            return self._add(work, request, work.articles.latest_seq())

    def subscribe_all(self, requests: Sequence[SubscribeRequest]) -> int:
        """Make many, in short transactions; suppressed addresses are passed over. How many were made."""
        made = 0
        for start in range(0, len(requests), CHUNK):
            with self.storage.begin() as work:
                through_seq = work.articles.latest_seq()
                for request in requests[start : start + CHUNK]:
                    try:
                        self._add(work, request, through_seq)
                    except UsageError:
                        continue
                    made += 1
        return made

    def _add(self, work: UnitOfWork, request: SubscribeRequest, through_seq: int) -> Subscription:
        key = address_key(work.meta.keyring(), request.address)
        if work.subscriptions.suppressed(key):
            raise UsageError(f"{request.address} is on the suppression list: it must not get mail")
        return work.subscriptions.add(request, self.clock(), through_seq)

    def remove(self, address: str) -> bool:
        """Delete a subscriber and all that belongs to it; False when there is none."""
        with self.storage.begin() as work:
            return work.subscriptions.remove(address, self.clock())

    def behind(self, token: str) -> tuple[Subscription, Newsletter] | None:
        """What an unsubscribe link is about, or None when it is not one of ours."""
        with self.storage.read() as work:
            number = verify(work.meta.keyring(), UNSUBSCRIBE, token)
            subscription = work.subscriptions.get(number) if number is not None else None
            newsletter = work.newsletters.get(subscription.newsletter_id) if subscription else None
        return (subscription, newsletter) if subscription and newsletter else None

    def unsubscribe(self, token: str, evidence: str) -> bool:
        """End the subscription of a link, with its open deliveries, at once; as often as it is asked.

        False when the token is not one of ours.
        """
        with self.storage.begin() as work:
            number = verify(work.meta.keyring(), UNSUBSCRIBE, token)
            if number is None or work.subscriptions.get(number) is None:
                return False
            work.subscriptions.unsubscribe(number, self.clock(), evidence)
            return True
