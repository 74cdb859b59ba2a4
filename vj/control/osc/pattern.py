"""OSC address patterns (OSC 1.0: `?`, `*`, `[a-z]`, `[!a]`, `{this,that}`), matched in bounded
time.

Each part between slashes is matched by itself, and by following all possible places in the text at
once, so nothing backtracks: at most (length of the pattern) x (length of the address) steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

SPECIAL = frozenset("*?[{")
KNOWN, LONGEST = 256, 256
"""Patterns in the cache, and how many characters they have at most."""

Step = Callable[[str, set[int]], set[int]]
"""(text, places reached so far) -> places reached after this piece of the pattern."""


def is_pattern(address: str) -> bool:
    """Whether an address contains wildcards."""
    return not SPECIAL.isdisjoint(address)


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """The addresses that a pattern matches, in their order. A pattern with an unclosed bracket
    matches none."""
    try:
        parts = [_compile(part) for part in pattern.split("/")]
    except ValueError:
        return []
    return [address for address in addresses if _match(parts, address.split("/"))]


class PatternMatcher:
    """Matches patterns against a set of addresses, with a cache: matching takes a third of a
    millisecond, and a bundle of the same pattern a thousand times kept OSC busy for a third of a
    second."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self._known: dict[str, list[str]] = {}

    def matching(self, pattern: str) -> list[str]:
        """Like `matching`. From any thread; the list must not be changed."""
        found = self._known.get(pattern)
        if found is None:
            found = matching(pattern, self._addresses)
            if len(self._known) >= KNOWN:
                self._known.clear()
            if len(pattern) <= LONGEST:
                self._known[pattern] = found
        return found


def _match(parts: list[list[Step]], texts: list[str]) -> bool:
    return len(parts) == len(texts) and all(
        _match_part(steps, text) for steps, text in zip(parts, texts, strict=True)
    )


def _match_part(steps: list[Step], text: str) -> bool:
    places = {0}
    for step in steps:
        places = step(text, places)
        if not places:
            return False
    return len(text) in places


def _compile(part: str) -> list[Step]:
    """Raises ValueError for brackets that are not closed."""
    steps: list[Step] = []
    place = 0
    while place < len(part):
        letter = part[place]
        if letter == "*":
            if part[place - 1 : place] != "*":  # many stars are one
                steps.append(lambda text, places: set(range(min(places), len(text) + 1)))
        elif letter == "?":
            steps.append(lambda text, places: {at + 1 for at in places if at < len(text)})
        elif letter == "[":
            end = part.index("]", place)
            steps.append(_letters(part[place + 1 : end]))
            place = end
        elif letter == "{":
            end = part.index("}", place)
            steps.append(_words(part[place + 1 : end].split(",")))
            place = end
        else:
            steps.append(_words([letter]))
        place += 1
    return steps


def _letters(inside: str) -> Step:
    negated, inside = inside.startswith("!"), inside.removeprefix("!")
    wanted: set[str] = set()
    place = 0
    while place < len(inside):
        if inside[place + 1 : place + 2] == "-" and place + 2 < len(inside):
            wanted |= {
                chr(code)
                for code in range(ord(inside[place]), min(ord(inside[place + 2]), 127) + 1)
            }
            place += 3
        else:
            wanted.add(inside[place])
            place += 1
    return lambda text, places: {
        at + 1 for at in places if at < len(text) and (text[at] in wanted) != negated
    }


def _words(words: list[str]) -> Step:
    return lambda text, places: {
        at + len(word) for at in places for word in words if text.startswith(word, at)
    }
