"""Walks between pictures, drawn lines, the empty source, and shapes of pictures: what goes into the
model."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.tiny_models import make_model
from vj.app.setup import native_side, painted_size
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Aspect, BlankFrame, Frame, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.diffusion.walk_latents import between
from vj.parameters.store import Snapshot, Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.latent_walk import LatentWalk
from vj.pipeline.line_art import mixed, xdog
from vj.pipeline.preprocess import lost
from vj.pocket import FILE, WEIGHTS
from vj.show.load import ShowFaults, check_show
from vj.sources import SourceSettings, make_source

SIDE = 64


def picture(kind: int) -> np.ndarray:
    """Three pictures that have little in common."""
    out = np.full((SIDE, SIDE, 3), ((200, 60, 40), (30, 40, 120), (220, 220, 200))[kind], np.uint8)
    if kind == 0:
        cv2.circle(out, (20, 40), 14, (250, 220, 80), -1)
    else:
        cv2.rectangle(out, (8, 8 + 20 * kind), (56, 24 + 16 * kind), (90, 200, 160), -1)
    return out


CHAIN = tuple(picture(kind) for kind in range(3))


def sampled(time: float = 0.0, **values: object) -> Snapshot:
    return Store({name.replace("__", "/"): value for name, value in values.items()}).sample(time)


def places(seconds: float, rate: float = 10, **values: object) -> list[float]:
    """Where a walk through CHAIN stands, frame by frame, curves in it."""
    walker = LatentWalk(Size(SIDE, SIDE), "crop")
    values = {"walk__ease": "linear", "walk__leg": 2.0, **values}
    out = []
    for number in range(round(seconds * rate) + 1):
        step = walker.at(CHAIN, sampled(number / rate, **values))
        leg = next(i for i, known in enumerate(walker._prepared) if known is step.one)
        out.append(leg + step.share)
    return out


def test_a_walk_takes_its_time_for_each_leg_and_stays_at_its_end() -> None:
    found = places(5)
    assert found[0] == 0
    assert found[10] == pytest.approx(0.5)
    assert found[20] == pytest.approx(1.0)
    assert found[30] == pytest.approx(1.5)
    assert found[40:] == pytest.approx([2.0] * 11)


def test_a_walk_back_turns_at_both_ends() -> None:
    found = places(9, walk__end="back")
    assert found[50] == pytest.approx(1.5)
    assert found[80] == pytest.approx(0.0, abs=1e-6)
    assert found[90] == pytest.approx(0.5)


def test_however_long_a_step_a_walk_back_stays_on_its_way() -> None:
    walker = LatentWalk(Size(SIDE, SIDE), "crop")
    values = {"walk__leg": 1.0, "walk__end": "back", "walk__ease": "linear"}
    walker.at(CHAIN, sampled(0.0, **values))
    for time, place in ((5.5, 1.5), (6.0, 2.0), (6.5, 1.5), (20.25, 0.25)):
        step = walker.at(CHAIN, sampled(time, **values))
        leg = next(i for i, known in enumerate(walker._prepared) if known is step.one)
        assert leg + step.share == pytest.approx(place)


def test_a_walk_round_goes_from_the_last_to_the_first() -> None:
    walker = LatentWalk(Size(SIDE, SIDE), "crop")
    for number in range(51):
        step = walker.at(
            CHAIN, sampled(number / 10, walk__leg=2.0, walk__end="round", walk__ease="linear")
        )
    assert step.one is walker._prepared[2]
    assert step.two is walker._prepared[0]
    assert step.share == pytest.approx(0.5)


def test_each_leg_has_its_own_curve() -> None:
    found = places(4, walk__ease="linear, s-curve")
    assert found[5] == pytest.approx(0.25)
    assert found[25] == pytest.approx(1 + 0.25**2 * (3 - 0.5))


def test_a_curve_nobody_knows_is_reported() -> None:
    with pytest.raises(Fault, match="no such curve"):
        Store().set("walk/ease", "s-curve, wobbly")


def test_by_hand_the_position_leads() -> None:
    walker = LatentWalk(Size(SIDE, SIDE), "crop")
    for position, leg, share in ((0, 0, 0), (0.25, 0, 0.5), (0.75, 1, 0.5), (1, 1, 1)):
        step = walker.at(
            CHAIN, sampled(walk__leg=0.0, walk__position=position, walk__ease="linear")
        )
        assert step.one is walker._prepared[leg]
        assert step.share == pytest.approx(share)


@pytest.mark.parametrize("ease", ["s-curve", "logit", "linear", "logistic"])
def test_an_even_walk_changes_as_much_with_every_frame_and_takes_the_same_time(ease: str) -> None:
    """The thing painted flips in mid-leg, as a diffusion model's picture does: a plain walk jumps
    there."""

    def flip(share: float) -> float:
        return float(1 / (1 + np.exp(-12 * (share - 0.5))))

    uneven, ends = [], []
    for even in (0.0, 1.0):
        walker, shown, arrived = LatentWalk(Size(SIDE, SIDE), "crop"), [], None
        for number in range(130):
            step = walker.at(
                CHAIN, sampled(number / 30, walk__leg=2.0, walk__ease=ease, walk__even=even)
            )
            painted = cv2.addWeighted(step.one, 1 - flip(step.share), step.two, flip(step.share), 0)
            shown.append(painted.astype(int))
            walker.observe(painted)
            if arrived is None and walker.position >= 2:
                arrived = number / 30
        moved = [np.abs(b - a).mean() for a, b in itertools.pairwise(shown)][
            : round(30 * (arrived or 4))
        ]
        uneven.append(np.std(moved) / np.mean(moved))
        ends.append(arrived)
    assert uneven[1] < 0.65
    if ease in ("s-curve", "linear"):
        assert uneven[1] < 0.65 * uneven[0]
    assert ends[1] == pytest.approx(4.0, abs=0.3)


def test_a_walk_source_brings_its_pictures_and_says_what_it_lacks(tmp_path: Path) -> None:
    for index, kind in enumerate(CHAIN):
        cv2.imwrite(str(tmp_path / f"{index}.png"), kind[..., ::-1])
    uri = "walk:" + ",".join(str(tmp_path / f"{index}.png") for index in range(3))
    source = make_source(uri, SourceSettings(FrameClock(30), size=Size(SIDE, SIDE)))
    source.open()
    frame = source.read()
    assert frame is not None
    assert [np.array_equal(a, b) for a, b in zip(frame.chain, CHAIN, strict=True)] == [True] * 3
    source.close()
    with pytest.raises(Fault, match=r"walk:.*gone.png: there is no such file"):
        make_source(
            f"walk:{tmp_path}/0.png,{tmp_path}/gone.png", SourceSettings(FrameClock(30))
        ).open()
    with pytest.raises(Fault, match="two pictures or more"):
        make_source("walk:one.png", SourceSettings(FrameClock(30)))


@pytest.fixture(scope="module")
def pocket() -> PocketModel:
    return load_pocket(ModelSpec("pocket"), WEIGHTS / FILE, torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def latent(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model with latents, as Stable Diffusion has them."""
    folder = make_model(tmp_path_factory.mktemp("walks") / "tiny-turbo", "turbo")
    return load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))


def travelled(
    model: Model | PocketModel, frames: list[Frame], **values: object
) -> list[np.ndarray]:
    size = Size(SIDE, SIDE)
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    kind = PocketBackend if isinstance(model, PocketModel) else StreamBackend
    pipeline.swap(kind(model, size, wait=True))
    store = Store(
        {
            "blend/smoothing": 0,
            "feedback/amount": 0,
            **{name.replace("__", "/"): value for name, value in values.items()},
        }
    )
    shown = [pipeline.process(frame, store.sample(frame.captured)).picture for frame in frames]
    pipeline.close()
    return shown


def walk_frames(count: int, rate: float = 10) -> list[Frame]:
    return [WalkFrame(CHAIN[0], number, number / rate, CHAIN) for number in range(count)]


def test_a_walk_starts_at_its_first_picture_and_ends_at_its_last_in_the_models_own_space(
    pocket: PocketModel,
) -> None:
    """At its ends the model is given exactly what it is given for the picture alone."""
    walked = travelled(
        pocket, walk_frames(42), walk__leg=2.0, strength=0.3, prompt__a="watercolour, rose"
    )
    alone = [
        travelled(pocket, [Frame(kind, 0, 0.0)], strength=0.3, prompt__a="watercolour, rose")[0]
        for kind in CHAIN
    ]
    assert np.abs(walked[0].astype(int) - alone[0]).max() <= 1
    assert np.abs(walked[-1].astype(int) - alone[-1]).max() <= 1
    assert np.abs(walked[20].astype(int) - alone[1]).max() <= 1


def test_midway_the_latents_are_between_and_not_the_pixels(latent: Model) -> None:
    with torch.no_grad():
        one, two = (
            latent.encode(
                torch.from_numpy(kind.copy()).float().div(127.5).sub(1).permute(2, 0, 1)[None]
            )
            for kind in CHAIN[:2]
        )
        middle = between(one, two, 0.5)
        wanted = (
            latent.decode(middle)[0]
            .permute(1, 2, 0)
            .mul(0.5)
            .add(0.5)
            .clamp(0, 1)
            .mul(255)
            .round()
            .numpy()
        )
    shown = travelled(
        latent,
        [WalkFrame(CHAIN[0], 0, 0.0, CHAIN)],
        walk__leg=0.0,
        walk__position=0.25,
        walk__ease="linear",
        strength=0.0,
    )[0]
    assert np.abs(shown.astype(int) - wanted).max() <= 1
    assert np.abs(shown.astype(int) - cv2.addWeighted(CHAIN[0], 0.5, CHAIN[1], 0.5, 0)).mean() > 2
    assert torch.allclose(middle.norm(dim=1), (one.norm(dim=1) + two.norm(dim=1)) / 2, atol=1e-4)


def test_feedback_reaches_a_walk_too(pocket: PocketModel) -> None:
    still = {"walk__leg": 0.0, "strength": 0.3, "prompt__a": "ocean"}
    plain, fed = (
        travelled(pocket, walk_frames(3), **still, feedback__amount=amount)[-1].astype(int)
        for amount in (0.0, 0.6)
    )
    assert np.abs(plain - fed).mean() > 1


def test_without_an_input_what_is_fed_back_is_all_there_is(pocket: PocketModel) -> None:
    """Mixed with grey, a dream would fade frame by frame."""
    grey = np.full((SIDE, SIDE, 3), 127, np.uint8)
    values = {"strength": 0.0, "feedback__amount": 0.5, "prompt__a": "marble"}
    size = Size(SIDE, SIDE)
    shown = {}
    for blank in (True, False):
        pipeline = FramePipeline(size, "crop", Metrics(), print)
        store = Store(
            {
                "blend/smoothing": 0,
                **{name.replace("__", "/"): value for name, value in values.items()},
            }
        )
        pipeline.backend.compositor.take_over(picture(0).astype(np.float32) / 255)
        for number in range(10):
            shown[blank] = pipeline.process(
                (BlankFrame if blank else Frame)(grey, number, number / 30),
                store.sample(number / 30),
            ).picture
        pipeline.close()
    alike = np.corrcoef(shown[True].ravel(), picture(0).ravel())[0, 1]
    assert alike > 0.97
    assert shown[True].std() > 0.7 * picture(0).std()
    assert shown[False].std() < 0.3 * picture(0).std()


def test_a_dream_neither_fades_nor_burns() -> None:
    """Without a picture to be like, contrast and brightness are led to ordinary ones, from
    whichever side."""
    grey = np.full((SIDE, SIDE, 3), 127, np.uint8)
    store = Store({"blend/smoothing": 0, "feedback/amount": 0.9, "feedback/zoom": 1.02})
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.random((SIDE, SIDE, 3), dtype=np.float32), (0, 0), 5) - 0.5
    for middle, depth in ((0.1, 0.3), (0.9, 0.3), (0.5, 12.0)):
        pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), print)
        pipeline.backend.compositor.take_over(
            np.clip(middle + depth * grain, 0, 1).astype(np.float32)
        )
        for number in range(90):
            shown = pipeline.process(
                BlankFrame(grey, number, number / 30), store.sample(number / 30)
            ).picture
        pipeline.close()
        light = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
        assert 80 < light.mean() < 150
        assert 25 < light.std() < 80


def test_lines_are_drawn_where_edges_are_and_nowhere_else() -> None:
    drawn = xdog(cv2.GaussianBlur(picture(0), (3, 3), 0), 0.8, 0.5)
    circle = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(circle, (20, 40), 14, 255, 3)
    near = cv2.dilate(circle, np.ones((3, 3), np.uint8)) > 0
    assert (drawn < 128).sum() > 40
    assert drawn[~near].min() > 200
    assert xdog(np.full((SIDE, SIDE, 3), 90, np.uint8), 0.8, 0.5).min() > 240


def test_more_detail_draws_more_and_broader_lines_are_broader() -> None:
    rng = np.random.default_rng(3)
    soft = cv2.GaussianBlur(rng.integers(0, 255, (128, 128, 3)).astype(np.uint8), (0, 0), 1.5)
    soft = cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX)
    ink = [int((xdog(soft, 0.8, detail) < 128).sum()) for detail in (0.1, 0.5, 0.9)]
    assert ink[0] < ink[1] < ink[2]
    edge = cv2.GaussianBlur(cv2.resize(picture(0)[..., 1:2].repeat(3, 2), (256, 256)), (0, 0), 1.0)
    assert (xdog(edge, 2.5, 0.7) < 128).sum() > 1.5 * (xdog(edge, 0.8, 0.7) < 128).sum() > 100


def test_lines_are_what_the_model_is_shown_and_the_dry_picture_stays() -> None:
    snapshot = sampled(lines__amount=1.0)
    assert mixed(picture(0), sampled()).tobytes() == picture(0).tobytes()
    seen = mixed(picture(0), snapshot)
    assert (seen[..., 0] == seen[..., 1]).all()
    inverted = mixed(picture(0), sampled(lines__amount=1.0, lines__invert=True))
    assert np.array_equal(seen, 255 - inverted)
    pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), print)
    for wet, wanted in ((1.0, seen), (0.0, picture(0))):
        store = Store(
            {"lines/amount": 1.0, "mix/wet": wet, "feedback/amount": 0, "blend/smoothing": 0}
        )
        assert np.array_equal(
            pipeline.process(Frame(picture(0), 0, 0.0), store.sample(0.0)).picture, wanted
        )
    pipeline.close()


@pytest.mark.parametrize(
    ("asked", "side", "wanted"),
    [
        ("16:9", 512, "704x384"),
        ("9:16", 512, "384x704"),
        ("4:3", 512, "576x448"),
        ("square", 512, "512x512"),
        ("16:9", 1024, "1344x768"),
    ],
)
def test_an_aspect_becomes_multiples_of_64_near_the_models_area(
    asked: str, side: int, wanted: str
) -> None:
    aspect = Aspect.parse(asked)
    assert aspect is not None
    assert str(aspect.size(side)) == wanted


def test_a_show_asks_for_a_shape_and_gets_its_models_size(tmp_path: Path) -> None:
    assert str(painted_size(check_show({"size": "16:9"}, "here"), print)) == "320x192"
    assert (
        str(
            painted_size(
                check_show({"size": "16:9", "model": "stabilityai/sd-turbo"}, "here"), print
            )
        )
        == "704x384"
    )
    assert str(painted_size(check_show({}, "here"), print)) == "256x256"
    assert (
        str(painted_size(check_show({"model": "stabilityai/sd-turbo"}, "here"), print)) == "512x512"
    )
    assert native_side("stabilityai/stable-diffusion-2-1") == 768
    assert native_side("stabilityai/stable-diffusion-xl-base-1.0") == 1024
    with pytest.raises(ShowFaults, match="16:9, 9:16, 4:3, square"):
        check_show({"size": "wide"}, "here")
    with pytest.raises(ShowFaults, match="between 1:4 and 4:1"):
        check_show({"size": "1:9"}, "here")


def test_what_is_cut_off_is_reported_and_what_fits_is_not() -> None:
    assert "25 % of it is cut off at left and right" in lost(Size(640, 480), Size(256, 256), "crop")
    assert "44 % of it is cut off at top and bottom" in lost(
        Size(256, 256), Size(1024, 576), "crop"
    )
    assert "black above and below" in lost(Size(640, 480), Size(256, 256), "pad")
    assert lost(Size(1920, 1080), Size(1280, 720), "crop") == ""


def test_it_is_reported_when_the_input_comes_and_when_it_changes() -> None:
    messages: list[str] = []
    pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), messages.append)
    store = Store()
    for number, size in enumerate([(64, 64), (64, 64), (96, 64), (96, 64), (64, 64)]):
        pipeline.process(
            Frame(np.zeros((size[1], size[0], 3), np.uint8), number, number / 30),
            store.sample(number / 30),
        )
    pipeline.close()
    assert len(messages) == 1
    assert messages[0].startswith("the input is 96x64")
