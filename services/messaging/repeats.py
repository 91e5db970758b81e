"""What is said again and again: the first time it is passed on, then once in a while, with how often it was said."""

from collections.abc import Callable

EVERY_SECONDS = 600.0
SAYINGS_MAX = 1000
"""Different things said of one subject that are passed on in that time; what is beyond is held back."""


class Repeats:
    """Tells which of many sayings are news. What is said belongs to a subject, of which it may one day be over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said: dict[str, dict[str, tuple[float, int]]] = {}
        self._beyond: dict[str, int] = {}

    def times(self, subject: str, saying: str) -> int:
        """Note that something was said; return how often since it was last passed on, 0 if it is not to be now."""
        now = self._clock()
        said = self._said.setdefault(subject, {})
        if saying not in said and len(said) >= SAYINGS_MAX:
            said = self._said[subject] = {key: last for key, last in said.items() if now - last[0] < EVERY_SECONDS}
            if len(said) >= SAYINGS_MAX:
                self._beyond[subject] = self._beyond.get(subject, 0) + 1
                return 0
        passed_on, held_back = said.get(saying, (now - EVERY_SECONDS, 0))
        is_news = now - passed_on >= EVERY_SECONDS
        said[saying] = (now, 0) if is_news else (passed_on, held_back + 1)
        return held_back + 1 if is_news else 0

    def over(self, subject: str) -> int:
        """Forget what was said of a subject, so that it is news again; return how often it was held back."""
        held_back = sum(count for _, count in self._said.pop(subject, {}).values())
        return held_back + self._beyond.pop(subject, 0)
