"""Two decks mixed before the model: what is seen at the ends and half way, and how all that works
on an input works on the mixed picture."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.clock import FrameClock
from vj.core.frame import BlankFrame, Frame, Size, WalkFrame
from vj.core.kinds import DECK_MODES, DECK_SPACES, WIPES
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import Picture
from vj.pipeline.decks import DeckMixer
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.loop import RenderLoop
from vj.pipeline.morph import Morph

SIZE = Size(96, 64)
CALM = {"feedback/amount": 0, "blend/smoothing": 0}


def picture(seed: int, size: Size = SIZE) -> np.ndarray:
    """Soft colours."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    return cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)


def flat(grey: int) -> np.ndarray:
    return np.full((SIZE.height, SIZE.width, 3), grey, np.uint8)


A, B = picture(1), picture(2)


class Rig:
    """The pipeline without a model, and what was said."""

    def __init__(self, backend: PassThrough | None = None, **start: Any) -> None:
        self.store = Store({**CALM, **{k.replace("__", "/"): v for k, v in start.items()}})
        self.said: list[str] = []
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), self.said.append)
        if backend is not None:
            self.pipeline.swap(backend)
        self.count = 0

    def show(self, one: np.ndarray | Frame, two: np.ndarray | Frame | None) -> np.ndarray:
        number, self.count = self.count, self.count + 1
        time = number / 25
        frames = [
            Frame(deck, number, time) if isinstance(deck, np.ndarray) else deck
            for deck in (one, two)
        ]
        assert frames[0] is not None
        return self.pipeline.process(frames[0], self.store.sample(time), frames[1]).picture


@pytest.mark.parametrize("mode", DECK_MODES)
@pytest.mark.parametrize("space", DECK_SPACES)
def test_at_the_ends_of_the_fader_one_deck_is_seen_to_the_byte(mode: str, space: str) -> None:
    for mix, wanted in ((0.0, A), (1.0, B)):
        rig = Rig(deck__mix=mix, deck__mode=mode, deck__space=space)
        assert np.array_equal(rig.show(A, B), wanted)


@pytest.mark.parametrize("mode", DECK_MODES)
def test_the_way_from_one_deck_to_the_other_has_no_jump(mode: str) -> None:
    """No step of the fader changes the mean picture by much more than any other, at the ends
    neither."""
    mixer = DeckMixer()
    seen = [mixer.mixed(A, B, share, mode) for share in np.linspace(0, 1, 101)]
    steps = [float(cv2.absdiff(one, two).mean()) for one, two in pairwise(seen)]
    assert max(steps) < 0.06 * float(cv2.absdiff(A, B).mean()) + 3
    for share in (0.0, 1.0):
        near = mixer.mixed(A, B, abs(share - 1e-4), mode)
        assert np.abs(near.astype(int) - (B if share else A)).max() <= 2


@pytest.mark.parametrize(
    ("mode", "made"),
    [
        ("normal", lambda a, b: (a + b) / 2),
        ("add", lambda a, b: np.minimum(1, a + b)),
        ("screen", lambda a, b: 1 - (1 - a) * (1 - b)),
        ("multiply", lambda a, b: a * b),
        ("difference", lambda a, b: np.abs(a - b)),
        ("lighten", np.maximum),
        ("darken", np.minimum),
    ],
)
def test_half_way_a_blend_is_what_its_name_says(mode: str, made: Any) -> None:
    wanted = 255 * made(A / 255, B / 255)
    seen = Rig(deck__mix=0.5, deck__mode=mode).show(A, B)
    assert np.abs(seen - wanted).max() <= 1.01


def white_over_black(mode: str, share: float) -> np.ndarray:
    return DeckMixer().mixed(flat(0), flat(255), share, mode)[..., 0]


@pytest.mark.parametrize("mode", [mode for mode in WIPES if mode != "luma"])
def test_a_wipe_uncovers_as_much_as_the_fader_says(mode: str) -> None:
    shares = np.linspace(0, 1, 11)
    seen = [white_over_black(mode, share).mean() / 255 for share in shares]
    assert np.all(np.diff(seen) > 0)
    if mode != "iris":  # a circle grows with its square
        assert np.abs(seen - shares).max() < 0.08


def test_wipes_come_from_where_they_are_named_after() -> None:
    def at(mode: str, x: float, y: float, share: float = 0.3) -> int:
        white = white_over_black(mode, share)
        return int(white[round(y * (SIZE.height - 1)), round(x * (SIZE.width - 1))])

    assert (at("wipe-right", 0, 0.5), at("wipe-right", 1, 0.5)) == (255, 0)
    assert (at("wipe-left", 0, 0.5), at("wipe-left", 1, 0.5)) == (0, 255)
    assert (at("wipe-down", 0.5, 0), at("wipe-down", 0.5, 1)) == (255, 0)
    assert (at("wipe-up", 0.5, 0), at("wipe-up", 0.5, 1)) == (0, 255)
    assert (at("iris", 0.5, 0.5), at("iris", 0, 0)) == (255, 0)
    assert (at("clock", 0.9, 0.3), at("clock", 0.1, 0.3)) == (255, 0)


def test_a_soft_edge_lies_between() -> None:
    row = white_over_black("wipe-right", 0.5)[10]
    assert sorted(row.tolist(), reverse=True) == row.tolist()
    assert np.count_nonzero((row > 0) & (row < 255)) in range(3, 12)


def test_luma_brings_the_other_deck_where_the_first_is_dark() -> None:
    ramp = np.repeat(np.linspace(60, 120, SIZE.width, dtype=np.uint8)[None, :, None], 64, 0)
    one = np.ascontiguousarray(np.repeat(ramp, 3, 2))
    seen = DeckMixer().mixed(one, flat(255), 0.5, "luma")
    assert seen[:, :20].min() == 255
    assert np.array_equal(seen[:, -20:], one[:, -20:])
    half = (seen[..., 0] == 255).mean()
    assert 0.3 < half < 0.6, "half of the fader is about half of the picture, however dark it is"


def square(at: int, size: int = 256) -> np.ndarray:
    drawn = np.full((size, size, 3), 40, np.uint8)
    drawn[100:156, at : at + 56] = 220
    return drawn


def test_along_the_flow_what_both_have_moves_instead_of_being_seen_twice() -> None:
    one, two = square(80), square(110)
    plain = DeckMixer().mixed(one, two, 0.5)
    morph = DeckMixer().mixed(one, two, 0.5, flow=True)
    half_way = square(95)
    off = [float(cv2.absdiff(made, half_way).mean()) for made in (plain, morph)]
    assert off[1] < 0.4 * off[0]


def test_what_only_one_of_the_two_has_is_blended_and_stays_where_it_is() -> None:
    one, empty = square(80), np.full((256, 256, 3), 40, np.uint8)
    made, plain = DeckMixer().mixed(one, empty, 0.5, flow=True), DeckMixer().mixed(one, empty, 0.5)
    assert float(cv2.absdiff(made, plain).mean()) < 0.15 * float(cv2.absdiff(one, plain).mean())


def test_the_flow_between_two_films_settles() -> None:
    """The pictures flicker between two places; what is moved by follows at leisure."""
    morph = Morph()
    one = square(80)
    moved = []
    for number in range(12):
        two = square(110 if number % 2 else 118)
        moved.append(morph.between(one, two, 0.5, number / 30)[0])
    steps = [float(cv2.absdiff(a, b).mean()) for a, b in pairwise(moved[4:])]
    jump = Morph().between(one, square(118), 0.5, 0.0)[0]
    other = Morph().between(one, square(110), 0.5, 0.0)[0]
    assert max(steps) < 0.5 * float(cv2.absdiff(jump, other).mean())


def test_the_same_frames_give_the_same_bytes_along_the_flow() -> None:
    def play() -> list[bytes]:
        rig = Rig(deck__space="flow", deck__mix=0.4)
        return [rig.show(picture(n), picture(n + 50)).tobytes() for n in range(5)]

    assert play() == play()


def test_a_model_without_latents_is_told_once_and_the_pictures_morph() -> None:
    rig = Rig(PassThrough(SIZE, "none", waits=False), deck__space="latent", deck__mix=0.5)
    morphed = Rig(deck__space="flow", deck__mix=0.5)
    for _ in range(3):
        assert np.array_equal(rig.show(A, B), morphed.show(A, B))
    assert rig.said == [
        "deck/space latent: none has no latent space; the pictures morph along the flow instead"
    ]
    assert morphed.said == []


class Latent(PassThrough):
    """Has a latent space, and keeps what it was given."""

    mixes_latents = True

    def __init__(self) -> None:
        super().__init__(SIZE, "latent")
        self.given: list[FrameContext] = []

    def paint(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> GeneratedImage:
        self.given.append(context)
        return GeneratedImage(entered, context)


def test_a_model_with_latents_is_given_both_pictures_between_the_ends() -> None:
    backend = Latent()
    rig = Rig(backend, deck__space="latent")
    for mix in (0, 0.25, 1):
        rig.store.place("deck/mix", mix)
        rig.show(A, B)
    first, between, last = backend.given
    assert first.walk is None
    assert last.walk is None
    assert between.walk is not None
    assert np.array_equal(between.walk.one, A)
    assert np.array_equal(between.walk.two, B)
    assert between.walk.share == 0.25
    assert np.array_equal(between.image, DeckMixer().mixed(A, B, 0.25))
    assert rig.said == []


def test_pictures_of_any_size_are_mixed_at_the_painted_one() -> None:
    one, two = picture(1, Size(192, 128)), picture(2, Size(48, 64))
    alone = [Rig().show(one, None), Rig().show(two, None)]
    seen = Rig(deck__mix=0.5).show(one, two)
    assert np.abs(seen - (alone[0] / 2 + alone[1] / 2)).max() <= 1
    rig = Rig(deck__mix=1)
    guides = []
    for mix in (0, 0.5, 1):
        rig.store.place("deck/mix", mix)
        context = rig.pipeline.preparation.of(
            Frame(one, 0, 0.0), rig.store.sample(0.0), rig.pipeline.backend, Frame(one, 0, 0.0)
        )
        guides.append(context.guide is not None)
    assert guides == [True, False, True], "what leads the upscaling is the deck that is alone"


def test_without_a_frame_of_deck_b_deck_a_is_seen() -> None:
    assert np.array_equal(Rig(deck__mix=0.7).show(A, None), A)


def test_the_mask_is_of_the_mixed_picture() -> None:
    """A luma mask keeps what is bright: deck B makes it so."""

    class Blue(PassThrough):
        def paint(
            self, entered: Picture, snapshot: Snapshot, context: FrameContext
        ) -> GeneratedImage:
            blue = np.zeros_like(context.image)
            blue[..., 2] = 255
            return GeneratedImage(blue, context)

    rig = Rig(Blue(SIZE, "blue"), mask__mode="luma", mask__threshold=0.5, mask__feather=0)
    half = flat(0)
    half[:, 48:] = 255
    rig.store.place("deck/mix", 1)
    for _ in range(4):  # past the crossfade from no model
        seen = rig.show(flat(0), half)
    assert seen[30, 80].tolist() == [255, 255, 255]
    assert seen[30, 10].tolist() == [0, 0, 255]


def test_a_still_picture_is_not_still_while_the_fader_moves() -> None:
    rig = Rig(similarity=1.0, deck__mode="wipe-right")
    for _ in range(20):
        rig.show(A, B)
    repeated = rig.pipeline._metrics.repeated
    assert repeated > 0
    rig.store.place("deck/mix", 0.9)
    assert not np.array_equal(rig.show(A, B), A)
    assert rig.pipeline._metrics.repeated == repeated


def test_freezing_holds_the_mixed_picture() -> None:
    rig = Rig(deck__mix=0.5)
    held = rig.show(A, B)
    rig.store.set("output/freeze", True)
    assert np.array_equal(rig.show(flat(0), flat(9)), held)


def test_each_deck_walks_its_own_way() -> None:
    walks = [
        WalkFrame(chain[0], 0, 0.0, tuple(chain))
        for chain in ([flat(0), flat(100)], [flat(200), flat(250)])
    ]
    rig = Rig(walk__leg=0, walk__position=1)
    for mix, wanted in ((0, 100), (1, 250), (0.5, 175)):
        rig.store.place("deck/mix", mix)
        assert rig.show(*walks)[0, 0, 0] == wanted


def test_no_input_and_a_clip_can_be_mixed() -> None:
    blank = BlankFrame(flat(128), 0, 0.0)
    rig = Rig(deck__mix=1)
    assert np.array_equal(rig.show(blank, A), A)


def test_the_loop_takes_the_newest_frame_of_deck_b() -> None:
    """Live: before deck A has any, deck B's are shown."""
    shown: list[np.ndarray] = []
    newest: list[Frame | None] = [None]
    inbox: Mailbox[Frame] = Mailbox()
    store = Store({**CALM, "deck/mix": 1})
    loop = RenderLoop(
        size=SIZE,
        fps=1000,
        fit="crop",
        clock=FrameClock(25),
        store=store,
        inbox=inbox,
        publish=lambda context, frame: shown.append(frame.pixels),
        metrics=Metrics(),
        on_message=print,
        other=lambda: newest[0],
    )
    loop._turn()
    assert shown == []
    newest[0] = Frame(B, 0, 0.0)
    loop._turn()
    inbox.put(Frame(A, 0, 0.0))
    loop._turn()
    newest[0] = None
    loop._turn()
    loop.stop()
    for seen, wanted in zip(shown, (B, B, A), strict=True):
        assert np.array_equal(seen, wanted)


@pytest.mark.parametrize(("mix", "wanted"), [(0.0, 1.25), (0.5, 1.0)])
def test_deck_bs_pictures_are_shown_at_the_shows_rate_while_deck_a_stands(
    mix: float, wanted: float
) -> None:
    """How long the loop waits for another picture of deck A, in periods."""
    waited: list[float] = []

    class Waiting(Mailbox[Frame]):
        def get(self, timeout: float | None = None) -> Frame | None:
            waited.append(timeout or 0.0)
            return super().get(0)

    inbox = Waiting()
    loop = RenderLoop(
        size=SIZE,
        fps=1,
        fit="crop",
        clock=FrameClock(25),
        store=Store({**CALM, "deck/mix": mix}),
        inbox=inbox,
        publish=lambda context, frame: None,
        metrics=Metrics(),
        on_message=print,
        other=lambda: Frame(B, 0, 0.0),
    )
    inbox.put(Frame(A, 0, 0.0))
    for _ in range(3):
        loop._turn()
    loop.stop()
    assert max(waited[-2:]) == wanted


def test_lines_and_feedback_are_of_the_mixed_picture() -> None:
    edge = flat(40)
    edge[:, 48:] = 220
    lines = Rig(lines__amount=1, deck__mix=1)
    drawn = lines.show(flat(40), edge)
    assert np.array_equal(drawn, Rig(lines__amount=1).show(edge, None))
    fed = Rig(feedback__amount=0.5, feedback__flow=0, deck__mix=1)
    alone = Rig(feedback__amount=0.5, feedback__flow=0)
    for number in range(4):
        one, two = flat(10), flat(40 + 40 * number)
        assert np.array_equal(fed.show(one, two), alone.show(two, None))


@pytest.mark.parametrize("space", DECK_SPACES)
@pytest.mark.parametrize("mode", ["normal", "iris", "luma"])
def test_another_painted_size_is_mixed_at_once(space: str, mode: str) -> None:
    rig = Rig(deck__mix=0.5, deck__space=space, deck__mode=mode)
    rig.show(A, B)
    for size in (Size(64, 96), Size(128, 24), SIZE):
        rig.pipeline.swap(PassThrough(size))
        assert rig.show(A, B).shape == (size.height, size.width, 3)


def test_a_model_that_fails_leaves_the_mixed_picture() -> None:
    class Failing(PassThrough):
        def paint(
            self, entered: Picture, snapshot: Snapshot, context: FrameContext
        ) -> GeneratedImage:
            raise RuntimeError("out of cheese")

    rig = Rig(Failing(SIZE, "failing"), deck__mix=0.5)
    assert np.array_equal(rig.show(A, B), DeckMixer().mixed(A, B, 0.5))
