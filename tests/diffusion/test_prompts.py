"""Embeddings: mixing, travelling, and a text encoder that is slow or chokes."""

from __future__ import annotations

import threading

import pytest
import torch

from tests.waiting import PATIENCE, until
from vj.diffusion.prompts import Embedding, blend
from vj.parameters.store import Store
from vj.pipeline.mixture_travel import PromptTravel, prompt_weights
from vj.pipeline.text_book import TextBook


def embedding(*values: float) -> Embedding:
    return Embedding(torch.tensor([[list(values)]]))


def encode(text: str) -> Embedding:
    generator = torch.Generator().manual_seed(sum(text.encode()))
    return Embedding(
        torch.randn(1, 4, 8, generator=generator), torch.randn(1, 6, generator=generator)
    )


def test_a_mixture_keeps_the_norm_of_its_tokens() -> None:
    mixed = blend([(embedding(3.0, 0.0), 0.5), (embedding(0.0, 5.0), 0.5)])
    assert float(mixed.tokens.norm()) == pytest.approx(4.0)
    one = embedding(1.0, 2.0)
    assert blend([(one, 0.7), (embedding(9.0, 9.0), 0.0)]) is one


def test_pooled_vectors_travel_too() -> None:
    mixed = blend([(encode("a"), 1), (encode("b"), 1)])
    assert mixed.pooled is not None
    assert not torch.equal(mixed.pooled, encode("a").pooled)


def test_mix_and_list_say_what_is_wanted() -> None:
    store = Store({"prompt/a": "gold", "prompt/b": "sea", "prompt/mix": 0.25})
    assert prompt_weights(store.sample(0)) == [("gold", 0.75), ("sea", 0.25)]
    store.set("prompt/list", '[["ice", 2], ["fire", 1]]')
    assert prompt_weights(store.sample(1)) == [("ice", 2.0), ("fire", 1.0)]


def test_a_new_text_arrives_in_the_time_given() -> None:
    store = Store({"prompt/a": "gold", "prompt/travel": 1.0})
    travel = PromptTravel(TextBook(encode, wait=True), blend)
    gold = travel.of(store.sample(0.0))
    store.set("prompt/a", "sea")
    way = [travel.of(store.sample(0.1 * i)) for i in range(1, 13)]
    sea = encode("sea")
    assert gold is not None
    apart = [float((e.tokens - sea.tokens).norm()) for e in way if e is not None]
    assert len(apart) == 12
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 0.9 * float((gold.tokens - sea.tokens).norm()), (
        "it starts where it was: no cut"
    )
    assert apart[-1] == pytest.approx(0, abs=1e-5)
    assert not travel.under_way


def test_a_text_that_changes_midway_goes_on_from_where_it_is() -> None:
    store = Store({"prompt/a": "gold", "prompt/travel": 1.0})
    travel = PromptTravel(TextBook(encode, wait=True), blend)
    travel.of(store.sample(0.0))
    store.set("prompt/a", "sea")
    travel.of(store.sample(0.0))
    before = travel.of(store.sample(0.5))
    store.set("prompt/a", "ice")
    after = travel.of(store.sample(0.5))
    assert before is not None
    assert after is not None
    assert torch.allclose(before.tokens, after.tokens, atol=1e-5)


def test_live_an_unknown_text_never_waits_and_the_last_one_stays() -> None:
    gate = threading.Event()
    gave_up: list[str] = []

    def slow(text: str) -> Embedding:
        if text == "sea" and not gate.wait(PATIENCE):
            gave_up.append(text)
        return encode(text)

    book = TextBook(slow, wait=False)
    store = Store({"prompt/a": "gold", "prompt/travel": 0.0})
    travel = PromptTravel(book, blend)
    until(lambda: travel.of(store.sample(0)) is not None)
    gold = travel.of(store.sample(0))
    store.set("prompt/a", "sea")
    held = travel.of(store.sample(1))
    assert held is gold
    assert not gave_up, "it waits for the encoder, which waits for the gate"
    gate.set()
    until(lambda: travel.of(store.sample(2)) is not gold)
    arrived = travel.of(store.sample(3))
    assert arrived is not None
    assert torch.equal(arrived.tokens, encode("sea").tokens)
    book.close()


def test_all_scenes_are_found_before_the_position_comes_to_them() -> None:
    found: list[str] = []

    def find(text: str) -> Embedding:
        found.append(text)
        return encode(text)

    texts = ["sea", "storm", "fire", "ash"]
    store = Store({"prompt/scenes": " | ".join(texts), "prompt/travel": 5.0})
    book = TextBook(find, wait=False)
    travel = PromptTravel(book, blend)
    until(lambda: travel.of(store.sample(0)) is not None and len(found) == 4)
    until(lambda: all(book.get(text) is not None for text in texts))
    travel.cut()
    for number, text in enumerate(texts):
        store.set("prompt/position", number / 3)
        store.sample(number + 0.5)
        made = travel.of(store.sample(number + 1))
        assert made is not None
        assert torch.equal(made.tokens, encode(text).tokens), "at once: it is no new text"
    assert not travel.under_way
    assert sorted(found) == sorted(texts)
    book.close()
