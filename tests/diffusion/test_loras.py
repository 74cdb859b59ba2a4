"""LoRAs that are played, and words of textual inversions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import (
    SIZE,
    apart,
    at,
    guess,
    hint,
    load,
    lora,
    paint,
)
from tests.waiting import Stopwatch
from vj.diffusion.autotune import tune
from vj.diffusion.backends import StreamBackend
from vj.diffusion.model import Model
from vj.diffusion.model_spec import EmbeddingFile


def test_a_lora_is_played_from_nothing_to_full(plain: Model, inked: Model) -> None:
    bare = guess(plain)
    seen = {}
    for weight in (0.0, 0.5, 1.0):
        inked.follow(at(ink=weight))
        seen[weight] = guess(inked)
    assert apart(seen[0.0], bare) < 1e-5, "at 0 it is as if there were none"
    assert apart(seen[1.0], bare) > 1e-3
    assert 0 < apart(seen[0.5], bare) < apart(seen[1.0], bare)
    assert 0 < apart(seen[0.5], seen[1.0]) < apart(seen[1.0], bare), "half is between"


def test_two_loras_are_played_each_by_its_own_fader(plain: Model, inked: Model) -> None:
    seen = []
    for ink, gold in ((0, 0), (1, 0), (0, 1), (1, 1)):
        inked.follow(at(ink=ink, my_lora_train=gold))
        seen.append(guess(inked))
    assert apart(seen[0], guess(plain)) < 1e-5
    assert min(apart(one, two) for index, one in enumerate(seen) for two in seen[:index]) > 1e-3
    assert "lora ink, lora my_lora_train" in inked.describe()


def test_a_fader_moves_a_lora_between_two_frames(parts: Path) -> None:
    model = load(parts, loras=(lora(parts, "ink", 0.8),))
    backend = StreamBackend(model, SIZE, wait=True)
    first, again = (
        paint(backend, strength=0.7, lora__ink=0.8),
        paint(backend, strength=0.7, lora__ink=0.8),
    )
    assert torch.equal(first, again)
    moved = paint(backend, strength=0.7, lora__ink=0.2)
    assert apart(moved, first) > 1e-4
    assert torch.equal(paint(backend, strength=0.7, lora__ink=0.8), first), "and back"
    assert torch.equal(paint(backend, strength=0.7), first), (
        "a show without the parameter leaves the weight where it stands"
    )
    assert torch.equal(paint(backend, strength=0.7, lora__ink=0.80001), first), (
        "what nobody sees is not done"
    )


def test_the_text_part_of_a_lora_stays_at_its_start(parts: Path, plain: Model) -> None:
    seen = [load(parts, loras=(lora(parts, "words", weight),)) for weight in (0.0, 0.5, 1.0)]
    texts = [model.encode_text("gold").tokens for model in seen]
    assert apart(texts[0], plain.encode_text("gold").tokens) < 1e-5
    assert apart(texts[0], texts[1]) > 1e-4
    assert apart(texts[1], texts[2]) > 1e-4
    before = guess(seen[1])
    seen[1].follow(at(words=1.0))
    assert torch.equal(seen[1].encode_text("gold").tokens, texts[1])
    assert apart(guess(seen[1]), before) > 1e-4


def test_an_lcm_lora_is_fused_beside_those_that_are_played(parts: Path, inked: Model) -> None:
    fused = load(parts, lcm_lora=str(parts / "gold.safetensors"), loras=(lora(parts, "ink", 1.0),))
    inked.follow(at(ink=1.0, my_lora_train=1.0))
    assert apart(guess(fused), guess(inked)) < 1e-4, "fused or played, it does the same"
    fused.follow(at(ink=0.0))
    inked.follow(at(ink=0.0))
    assert apart(guess(fused), guess(inked)) < 1e-4, "only the one that is played can be taken back"


def test_the_ways_of_computing_are_tried_with_adapters_too_and_lose_nothing(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(parts, loras=(lora(parts, "ink"),), controlnet=str(parts / "controlnet"))
    led = ((hint().expand(2, -1, -1, -1),), 1.0)
    model.follow(at(ink=0.9))
    model.follow(at(ink=1.0))
    before, encode = guess(model, None, *led), Model.encode

    def dawdling(self: Model, image: Tensor) -> Tensor:
        watch.sleep(0.2 if self.dtype == torch.bfloat16 else 0)
        return encode(self, image)

    watch = Stopwatch()
    monkeypatch.setattr("vj.diffusion.autotune.time", watch)
    monkeypatch.setattr(Model, "encode", dawdling)
    tune(model, 64, 64)
    assert model.dtype == torch.float32
    assert apart(guess(model, None, *led), before) < 1e-6, (
        "what has been through bfloat16 is put back as it was"
    )
    model.follow(at(ink=0.0))
    assert apart(guess(model, None, *led), before) > 1e-3, (
        "the tuned copy is played, not the one before"
    )


@pytest.mark.parametrize(
    ("family", "file", "token", "called"),
    [
        ("lcm", "cat", None, "<cat-toy>"),
        ("lcm", "cat", "<mine>", "<mine>"),
        ("lcm", "three", None, "three"),
        ("sdxl", "catxl", "<cat-toy>", "<cat-toy>"),
    ],
)
def test_a_word_of_ones_own(
    parts: Path, plain: Model, family: str, file: str, token: str | None, called: str
) -> None:
    model = load(
        parts, family, embeddings=(EmbeddingFile(str(parts / f"{file}.safetensors"), token),)
    )
    without = plain if family == "lcm" else load(parts, family)
    new, old = (one.encode_text(f"a {called}") for one in (model, without))
    assert apart(new.tokens, old.tokens) > 1e-3, "it means something now"
    if old.pooled is not None and new.pooled is not None:
        assert apart(new.pooled, old.pooled) > 1e-4, "to both encoders of SDXL"
    assert apart(model.encode_text("a cat").tokens, without.encode_text("a cat").tokens) < 1e-5, (
        "other words are as they were"
    )
    assert called in model.describe()
