"""The shows have a recipe for Stable Diffusion models in plain words, and none of the built-in
model's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from vj.app.chosen import NOTHING, played
from vj.pocket.lexicon import MODIFIERS, PALETTES, TECHNIQUE_WORDS
from vj.show.find import FIRST_SHOW
from vj.show.load import load_show
from vj.show.schema import Show

NINE = (
    *("kiss_crash", "me_kissing_me", "crash_me_gently", "artwalk", "performer"),
    *("sketch", "puppetry", "dream", "touchdesigner"),
)
POCKET_WORDS = {
    word
    for words in (
        *(words for words, _ in PALETTES.values()),
        *TECHNIQUE_WORDS.values(),
        *MODIFIERS.values(),
        (*PALETTES, *TECHNIQUE_WORDS, *MODIFIERS),
    )
    for word in words
}


def texts_of(show: Show) -> Iterator[str]:
    """Everything that a show tells its model, as it plays."""
    values = [show.start, *(cue.set for cue in show.cues)]
    for given in values:
        for name, value in given.items():
            if name.removeprefix("background/").startswith("prompt") and isinstance(value, str):
                yield value
    yield from (scene.prompt for scene in show.prompts)


@pytest.mark.parametrize("name", NINE)
def test_a_stable_diffusion_model_is_told_nothing_in_the_words_of_the_built_in_one(
    name: str,
) -> None:
    show = load_show(FIRST_SHOW.parent / f"{name}.yaml", {"model": "owner/some-diffusion-model"})
    there = played(show, NOTHING)
    assert there.recipe == "sd"
    texts = list(texts_of(there))
    assert texts, "it is told something"
    for text in texts:
        words = " ".join(re.findall(r"[\w-]+", text.lower()))
        found = {word for word in POCKET_WORDS if re.search(rf"\b{re.escape(word)}s?\b", words)}
        assert not found, f"{name}: {text}"
    assert set(texts).isdisjoint(texts_of(show.with_recipe(None)))
