"""What the built-in model offers for the words of a prompt."""

from __future__ import annotations

from vj.pocket.word_help import unknown_words, vocabulary
from vj.pocket.words import understand


def test_the_vocabulary_is_understood() -> None:
    for kind, names in vocabulary().items():
        assert len(names) > 5
        for name in names:
            assert understand(name).recognised, f"{kind}: {name}"
            assert unknown_words(name) == (), name


def test_unknown_words_come_with_the_nearest_known_ones() -> None:
    found = dict(unknown_words("a silvr lake, woodcutt, gold"))
    assert "silver" in found["silvr"]
    assert found["woodcutt"][0] == "woodcut"
    assert "gold" not in found
    assert "a" not in found
    assert any(word in found["lake"] for word in ("water", "river", "sea", "ocean")), found["lake"]


def test_a_word_is_not_offered_for_itself_and_a_long_text_ends() -> None:
    assert all(word not in offered for word, offered in unknown_words("brush volcano atoll"))
    assert len(unknown_words(" ".join(f"zq{chr(97 + n % 26)}{n}x" for n in range(900)))) <= 24
