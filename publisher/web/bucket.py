"""How much may be asked for: so many at once, and so many in the long run."""

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
