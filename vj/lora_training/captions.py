"""The sentences that stand beside the frames while a LoRA is trained, and those of the pictures
that a model of few steps paints for itself.

All frames of a clip share one word, and nothing else is known of them. It is put into a few
sentences of the kind that people type, so that the word is learned and not one sentence.
"""

from __future__ import annotations

from vj.core.errors import Fault

LONGEST = 60
"""Letters of a word: a text encoder takes 77 tokens, and the longest sentence needs a dozen."""
SENTENCES = (
    "{}",
    "a picture of {}",
    "a photograph of {}",
    "{}, a still from a film",
    "a close view of {}",
    "{}, soft light",
)
GENERAL = (
    "a portrait of a woman looking into the camera",
    "an old man laughing, close view",
    "two people dancing in a dark room",
    "a street at night in the rain, neon lights",
    "a quiet lake between mountains, morning fog",
    "waves breaking on a rocky shore",
    "a bowl of fruit on a wooden table",
    "a fox in the snow",
    "a city seen from above",
    "an abstract painting, bold colours",
    "a pencil drawing of a hand",
    "a field of flowers under a blue sky",
    "a cathedral seen from inside, light through coloured glass",
    "a red car on a desert road",
    "smoke and fire on black",
    "a macro photograph of an insect on a leaf",
)
"""What anybody might type: people, places, things, drawings."""


def captions_of(word: str) -> tuple[str, ...]:
    """The sentences for frames that a word stands for. Raises Fault for a word that no prompt could
    hold."""
    word = " ".join(word.split())
    if not any(letter.isalnum() for letter in word):
        raise Fault(
            f"word {word!r}: has no letters; a LoRA needs the word that prompts will say, "
            "like --word kissfilm"
        )
    if len(word) > LONGEST:
        raise Fault(
            f"word {word[:20]!r}...: has {len(word)} letters; at most {LONGEST} are read well, one "
            "or two words do best"
        )
    return tuple(sentence.format(word) for sentence in SENTENCES)
