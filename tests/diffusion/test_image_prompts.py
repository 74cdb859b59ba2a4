"""IP-Adapters: pictures as prompts, the show's own and those of a walk."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.diffusion.adapter_parts import (
    SIZE,
    T,
    X,
    apart,
    at,
    load,
    lora,
    paint,
    pictured,
)
from tests.waiting import PATIENCE, until
from vj.core.errors import Fault
from vj.diffusion.backends import StreamBackend
from vj.diffusion.ip_adapter import WalkTokens, with_amount
from vj.diffusion.model import Model
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.key_painter import KeyPainter, key_strength
from vj.pipeline.latent_walk import WalkStep


def test_pictures_are_prompts_and_mix_as_texts_do(shown: Model, plain: Model) -> None:
    backend, pictures = StreamBackend(shown, SIZE, wait=True), shown.adapters.image_prompts
    assert pictures is not None
    bare = paint(StreamBackend(plain, SIZE, wait=True), strength=0.8)
    assert apart(paint(backend, strength=0.8, image__amount=0.0), bare) < 1e-5, (
        "amount 0 is as if there were no adapter"
    )
    seen = {
        mix: paint(backend, strength=0.8, image__amount=1.0, image__mix=mix)
        for mix in (0.0, 0.25, 0.5, 1.0)
    }
    assert apart(seen[0.0], bare) > 1e-4
    assert min(apart(seen[one], seen[two]) for one in seen for two in seen if one < two) > 1e-5
    for number, mix in enumerate((0.0, 0.5, 1.0)):
        assert torch.equal(pictures.at(mix), pictures.shown[number]), (
            "three pictures: the middle of the way is the second"
        )
    halves = pictures.at(0.25)
    norms = [
        float(one.norm(dim=-1).mean()) for one in (pictures.shown[0], halves, pictures.shown[1])
    ]
    assert min(norms[0], norms[2]) * 0.99 <= norms[1] <= max(norms[0], norms[2]) * 1.01, (
        "mixed, they are not paler"
    )
    half = paint(backend, strength=0.8, image__amount=0.5)
    assert 0 < apart(half, bare) < apart(seen[0.0], bare)


def test_a_picture_alone_or_first_of_three_is_the_same(parts: Path, shown: Model) -> None:
    alone_there = load(parts, **pictured(parts, image_prompts=(str(parts / "a.png"),)))
    first = paint(StreamBackend(shown, SIZE, wait=True), strength=0.8, image__mix=0.0)
    assert torch.equal(
        first, paint(StreamBackend(alone_there, SIZE, wait=True), strength=0.8, image__mix=0.7)
    )


def test_the_pictures_of_a_walk_are_its_image_prompts(
    parts: Path, shown: Model, plain: Model
) -> None:
    """At the ends of a leg their own tokens, midway those of both; a model without an adapter walks
    in its latents alone."""
    one, two = (cv2.imread(str(parts / f"{name}.png"), cv2.IMREAD_COLOR_RGB) for name in "ab")
    assert one is not None
    assert two is not None
    pictures = shown.adapters.image_prompts
    assert pictures is not None
    tokens = WalkTokens(shown.encode_image_prompt, True, print)
    for share, wanted in ((0.0, pictures.shown[0]), (1.0, pictures.shown[1])):
        found = tokens.at(one, two, share, (one, two))
        assert found is not None
        assert torch.equal(found, wanted)
    halfway = tokens.at(one, two, 0.5, (one, two))
    assert halfway is not None
    assert min(apart(halfway, pictures.shown[0]), apart(halfway, pictures.shown[1])) > 1e-4
    small = [cv2.resize(picture, SIZE) for picture in (one, two)]
    seen = {}
    for name, model in (("with", shown), ("without", plain)):
        for amount in (0.0, 1.0):
            context = FrameContext(
                small[0], 0, 0.0, small[0], walk=WalkStep(small[0], small[1], 0.5)
            )
            values = {
                "strength": 0.8,
                "image/amount": amount,
                "feedback/amount": 0,
                "prompt/a": "gold",
            }
            generated = StreamBackend(model, SIZE, wait=True).paint(
                torch.zeros(1, 3, SIZE.height, SIZE.width), Store(values).sample(0.0), context
            )
            assert generated is not None
            seen[name, amount] = generated.picture
    assert apart(seen["with", 0.0], seen["without", 0.0]) < 1e-5
    assert apart(seen["with", 1.0], seen["with", 0.0]) > 1e-4
    assert torch.equal(seen["without", 0.0], seen["without", 1.0])


def test_a_key_picture_is_painted_of_the_walks_pictures_alone(
    parts: Path, shown: Model, plain: Model
) -> None:
    """At strength 1, of the tokens of its place on the way."""
    one, two = (cv2.imread(str(parts / f"{name}.png"), cv2.IMREAD_COLOR_RGB) for name in "ab")
    assert one is not None
    assert two is not None
    ends = cv2.resize(one, SIZE), cv2.resize(two, SIZE)
    snapshot = Store({"image/amount": 1.0, "prompt/a": "gold"}).sample(0.0)
    backend = StreamBackend(shown, SIZE, wait=True)
    assert key_strength(backend, snapshot, 0.3) == 1
    assert key_strength(StreamBackend(plain, SIZE, wait=True), snapshot, 0.3) == 0.3
    painter, made = KeyPainter(backend), []
    for share in (0.25, 0.75):
        key = None
        while key is None:
            key = painter.step(ends[0], snapshot, 1.0, WalkStep(*ends, 0.0, ends), share)
        made.append(key.astype(int))
    assert np.abs(made[0] - made[1]).mean() > 0.05
    painter.close()
    backend.close()


def test_live_the_tokens_of_a_walk_are_made_ahead_and_a_failure_is_no_end() -> None:
    release = threading.Event()
    made: list[int] = []
    messages: list[str] = []

    def encode(picture: np.ndarray) -> Tensor:
        release.wait(PATIENCE)
        if picture[0, 0, 0] == 3:
            raise RuntimeError("no memory")
        made.append(int(picture[0, 0, 0]))
        return torch.full((1, 2, 4), float(picture[0, 0, 0]))

    chain = tuple(np.full((4, 4, 3), value, np.uint8) for value in (1, 2, 3))
    tokens = WalkTokens(encode, False, messages.append)
    assert tokens.at(chain[0], chain[1], 0.0, chain) is None
    assert tokens.pending()
    release.set()
    until(lambda: not tokens.pending(), lambda: messages)
    assert made == [1, 2], "the next leg's picture too, before it is needed"
    assert float(tokens.at(chain[0], chain[1], 0.0, chain).mean()) == 1.0  # type: ignore[union-attr]
    assert float(tokens.at(chain[1], chain[2], 0.5, chain).mean()) == 2.0, (
        "what could not be made is left out"
    )  # type: ignore[union-attr]
    until(lambda: messages)
    assert messages == ["image prompt: RuntimeError: no memory"]
    tokens.close()


def test_any_picture_can_be_made_a_prompt_later(parts: Path, shown: Model, plain: Model) -> None:
    drawn = cv2.imread(str(parts / "b.png"), cv2.IMREAD_COLOR_RGB)
    assert drawn is not None
    pictures = shown.adapters.image_prompts
    assert pictures is not None
    assert torch.equal(shown.encode_image_prompt(drawn), pictures.shown[1])
    with pytest.raises(Fault, match="only with an ip_adapter"):
        plain.encode_image_prompt(drawn)


def test_what_diffusers_itself_makes_of_an_image_prompt(parts: Path, shown: Model) -> None:
    """The same adapter put in by diffusers, with its scale."""
    theirs = load(parts).pipe
    state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for key, value in load_file(parts / "ip.safetensors").items():
        part, _, name = key.partition(".")
        state[part][name] = value
    theirs.load_ip_adapter(state, subfolder="", weight_name="", image_encoder_folder=None)
    theirs.set_ip_adapter_scale(0.7)
    pictures, text = shown.adapters.image_prompts, shown.encode_text("gold")
    assert pictures is not None
    pixels = pictures.processor(
        images=cv2.imread(str(parts / "a.png"), cv2.IMREAD_COLOR_RGB), return_tensors="pt"
    ).pixel_values
    seen = pictures.encoder(pixels).image_embeds[None]
    with torch.no_grad():
        expected = theirs.unet(
            X[:1], T[:1], text.tokens, added_cond_kwargs={"image_embeds": [seen]}, return_dict=False
        )[0]
    ours = shown.unet(X[:1], T[:1], replace(text, image=with_amount(pictures.shown[0], 0.7)))
    assert apart(ours, expected) < 1e-5


def test_a_negative_prompt_goes_with_no_picture(shown: Model) -> None:
    pictures, text, snapshot = (
        shown.adapters.image_prompts,
        shown.encode_text("blurry"),
        Store({"image/amount": 0.5}).sample(0),
    )
    assert pictures is not None
    against = shown.adapters.with_image_prompt(text, snapshot, against=True).image
    assert against is not None
    assert torch.equal(against, with_amount(pictures.blank, 0.5))
    assert torch.equal(pictures.blank, pictures.projection(torch.zeros(1, 12)))


def test_a_plus_adapter_looks_at_the_patches(parts: Path) -> None:
    model = load(parts, **pictured(parts, ip_adapter=str(parts / "ip-plus.safetensors")))
    backend = StreamBackend(model, SIZE, wait=True)
    seen = [paint(backend, strength=0.8, image__amount=1.0, image__mix=mix) for mix in (0.0, 0.5)]
    assert apart(*seen) > 1e-5
    paint(backend, strength=0.8, guidance=1.5, prompt__negative="blurry")


def test_sdxl_takes_all_of_it_at_once_in_any_size(parts: Path) -> None:
    led = {"controlnet": str(parts / "xl-controlnet"), "t2i_adapter": str(parts / "xl-t2i")}
    model = load(
        parts,
        "xl",
        loras=(lora(parts, "xl-ink", called="ink"),),
        **pictured(parts, ip_adapter=str(parts / "xl-ip.safetensors")),
        **led,
    )
    text, plain = model.encode_text("gold"), load(parts, "xl")
    assert model.adapters.image_prompts is not None
    image = with_amount(model.adapters.image_prompts.shown[0], 1.0)
    for height, width in ((8, 8), (9, 7)):
        x, drawn = torch.randn(1, 4, height, width), torch.rand(1, 3, 8 * height, 8 * width)
        bare = plain.unet(x, T[:1], text)
        model.follow(at(ink=0.0))
        assert apart(model.unet(x, T[:1], text, (drawn,), 0.0), bare) < 1e-5
        assert apart(model.unet(x, T[:1], text, (drawn,)), bare) > 1e-3
        assert apart(model.unet(x, T[:1], replace(text, image=image)), bare) > 1e-4
        model.follow(at(ink=1.0))
        assert apart(model.unet(x, T[:1], text), bare) > 1e-4
