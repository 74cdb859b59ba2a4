"""The key pictures of a walk in two stages: made once, kept, painted by the show's model beside the
frames, and played between."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_models import make_model
from tests.waiting import until
from vj.core.frame import Frame, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.drawn_model import DrawnModel
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.parameters.row import Value
from vj.parameters.store import Store
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.key_painter import KeyPainter, key_strength
from vj.pipeline.latent_walk import WalkStep
from vj.sources.drawn import still

SIZE = Size(64, 64)
CHAIN = still("meadow", SIZE), still("harbour", SIZE)
VALUES: dict[str, Value] = {
    "walk/way": "morph",
    "walk/leg": 2.0,
    "walk/ease": "linear",
    "walk/keys": 2,
    "feedback/amount": 0,
    "blend/smoothing": 0,
    "strength": 0.2,
    "prompt/a": "brush strokes",
}


def drawn_backend(wait: bool = True) -> Backend:
    return PocketBackend(DrawnModel(), SIZE, wait)


class Walked:
    """A walk that is played by hand, frame by frame."""

    def __init__(
        self,
        folder: Path | None = None,
        live: bool = False,
        backend: Callable[[], Backend] | None = None,
        **values: Value,
    ) -> None:
        self.messages: list[str] = []
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), self.messages.append, live=live)
        self.pipeline.swap((backend or (lambda: drawn_backend(not live)))())
        if folder is not None:
            self.pipeline.preparation.keep_walks(folder)
        given = {name.replace("__", "/"): value for name, value in values.items()}
        self.store = Store({**VALUES, **given})
        self.number = 0

    @property
    def keys(self) -> list[np.ndarray]:
        """Those of the one leg, without its ends; none before they are there."""
        legs = self.pipeline.preparation.walk_keys[0]._legs
        return [] if (0, 1) not in legs else list(legs[0, 1].keys[1:-1])

    def frame(self, rate: float = 8) -> np.ndarray:
        now = self.number / rate
        frame = WalkFrame(CHAIN[0], self.number, now, CHAIN)
        self.number += 1
        return self.pipeline.process(frame, self.store.sample(now)).picture

    def frames(self, count: int) -> list[np.ndarray]:
        return [self.frame() for _ in range(count)]


@pytest.fixture
def walked(one_thread: None) -> object:
    made: list[Walked] = []

    def begin(*given: object, **more: object) -> Walked:
        made.append(Walked(*given, **more))  # type: ignore[arg-type]
        return made[-1]

    yield begin
    for walk in made:
        walk.pipeline.close()


Begin = Callable[..., Walked]


def test_they_are_there_before_the_first_frame_and_the_second_start_takes_them_from_the_folder(
    walked: Begin, tmp_path: Path
) -> None:
    """Painting them leaves no trace in the frames, not in noise that boils, either."""
    folder = tmp_path / "walks"
    first = walked(folder, noise__hold=0.5)
    shown = first.frames(17)
    assert len(first.keys) == 2
    assert [str(folder) in message for message in first.messages] == [True]
    (leg,) = folder.iterdir()
    assert sorted(one.name for one in leg.iterdir()) == ["key_1.png", "key_2.png", "leg.npz"]
    second = walked(folder, noise__hold=0.5)
    again = second.frames(17)
    assert second.messages == []
    assert [one.tobytes() for one in shown] == [one.tobytes() for one in again]
    third = walked(tmp_path / "elsewhere", noise__hold=0.5).frames(17)
    assert [one.tobytes() for one in shown] == [one.tobytes() for one in third]


def test_the_walk_leads_from_its_first_picture_over_the_keys_to_its_last(walked: Begin) -> None:
    walk = walked(backend=lambda: PassThrough(SIZE, waits=False))
    shown = walk.frames(17)
    assert shown[0].tobytes() == CHAIN[0].tobytes()
    assert shown[16].tobytes() == CHAIN[1].tobytes()
    moved = [np.abs(b.astype(int) - a).mean() for a, b in itertools.pairwise(shown)]
    assert min(moved) > 0
    halves = cv2.addWeighted(CHAIN[0], 0.5, CHAIN[1], 0.5, 0)
    assert np.abs(shown[8].astype(int) - halves).mean() > 15


def test_the_model_paints_them_and_with_other_words_others(walked: Begin, tmp_path: Path) -> None:
    plain, painted, other = (
        walked(tmp_path, **more)
        for more in ({"walk__repaint": 0.0}, {}, {"prompt__a": "mosaic, gold"})
    )
    for walk in (plain, painted, other):
        walk.frame()
    off = [
        np.abs(one.keys[0].astype(int) - two.keys[0]).mean()
        for one, two in itertools.combinations((plain, painted, other), 2)
    ]
    assert min(off) > 3
    assert len(list(tmp_path.iterdir())) == 3
    unpainted = walked(backend=lambda: PassThrough(SIZE, waits=False))
    unpainted.frame()
    assert unpainted.keys[0].tobytes() == plain.keys[0].tobytes(), "the same without a model"


def test_where_the_folder_cannot_be_written_it_is_said_and_the_walk_goes_on(
    walked: Begin, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    walk = walked(tmp_path / "file" / "walks")
    shown = walk.frames(5)
    assert len(walk.keys) == 2
    assert [
        message for message in walk.messages if "cannot be written (Not a directory)" in message
    ]
    assert shown[4].tobytes() == walked().frames(5)[4].tobytes()


def test_a_key_that_was_damaged_is_made_anew(walked: Begin, tmp_path: Path) -> None:
    shown = walked(tmp_path).frames(5)
    next(tmp_path.rglob("key_1.png")).write_bytes(b"torn")
    next(tmp_path.rglob("leg.npz")).write_bytes(b"torn")
    again = walked(tmp_path)
    assert [one.tobytes() for one in again.frames(5)] == [one.tobytes() for one in shown]
    assert len(again.messages) == 1


@pytest.mark.parametrize("share", [0.5, 0.0])
def test_a_leg_that_was_cut_short_is_made_anew(walked: Begin, tmp_path: Path, share: float) -> None:
    """As a power cut or a full disk leaves it: half written, or empty."""
    shown = walked(tmp_path).frame()
    layout = next(tmp_path.rglob("leg.npz"))
    whole = layout.read_bytes()
    layout.write_bytes(whole[: int(share * len(whole))])
    again = walked(tmp_path)
    assert again.frame().tobytes() == shown.tobytes()
    assert len(again.keys) == 2
    assert len(again.messages) == 1
    mended = walked(tmp_path)
    assert mended.frame().tobytes() == shown.tobytes()
    assert mended.messages == []


def test_live_the_walk_begins_at_once_and_goes_over_to_its_keys_when_they_are_there(
    walked: Begin, tmp_path: Path
) -> None:
    # The patterns of the first frame are waited for, in both, and nothing else.
    walk = walked(tmp_path, live=True, backend=drawn_backend)
    old = walked(walk__way="latent")
    assert walk.frame().tobytes() == old.frame().tobytes(), "nobody waits"
    walk.store.set("walk/leg", 0.0)
    walk.store.set("walk/position", 0.5)
    jumps: list[float] = []
    before = walk.frame()

    def shown() -> bool:
        nonlocal before
        picture = walk.frame(24)
        jumps.append(float(np.abs(picture.astype(int) - before).mean()))
        before = picture
        return walk.pipeline.preparation.walk_keys[0]._amount == 1.0

    until(shown)
    assert max(jumps[1:]) < 8, "no jump where they come on the way"
    assert len(walk.messages) == 1
    assert "until they are there the walk goes on without" in walk.messages[0]
    assert len(walk.keys) == 2
    until(lambda: len(list(tmp_path.glob("*/leg.npz"))) == 1)
    second = walked(tmp_path, live=True)
    until(lambda: second.frame() is not None and second.keys)
    assert [one.tobytes() for one in second.keys] == [one.tobytes() for one in walk.keys]
    assert second.messages == []


def test_keys_that_are_painted_all_anew_are_matched_once_more(
    walked: Begin, tmp_path: Path
) -> None:
    walk, again = walked(tmp_path, walk__repaint=0.9), walked(tmp_path, walk__repaint=0.9)
    shown = [one.frames(9) for one in (walk, again)]
    assert [one.tobytes() for one in shown[0]] == [one.tobytes() for one in shown[1]]
    legs = [one.pipeline.preparation.walk_keys[0]._legs[0, 1] for one in (walk, again)]
    assert [len(leg.between) for leg in legs] == [3, 3]
    jumps = [np.abs(b.astype(int) - a).mean() for a, b in itertools.pairwise(shown[0])]
    assert max(jumps) < 3 * np.mean(jumps)


def test_a_network_makes_the_pictures_between_keys_of_what_has_been_moved_there(
    walked: Begin, tmp_path: Path
) -> None:
    walk = walked(backend=lambda: PassThrough(SIZE, waits=False), walk__keys=1)
    asked: list[tuple[float, float]] = []

    def network(one: np.ndarray, two: np.ndarray, share: float) -> np.ndarray:
        asked.append((share, float(np.abs(one.astype(int) - two).mean())))
        return np.full_like(one, 7)

    walk.pipeline.preparation.keep_walks(tmp_path, network)
    shown = walk.frames(17)
    assert [bool((one == 7).all()) for one in shown] == [n % 8 != 0 for n in range(17)]
    assert [share for share, _ in asked] == pytest.approx([n / 8 for n in range(1, 8)] * 2)
    apart = [np.abs(one.astype(int) - walk.keys[0]).mean() for one in CHAIN]
    assert max(off for _, off in asked) < 0.9 * max(apart)


def test_while_another_model_comes_none_is_painted_by_it_for_the_one_before(
    walked: Begin,
) -> None:
    walk = walked()
    walk.frame()
    painted = walk.keys[0].tobytes()
    walk.pipeline.swap(PassThrough(SIZE, waits=False))
    walk.frames(4)
    assert walk.keys[0].tobytes() == painted
    walk.frames(8)
    assert walk.keys[0].tobytes() != painted, "those of the model that plays now"


def test_other_keys_are_made_once_they_are_wished_for_a_while(walked: Begin) -> None:
    walk = walked()
    walk.frames(2)
    walk.store.set("walk/keys", 5)
    walk.frame()
    walk.store.set("walk/keys", 1)
    assert len(walk.keys) == 2, "a fader on its way makes none"
    walk.frames(10)
    assert len(walk.keys) == 1


def test_a_model_that_fails_leaves_them_as_they_were_laid_out(
    walked: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: KeyPainter, *given: object) -> None:
        raise RuntimeError("the card is full")

    monkeypatch.setattr(KeyPainter, "step", full)
    walk = walked()
    walk.frames(3)
    assert len(walk.keys) == 2
    assert sum("could not be painted" in message for message in walk.messages) == 1


def test_a_walk_through_the_models_space_makes_none(walked: Begin, tmp_path: Path) -> None:
    walk = walked(tmp_path / "walks", walk__way="latent")
    walk.frames(3)
    assert walk.keys == []
    assert walk.messages == []
    assert not (tmp_path / "walks").exists()


def test_a_stable_diffusion_model_paints_them_in_four_steps_beside_its_frames(
    tmp_path: Path, one_thread: None
) -> None:
    """The latents are those of the laid out picture, and its own frames stay as they were."""
    folder = make_model(tmp_path / "tiny-turbo", "turbo")
    model = load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))
    assert isinstance(model, Model)
    backend = StreamBackend(model, SIZE, wait=True)
    snapshot = Store({**VALUES, "steps": 2}).sample(0.0)
    picture, leg = (
        cv2.addWeighted(CHAIN[0], 0.5, CHAIN[1], 0.5, 0),
        WalkStep(CHAIN[0], CHAIN[1], 0.0, CHAIN),
    )
    assert key_strength(backend, snapshot, 0.3) == 0.3
    painter = KeyPainter(backend)
    steps = [painter.step(picture, snapshot, strength, leg, 0.5) for strength in (0.3,) * 4]
    assert [step is None for step in steps] == [True, True, True, False]
    last = steps[-1]
    assert last is not None
    alone = FramePipeline(SIZE, "crop", Metrics(), print)
    alone.swap(StreamBackend(model, SIZE, wait=True))
    store = Store({**VALUES, "steps": 4, "strength": 0.3})
    frame = Frame(picture, 0, 0.0)
    shown = [alone.process(frame, store.sample(0.0)).picture for _ in range(6)][-1]
    assert np.abs(last.astype(int) - shown).max() <= 1
    alone.release_backend()
    assert backend._stream.rows == []
    painter.close()
    assert backend._book.get("brush strokes") is not None, "the prompts are still there"
    backend.close()
