"""Pictures that are taken while a show plays: image prompts of a model with an IP-Adapter, colours
of the built-in models; the others say why not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, apart, picture
from tests.waiting import until
from vj.core.frame import Size
from vj.diffusion.backends import StreamBackend
from vj.diffusion.drawn_model import load_drawn
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.not_followed import LIVE_PICTURES
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.translator_backend import UNUSED
from vj.parameters.colours import parse_ramp
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.live_picture import TakenPicture
from vj.pocket.picture_colours import colours_of

START: dict[str, Value] = {
    "prompt/a": "gold",
    "strength": 0.8,
    "image/amount": 1.0,
    "prompt/travel": 0.4,
}
SMALL = Size(96, 96)


class Played:
    """A backend, frame by frame, ten a second."""

    def __init__(
        self,
        backend: StreamBackend,
        size: Size,
        entered: Tensor,
        more: dict[str, Value] | None = None,
    ) -> None:
        self.backend, self.store = backend, Store({**START, **(more or {})})
        self._black, self._entered, self._count = FrameContext.black(size), entered, 0

    def frame(self, taken: TakenPicture | None = None) -> Tensor:
        snapshot = self.store.sample(self._count / 10)
        self._count += 1
        context = replace(self._black, taken=taken)
        generated = self.backend.paint(self._entered.clone(), snapshot, context)
        assert generated is not None
        return torch.as_tensor(generated.picture).clone()

    def frames(self, taken: TakenPicture | None = None, count: int = 7) -> list[Tensor]:
        return [self.frame(taken) for _ in range(count)]


def steps(way: list[Tensor]) -> float:
    """The largest change from one frame to the next."""
    return max(apart(one, two) for one, two in pairwise(way))


def test_an_ip_adapter_takes_it_as_image_prompt_and_gives_it_back(
    parts: Path, shown: Model
) -> None:
    second = cv2.imread(str(parts / "b.png"), cv2.IMREAD_COLOR_RGB)
    assert second is not None
    played = Played(StreamBackend(shown, SIZE, wait=True), SIZE, picture())
    own = played.frame()
    way = played.frames(TakenPicture(second, 1, "guest"))
    assert apart(own, way[0]) < 1e-6, "no cut"
    assert steps(way) < 0.8 * apart(own, way[-1])
    aimed = Played(StreamBackend(shown, SIZE, wait=True), SIZE, picture())
    aimed.store.set("image/mix", 0.5)  # the show's second picture is the same
    assert apart(way[-1], aimed.frames(count=3)[-1]) < 1e-5
    back = played.frames()
    assert apart(way[-1], back[0]) < 1e-6
    assert torch.equal(back[-1], own)


def test_an_adapter_without_pictures_of_its_own_takes_one(
    parts: Path, shown: Model, plain: Model
) -> None:
    assert shown.adapters.image_prompts is not None
    own, shown.adapters.image_prompts.shown = shown.adapters.image_prompts.shown, []
    try:
        played = Played(StreamBackend(shown, SIZE, wait=True), SIZE, picture())
        bare = played.frame()
        assert apart(bare, Played(StreamBackend(plain, SIZE, True), SIZE, picture()).frame()) < 1e-5
        pixels = np.full((32, 32, 3), (200, 30, 30), np.uint8)
        assert apart(bare, played.frames(TakenPicture(pixels, 1, "input"))[-1]) > 1e-4
    finally:
        shown.adapters.image_prompts.shown = own


def drawn_played(more: dict[str, Value] | None = None, wait: bool = True) -> Played:
    rng = np.random.default_rng(1)
    scene = cv2.resize(rng.random((6, 6, 3), np.float32), SMALL, interpolation=cv2.INTER_CUBIC)
    entered = torch.from_numpy(scene.clip(0, 1) * 2 - 1).permute(2, 0, 1)[None].contiguous()
    backend = PocketBackend(load_drawn(ModelSpec("drawn")), SMALL, wait)
    return Played(backend, SMALL, entered, more)


def sunset() -> np.ndarray:
    made = np.zeros((90, 90, 3), np.uint8)
    made[:30], made[30:60], made[60:] = (40, 10, 60), (220, 60, 40), (255, 210, 120)
    return made


def test_the_built_in_model_takes_its_colours_and_they_travel_in() -> None:
    played = drawn_played()
    own = played.frame()
    taken = TakenPicture(sunset(), 1, "guest")
    way = played.frames(taken)
    assert apart(own, way[0]) < 0.01, "no cut"
    assert steps(way) < 0.6 * apart(own, way[-1])
    given = drawn_played({"palette/a": colours_of(sunset())}).frame()
    assert torch.equal(way[-1], given), "as if they had been given"
    listed = drawn_played({"prompt/list": '[["gold", 1.0]]'})
    assert torch.equal(listed.frames(taken)[-1], given)
    assert torch.equal(played.frames()[-1], own)


def test_live_quick_pictures_do_not_keep_each_other_from_being_found() -> None:
    played = drawn_played({"prompt/travel": 0.0}, wait=False)
    try:
        until(lambda: played.frame() is not None and played.backend.understood)
        own = played.frame()
        count = 0

        def changed() -> bool:
            nonlocal count
            count += 1
            pixels = sunset() + np.uint8(count % 16)
            return apart(played.frame(TakenPicture(pixels, count, "guest")), own) > 0.05

        until(changed)
        assert count > 1, "others came while the first was being looked at"
    finally:
        played.backend.close()


def test_colours_of_a_picture_rise_from_dark_to_bright() -> None:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 255, (60, 80, 3), np.uint8)
    foggy = cv2.addWeighted(noise, 0.05, np.full_like(noise, 150), 1, 0)
    for made in (sunset(), noise, foggy, np.full((20, 20, 3), 90, np.uint8)):
        ramp = parse_ramp(colours_of(made))
        assert ramp is not None
        light = [0.3 * red + 0.6 * green + 0.1 * blue for red, green, blue in ramp]
        assert light == sorted(light)
        assert light[0] < 0.3
        assert light[-1] > 0.7
    red, green, blue = np.array(parse_ramp(colours_of(sunset())))[2]
    assert red > 0.6 > 2 * green > blue


def test_models_without_a_use_for_it_say_why(plain: Model) -> None:
    reasons = StreamBackend(plain, SIZE, wait=True).unused
    assert {reasons[name] for name in LIVE_PICTURES} == {"the model has no IP-Adapter"}
    assert not set(LIVE_PICTURES) & set(drawn_played().backend.unused)
    assert "trained" in UNUSED["image/"]
