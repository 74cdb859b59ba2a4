"""Training examples of translators, made of a film that the test draws: somebody in red walks
before a striped green wall, seen by a camera that stands still."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.fetched import needs
from vj.core.errors import Fault
from vj.translator import augment
from vj.translator.conditions import CHANNELS, KINDS, LEAST_STRENGTH, TRACKED, ConditionSettings
from vj.translator.footage import LEAST, Footage
from vj.translator.pairs import GRAIN, Pairs, frames_of, pairs_of
from vj.translator.subjects import Subjects, surroundings
from vj.translator.trackers import NEEDED

SIDE, LENGTH = 64, 60
ALONE = [kind for kind in KINDS if kind not in TRACKED]


def film(moves: int = 0, size: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """(60, 64, 64, 3) uint8. moves: of the camera, pixels a frame."""
    frames = []
    for number in range(LENGTH):
        frame = np.empty((SIDE, SIDE, 3), np.uint8)
        stripes = ((np.arange(SIDE) + moves * number) // 5) % 2
        frame[:] = np.where(stripes[None, :, None] == 1, (60, 120, 60), (90, 180, 90))
        x = 10 + 44 * number // LENGTH
        cv2.rectangle(frame, (x - 7, 34), (x + 7, SIDE), (190, 40, 40), -1)
        cv2.circle(frame, (x, 26), 8, (220, 80, 60), -1)
        cv2.circle(frame, (x - 3, 24), 1, (40, 0, 0), -1)
        cv2.circle(frame, (x + 3, 24), 1, (40, 0, 0), -1)
        frames.append(cv2.resize(frame, size))
    return np.stack(frames)


def footage(moves: int = 0) -> Footage:
    return Footage(film(moves), (0,), ("film",))


def pairs(kind: str = "lines", seed: int = 1, of: Footage | None = None) -> Pairs:
    return Pairs(of or footage(), kind, ConditionSettings(), SIDE, seed)


@pytest.fixture
def by_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without the person mask, which finds nobody in a drawn film."""
    monkeypatch.setattr("vj.translator.subjects.SelfieSegmentation.there", lambda: False)


@pytest.mark.parametrize("kind", ALONE)
def test_the_same_seed_and_step_give_the_same_examples(kind: str) -> None:
    one, two = pairs(kind), pairs(kind)
    first = one.batch(7, 3)
    one.batch(8, 3)
    two.batch(3, 2)  # whatever came before
    again = two.batch(7, 3)
    for name, shape in {
        "x": (3, 3, SIDE, SIDE),
        "condition": (3, CHANNELS[kind], SIDE, SIDE),
        "form": (3, 3, SIDE, SIDE),
        "style": (3, 4),
        "target": (3, 3, SIDE, SIDE),
    }.items():
        tensor = getattr(first, name)
        assert tensor.shape == shape
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, getattr(again, name)), name
        if name in ("x", "condition", "target"):
            assert float(tensor.min()) >= 0
            assert float(tensor.max()) <= 1
    assert first.picture.shape == (3, 3 + CHANNELS[kind], SIDE, SIDE)
    for other in (one.batch(8, 3), pairs(kind, seed=2).batch(7, 3)):
        assert not torch.equal(first.target, other.target)
    assert torch.equal(first.to(torch.device("cpu")).x, first.x)


def test_the_number_of_opencv_threads_changes_nothing() -> None:
    before = cv2.getNumThreads()
    try:
        made = []
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            made.append(pairs("lines").batch(5, 4))
    finally:
        cv2.setNumThreads(before)
    for name in ("x", "condition", "form", "target"):
        assert torch.equal(getattr(made[0], name), getattr(made[1], name)), name


def test_half_of_the_examples_are_painted_from_the_condition_alone() -> None:
    made = pairs()
    batches = [made.batch(step, 4) for step in range(40)]
    strengths = torch.cat([batch.style[:, 0] for batch in batches])
    assert 0.35 < float((strengths == 1).float().mean()) < 0.65
    assert float(strengths.min()) >= LEAST_STRENGTH
    x = torch.cat([batch.x for batch in batches])
    assert torch.allclose(x[strengths == 1], torch.tensor(0.5))
    assert float(x[strengths < 0.5].std()) > 0.05
    simplicity = torch.cat([batch.style[:, 1] for batch in batches])
    assert 0.3 < float((simplicity == 0).float().mean()) < 0.7


def test_the_last_frames_of_a_clip_are_not_trained_on(by_motion: None) -> None:
    frames = film()
    frames[-4:] = (20, 20, 250)
    frames[26:30] = (250, 250, 0)  # the end of the first of two clips
    two = Footage(frames, (0, 30), ("one", "two"))
    made = pairs("small", of=two)
    for step in range(30):
        batch = made.batch(step, 4)
        whole = batch.target[batch.style[:, 0] == 1]
        assert not len(whole) or float(whole[:, 2].max()) < 0.9
    held = [example.target[0] for example in made.held_out()]
    assert 4 <= len(held) <= 8
    blue = [bool((one[2] > 0.9).all()) for one in held]
    yellow = [bool((one[0] > 0.9).all() and (one[2] < 0.1).all()) for one in held]
    assert any(blue)
    assert any(yellow)
    assert all(a or b for a, b in zip(blue, yellow, strict=True))


def test_of_single_pictures_the_last_are_held_out() -> None:
    frames = film()
    frames[-8:] = (20, 20, 250)
    single = Footage(frames, tuple(range(LENGTH)), tuple(map(str, range(LENGTH))))
    made = pairs("grey", of=single)
    held = made.held_out()
    assert len(held) == 8
    assert all(float(one.target[0, 2].min()) > 0.9 for one in held)
    batches = [made.batch(step, 4) for step in range(10)]
    targets = torch.cat([batch.target[batch.style[:, 0] == 1] for batch in batches])
    assert float(targets[:, 2].max()) < 0.9


def test_held_out_examples_are_the_frames_as_they_are() -> None:
    made = pairs()
    for example in made.held_out(3):
        assert example.style[0].tolist() == pytest.approx([1, 0, np.log2(0.7), 0], abs=1e-5)
        truth = (example.target[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        assert any(np.array_equal(truth, frame) for frame in film())
    assert torch.equal(made.held_out(3)[0].form, made.held_out(3)[0].form)


def test_what_moves_before_a_still_camera_is_the_subject(by_motion: None) -> None:
    clip = footage()
    subjects = Subjects(clip)
    assert subjects.how == "motion"
    mask = subjects.mask(30)
    assert mask is not None
    whole = cv2.resize(mask, (SIDE, SIDE)) > 127
    red = (clip.frames[30][..., 0].astype(int) - clip.frames[30][..., 1]) > 60
    assert (whole & red).sum() > 0.9 * red.sum()
    assert whole.sum() < 1.7 * red.sum()
    assert Subjects(footage(moves=3)).how == "none"
    assert Subjects(footage(moves=3)).mask(3) is None


def test_paper_without_lines_is_not_always_the_subject(by_motion: None) -> None:
    """The pilot's fault. In the film the wall has lines everywhere, the shirt has none: without
    other places paper would always be red."""
    made = pairs("lines")
    assert made.subjects == "motion"
    walls, colours = 0, []
    for step in range(40):
        batch = made.batch(step, 4)
        for strength, condition, target in zip(
            batch.style[:, 0], batch.condition, batch.target, strict=True
        ):
            corner = condition[0, :14, :14]
            if float(corner.min()) > 0.8 and float(strength) == 1:
                walls += 1
                colours.append(target[:, :14, :14].mean((1, 2)))
    assert walls > 12  # of about 80
    mean = torch.stack(colours).mean(0)
    assert float(mean[1] - mean[0]) > 0.15, mean  # green, as the wall


def test_another_place_comes_in_the_clips_own_colours(by_motion: None) -> None:
    """Shapes of any colour stand behind the subject; what is to be painted has none that the film
    has not, but where strength is low, and the input is to be kept."""
    made = pairs("lines")
    blue, kept = [], []
    for step in range(40):
        batch = made.batch(step, 4)
        strange = batch.target[:, 2] - batch.target[:, :2].max(1).values > 0.08
        blue += strange[batch.style[:, 0] == 1].float().mean((1, 2)).tolist()
        kept += strange[batch.style[:, 0] < 0.5].float().mean((1, 2)).tolist()
    assert max(blue) < 0.01
    assert max(kept) > 0.05


def test_the_colours_around_the_subject_are_even() -> None:
    frame = film()[30].astype(np.float32) / 255
    subject = (frame[..., 0] > frame[..., 1]).astype(np.float32)
    even = surroundings(frame, subject)
    assert even.shape == frame.shape
    assert float(np.ptp(even, axis=1).max()) < 1e-6
    assert np.allclose(even.mean((0, 1)), np.array([75, 150, 75]) / 255, atol=0.05)
    assert np.isfinite(surroundings(frame, np.ones_like(subject))).all()


@pytest.mark.parametrize("strength", [0.2, 0.6, 1.0])
def test_geometry_moves_points_as_it_moves_the_picture(strength: float) -> None:
    rng = np.random.default_rng(int(10 * strength))
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[40:43, 20:23] = 255
    geometry = augment.geometry(rng, SIDE)
    moved = geometry.picture(picture).astype(float)
    y, x = (float((moved * axis).sum() / moved.sum()) for axis in np.mgrid[:SIDE, :SIDE])
    assert geometry.points(np.array([[21.5, 41.5]]))[0] == pytest.approx(
        (x + 0.5, y + 0.5), abs=0.2
    )


def test_disturbed_lines_are_still_mostly_there() -> None:
    drawing = np.ones((SIDE, SIDE), np.float32)
    drawing[::6] = 0
    changed = 0
    for seed in range(60):
        out = augment.disturbed(drawing, np.random.default_rng(seed))
        assert 0 <= out.min() <= out.max() <= 1
        left = (1 - out[::6]).mean()
        assert left > 0.25
        changed += not np.array_equal(out, drawing)
    assert 35 < changed < 60


# Films and folders


def written(path: Path, frames: np.ndarray) -> Path:
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, frames.shape[2:0:-1])
    for frame in frames:
        out.write(frame[..., ::-1])
    out.release()
    return path


def test_frames_are_the_middle_squares_of_clips_and_folders(tmp_path: Path) -> None:
    wide = np.zeros((LENGTH, 64, 128, 3), np.uint8)
    wide[:, :, 32:96] = film()
    clip = written(tmp_path / "clip.avi", wide)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        grey = np.full((90, 64, 3), 40 * number, np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), grey)
    (folder / "notes.txt").write_text("not a picture")
    clips = frames_of([clip, folder], SIDE)
    assert clips.names == ("clip.avi", "pictures")
    assert clips.starts == (0, LENGTH)
    assert clips.frames.shape == (LENGTH + 5, SIDE, SIDE, 3)
    assert np.abs(clips.frames[20].astype(int) - film()[20]).mean() < 12
    assert clips.frames[LENGTH + 2].mean() == pytest.approx(80)
    assert len(clips.trained()) == 51 + 4
    assert set(clips.trained()).isdisjoint(clips.held_out())


def test_a_long_clip_is_kept_from_beginning_to_end(tmp_path: Path) -> None:
    frames = np.repeat(np.arange(200, dtype=np.uint8), SIDE * SIDE * 3)
    clip = written(tmp_path / "long.avi", frames.reshape(200, SIDE, SIDE, 3))
    kept = frames_of([clip], SIDE, most_bytes=60 * SIDE * SIDE * 3)
    assert LEAST <= len(kept) <= 60
    greys = kept.frames.mean((1, 2, 3))
    assert greys[0] < 6
    assert greys[-1] > 190
    assert np.allclose(np.diff(greys), 4, atol=1.5)
    first = frames_of([clip, clip], SIDE, most_bytes=60 * SIDE * SIDE * 3, successive=True)
    assert len(first) == 60
    assert first.names == ("long.avi",)
    assert np.allclose(np.diff(first.frames.mean((1, 2, 3))), 1, atol=0.7)


def folders(path: Path, second: tuple[int, int] = (96, 72)) -> tuple[Path, Path]:
    """Grey pictures, and the same in blue. second: the size of the last blue one."""
    for name in ("a", "b"):
        (path / name).mkdir()
    for number in range(LEAST):
        grey = np.full((72, 96, 3), 5 * number, np.uint8)
        grey[:, :48] = 0
        blue = grey * np.array([1, 0, 0], np.uint8)
        size = second if number == LEAST - 1 else (96, 72)
        cv2.imwrite(str(path / "a" / f"{number:02}.png"), grey)
        cv2.imwrite(str(path / "b" / f"{number:02}.png"), cv2.resize(blue, size))
    return path / "a", path / "b"


def test_pairs_of_folders_are_moved_together(tmp_path: Path) -> None:
    both = pairs_of(*folders(tmp_path), SIDE)
    assert both.inputs is not None
    assert both.names == ("b",)
    made = pairs("pairs", of=both)
    for step in range(6):
        batch = made.batch(step, 4)
        plain = batch.style[:, 1] == 0
        grain = 6 * GRAIN
        assert torch.allclose(batch.condition[plain, 2], batch.target[plain, 2], atol=grain)
        red = batch.target[batch.style[:, 0] == 1, 0]
        assert not len(red) or float(red.max()) < grain
    example = made.held_out(1)[0]
    assert torch.equal(example.condition[:, 2], example.target[:, 2])
    assert float(example.target[:, 0].max()) == 0
    # Any other kind can be made of the pictures before, too.
    lines = pairs("lines", of=both)
    assert lines.subjects == ""
    assert float(lines.held_out(1)[0].target[:, 2].max()) > 0.1


def test_what_is_to_be_painted_has_the_grain_of_its_noise(tmp_path: Path) -> None:
    """What is blue in both folders: what is left of it is the texture field alone."""
    made = pairs("pairs", of=pairs_of(*folders(tmp_path), SIDE))
    batch = made.batch(0, 8)
    alone = (batch.style[:, 0] == 1) & (batch.style[:, 1] == 0)
    left = (batch.target - batch.condition)[alone, 2].flatten()
    texture = batch.form[alone, 0].flatten()
    inside = (batch.target[alone, 2].flatten() > 0.02) & (batch.target[alone, 2].flatten() < 0.98)
    assert int(inside.sum()) > 500
    assert float(torch.corrcoef(torch.stack([left[inside], texture[inside]]))[0, 1]) > 0.95


def test_pairs_that_are_none_are_told(tmp_path: Path) -> None:
    one, two = folders(tmp_path, second=(64, 72))
    with pytest.raises(Fault, match=r"39 is 96x72 in one and 64x72 in the other"):
        pairs_of(one, two, SIDE)
    (two / "39.png").unlink()
    with pytest.raises(Fault, match=r"39 has no counterpart"):
        pairs_of(one, two, SIDE)
    (one / "39.png").unlink()
    with pytest.raises(Fault, match=r"a, b: 39 frames; 40 or more"):
        pairs_of(one, two, SIDE)
    with pytest.raises(Fault, match=r"pairs: needs two folders"):
        pairs("pairs")


def test_footage_that_will_not_do_is_told(tmp_path: Path) -> None:
    short = written(tmp_path / "short.avi", film()[:10])
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    empty = tmp_path / "empty"
    empty.mkdir()
    picture = tmp_path / "one.png"
    cv2.imwrite(str(picture), film()[0])
    for paths, message in {
        (short,): r"short\.avi: 10 frames; 40 or more",
        (picture,): r"one\.png: one frame",
        (tmp_path / "nowhere.mp4",): r"nowhere\.mp4: there is no such",
        (broken,): r"broken\.mp4.*(not a video|no picture|could not)",
        (empty,): r"empty: holds no pictures and no clips",
        (): r"nothing to train on",
    }.items():
        with pytest.raises(Fault, match=message):
            frames_of(paths, SIDE)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=needs(*NEEDED[kind])) for kind in TRACKED]
)
def test_a_film_without_anybody_in_it_is_told(kind: str) -> None:
    nobody = Footage(np.full((LEAST, SIDE, SIDE, 3), 90, np.uint8), (0,), ("wall.mp4",))
    with pytest.raises(Fault, match=r"wall\.mp4: a (face|body|person) was found in 0% of its"):
        pairs(kind, of=nobody)
