"""Reading free text by a list of known words: those of the built-in model, or of the learned
styles.

A phrase wins over the words in it; plurals, -ing, -ed and American spelling are found, and slips of
a letter or two. Negated words ("no gold", "without fire") are ignored. A free word is taken for the
known one nearest in meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import product
from typing import Generic, TypeVar

from vj.pocket.lexicon import NOTHING, STOP
from vj.pocket.spelling import CLAUSES, Words, bases, split
from vj.pocket.word_vectors import NearestWords

LONGEST = 4
"""Words in a phrase."""
LIMIT = 2000
"""Characters of a text that are read."""
GUESSES = 24
"""Unknown words whose meaning is guessed, at most."""
TYPO = 0.83
"""difflib's similarity from which an unknown word is taken for a misspelt known one."""
SHORTEST = 4
"""Letters of a word in which two that changed places, or a doubled one, are slips; in a longer one
others are, too."""
NEGATIONS = frozenset({"no", "not", "without", "never"})

OFFERED = 3
"""Known words that are offered for an unknown one, at most."""
CLOSE = 0.7
"""difflib's similarity from which a spelling is offered."""
OFFERED_NEAR = 0.4
"""Cosine from which a meaning is offered."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Match(Generic[Entry]):
    """A word or phrase of a text that was recognised. entry: what it stands for. like: the known
    word it is taken for, "" when it is known itself. after: the word behind it, "" for none."""

    read: str
    entry: Entry
    like: str = ""
    after: str = ""


def clauses_of(text: str) -> list[Words]:
    """The words of a text, clause by clause."""
    return [split(part) for part in CLAUSES.split(text[:LIMIT].replace("&", " and "))]


class KnownWords(Generic[Entry]):
    """Words and phrases, each with what it stands for."""

    def __init__(
        self,
        entries: Mapping[Words, Entry],
        near: Collection[str],
        associations: Mapping[str, str] = {},
        nothing: Collection[str] = NOTHING,
    ) -> None:
        """entries: by their simplest form. near: known words whose neighbours in meaning are taken
        for them. associations: free word -> the known one it is always taken for. nothing: words
        that mean nothing, and those near them neither."""
        self.entries = entries
        self._near, self._associations, self._nothing = near, associations, nothing
        self.spellings = frozenset(word for words in entries for word in words) | frozenset(
            associations
        )
        """Every word that occurs alone or in a phrase."""
        self._like = lru_cache(1024)(self._find_like)
        self._corrected = lru_cache(1024)(self._correct)

    @cached_property
    def nearest(self) -> NearestWords:
        """Finds the known word or phrase that a free one is near to in meaning. The first use reads
        the word vectors."""
        phrases = [" ".join(words) for words in self.entries if len(words) > 1]
        return NearestWords(phrases, self._near, self._nothing)

    def forms(self, words: Words) -> Iterable[Words]:
        """The ways several words may stand among the known ones."""
        spelt = self.spellings
        return product(
            *([base for base in bases(word) if base in spelt] or [word] for word in words)
        )

    def knows(self, text: str) -> bool:
        """A word or phrase is known as it is written, but for its ending."""
        return any(form in self.entries for form in self.forms(split(text)))

    def read(
        self, clauses: Sequence[Words], more: Mapping[Words, Entry] = {}
    ) -> tuple[list[Match[Entry]], list[Words]]:
        """The known words, in the order of the text, and the unknown words of each clause. Words
        misspelt are corrected. more: entries beside the known ones, for this text."""
        entries = {**self.entries, **more} if more else self.entries
        matches, free = self._read(clauses, entries)
        corrected = {
            word: self._corrected(word) for word in [w for words in free for w in words][:GUESSES]
        }
        if any(word != better for word, better in corrected.items()):
            clauses = [tuple(corrected.get(word, word) for word in words) for words in clauses]
            matches, free = self._read(clauses, entries)
        return matches, free

    def guess(self, clauses: Sequence[Words]) -> list[Match[Entry]]:
        """The known words that unknown ones are taken for."""
        matches: list[Match[Entry]] = []
        for words in clauses:
            place = 0
            while place < len(words) and place < GUESSES:
                pair = words[place : place + 2]
                like = self.nearest.phrase(pair) if len(pair) == 2 else None
                read = " ".join(pair) if like else words[place]
                like = like or self._like(words[place])
                if like:
                    name = self._associations.get(like, like)
                    matches.append(Match(read, self.entries[split(name)], like))
                place += 1 + read.count(" ")
        return matches

    def free_words(self, text: str) -> list[str]:
        """The words of a text that are not known as they are written, in their order; those that
        never mean anything left out."""
        free = self._read(clauses_of(text), self.entries)[1]
        return [word for words in free for word in words]

    def nearest_to(self, word: str) -> tuple[str, ...]:
        """The known words that an unknown one is nearest to, in spelling or in meaning; the nearest
        first."""
        spelt = get_close_matches(word, sorted(self.spellings), n=OFFERED, cutoff=CLOSE)
        meant = [
            known
            for known, cosine in self.nearest.ranked(word, 2 * OFFERED)
            if cosine >= OFFERED_NEAR and known not in self._nothing
        ]
        return tuple(dict.fromkeys(one for one in (*spelt, *meant) if one != word))[:OFFERED]

    def _read(
        self, clauses: Sequence[Words], entries: Mapping[Words, Entry]
    ) -> tuple[list[Match[Entry]], list[Words]]:
        matches: list[Match[Entry]] = []
        free: list[Words] = []
        for words in clauses:
            unknown: list[str] = []
            place, negated = 0, False
            while place < len(words):
                for length in range(min(LONGEST, len(words) - place), 0, -1):
                    part = words[place : place + length]
                    form = next((f for f in (part, *self.forms(part)) if f in entries), None)
                    if form is not None:
                        after = "".join(words[place + length : place + length + 1])
                        if not negated:
                            matches.append(Match(" ".join(part), entries[form], after=after))
                        break
                else:
                    length = 1
                    if words[place] not in STOP and not negated:
                        unknown.append(words[place])
                skipped = words[place] in STOP and form is None
                negated = words[place] in NEGATIONS or (negated and skipped)
                place += length
            free.append(tuple(unknown))
        return matches, free

    def _find_like(self, word: str) -> str:
        """The known word that a free one is taken for; "" for none."""
        for base in bases(word):
            if base in self._nothing:
                return ""
            if base in self._associations:
                return self._associations[base]
        if len(word) < 3 or word.isdigit():
            return ""
        return self.nearest.word(word) or ""

    def _correct(self, word: str) -> str:
        """A word with its spelling corrected, if it is neither known nor has a vector."""
        if (
            len(word) < SHORTEST
            or word in STOP
            or any(b in self._nothing or b in self.spellings for b in bases(word))
        ):
            return word
        if self.nearest.knows(word):
            return word
        if found := next((one for one in _without_a_slip(word) if one in self.spellings), ""):
            return found
        if len(word) == SHORTEST:
            return word
        known = [spelt for spelt in self.spellings if spelt[0] == word[0]]
        return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=TYPO)), word)


def _without_a_slip(word: str) -> Iterator[str]:
    """A word with two neighbouring letters changed, and with one of two equal ones left out."""
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in range(len(word) - 1):
        if word[i] == word[i + 1]:
            yield word[:i] + word[i + 1 :]
