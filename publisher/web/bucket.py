"""How much may be asked for: so many at once, and so many in the long run."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Holds `most` at once and is filled at `a_second`; times are monotonic seconds."""

    most: float
    a_second: float
    _left: float = field(init=False)
    _at: float = 0.0

    def __post_init__(self) -> None:
        self._left = self.most

    def wait(self, now: float) -> float:
        """Take one: 0, or the seconds to wait when it is empty."""
        self._left = min(self._left + (now - self._at) * self.a_second, self.most)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self.a_second


NETWORKS = 2000
"""How many networks a limit knows apart; the one that asked for nothing the longest is forgotten."""


@dataclass(slots=True)
class Limit:
    """A bucket for all, and one of a fourth of its size for each network, so that nobody empties it for the others."""

    most: float
    a_second: float
    _all: Bucket = field(init=False)
    _each: OrderedDict[str, Bucket] = field(init=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._all = Bucket(self.most, self.a_second)

    def wait(self, now: float, client: str | None) -> float:
        """Take one for a client's address: 0, or the seconds to wait."""
        network = network_of(client)
        if network is None:
            return self._all.wait(now)
        bucket = self._each.setdefault(network, Bucket(self.most / 4, self.a_second / 4))
        self._each.move_to_end(network)
        if len(self._each) > NETWORKS:
            self._each.popitem(last=False)
        return bucket.wait(now) or self._all.wait(now)


def network_of(client: str | None) -> str | None:
    """What a limit goes by: an IPv4 address, or the /64 that one household has of IPv6 (RFC 6177).

    None for an address that isn't public: behind a proxy that is not trusted all clients seem to be it.
    """
    try:
        address = ipaddress.ip_address(client or "")
    except ValueError:
        return None
    if not address.is_global:
        return None
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
