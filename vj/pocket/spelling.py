"""A text's words, and the ways each may stand in a list of simple forms."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

Words = tuple[str, ...]

CLAUSES = re.compile(r"[,;.:!?()\[\]{}\"\n/|+]+")


def split(text: str) -> Words:
    """A text's words: lower case, without accents, hyphens as spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("'", "").replace("’", "")
    return tuple(
        re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    )


@lru_cache(4096)
def bases(word: str) -> Words:
    """The ways a word may stand in the lexicon: as it is, in British spelling, without its
    ending."""
    british = re.sub(r"(col|vap|arm|glam)or", r"\1our", word).replace("gray", "grey")
    found = [british]
    for ending, replaced in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if (
            british.endswith(ending)
            and len(british) - len(ending) > 2
            and not british.endswith("ss")
        ):
            found.append(british.removesuffix(ending) + replaced)
    for ending in ("ing", "ed"):
        base = british.removesuffix(ending)
        if base != british and len(base) > 2:
            found += [base, base + "e"]
            if base[-1] == base[-2]:
                found.append(base[:-1])
    return tuple(dict.fromkeys(found))
