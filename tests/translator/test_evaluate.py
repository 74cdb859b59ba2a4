"""Whether a translator is good: the figures, on pictures whose figures are known, and the command
on a model that nobody has trained."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.diffusion.translators import card_of, folder_of, model_of, network_of
from tests.fetched import needs
from vj.core.errors import Fault
from vj.sources.image import read_picture
from vj.training.measurement import Measurement
from vj.training.square import square
from vj.translator.conditions import Conditioner, ConditionSettings
from vj.translator.evaluate.__main__ import main
from vj.translator.evaluate.figures import evaluate, likeness, of_seeds, of_strength, on_others
from vj.translator.evaluate.playing import Played, Playing, sheet
from vj.translator.face_place import to_units
from vj.translator.footage import Footage
from vj.translator.model_folder import save_translator
from vj.translator.trackers import NEEDED

SIDE = 64


pytestmark = pytest.mark.usefixtures("one_thread")


def scene(number: int, wall: tuple[int, int, int], coat: tuple[int, int, int]) -> np.ndarray:
    """Somebody in a coat moves before a wall."""
    picture = np.full((SIDE, SIDE, 3), wall, np.uint8)
    left = 14 + round(8 * np.sin(number / 5))
    cv2.rectangle(picture, (left, 26), (left + 26, 63), coat, -1)
    cv2.circle(picture, (left + 13, 16), 9, (205, 150, 120), -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def film(wall: tuple[int, int, int], coat: tuple[int, int, int], count: int = 48) -> Footage:
    return Footage(np.stack([scene(number, wall, coat) for number in range(count)]), (0,), ("a",))


@pytest.fixture(scope="module")
def clip() -> Footage:
    return film((20, 40, 90), (230, 120, 30))


@pytest.fixture(scope="module")
def other() -> Footage:
    return film((200, 200, 190), (40, 110, 60))


def by_name(figures: list[Measurement]) -> dict[str, Measurement]:
    return {one.name: one for one in figures}


def as_painted(
    seen: np.ndarray, truth: np.ndarray, *painted: np.ndarray, kind: str = "lines"
) -> Played:
    condition = Conditioner(kind, ConditionSettings()).of(seen)
    return Played(seen, truth, condition, painted if len(painted) == 2 else painted * 2)


# --- the figures ---------------------------------------------------------------------------------


def test_the_truth_reaches_every_gate_and_a_blur_or_a_grey_does_not(clip: Footage) -> None:
    frames, mean = list(clip.frames[40:]), clip.frames.mean(0).astype(np.uint8)

    def missed(made: list[np.ndarray]) -> set[str]:
        rows = [as_painted(one, one, paint) for one, paint in zip(frames, made, strict=True)]
        return {one.name.split(" (")[0] for one in likeness(rows, mean) if not one.reached}

    assert missed(frames) == set()
    assert missed([cv2.GaussianBlur(one, (0, 0), 2) for one in frames]) == {
        "sharpness, in the truth's"
    }
    noise = np.random.default_rng(1).integers(0, 60, frames[0].shape, np.uint8)
    assert "sharpness, not harsh" in missed([cv2.add(one, noise) for one in frames])
    grey = [np.full_like(one, 128) for one in frames]
    assert {"colours from the truth's", "edges along the truth's"} <= missed(grey)


@pytest.mark.long
def test_another_scene_has_to_take_the_clips_colours_and_keep_its_form(
    clip: Footage, other: Footage
) -> None:
    """Painted rightly; as it came; in one colour; right colours with another's form."""
    numbers = range(0, 48, 6)
    seen = [other.frames[number] for number in numbers]
    right = [clip.frames[number] for number in numbers]

    def missed(made: list[np.ndarray]) -> set[str]:
        rows = [as_painted(one, one, paint) for one, paint in zip(seen, made, strict=True)]
        return {
            one.name.removeprefix("you: ").split(",")[0].split(" from")[0]
            for one in on_others("you", rows, right, "lines")
            if not one.reached
        }

    assert missed(right) == set()
    assert missed(seen) == {"colours"}
    assert "spread of colours in a picture" in missed([np.full_like(one, 60) for one in seen])
    turned = [np.ascontiguousarray(np.rot90(one)) for one in right]
    assert missed(turned) == {"edges along what was given"}


def test_seeds_that_mean_nothing_are_told_and_where_they_differ(clip: Footage) -> None:
    picture = clip.frames[0]
    same = by_name(of_seeds([as_painted(picture, picture, picture)], "lines"))
    assert not same["seeds apart (of 255)"].reached
    moved = picture.copy()
    moved[:8] += 20  # above the head, where no line is
    apart = by_name(of_seeds([as_painted(picture, picture, picture, moved)], "lines"))
    assert apart["seeds apart (of 255)"].value == pytest.approx(20 / 8)
    assert apart["- on empty paper"].value > apart["- near lines"].value


def test_a_face_may_be_painted_with_more_than_its_points_say(clip: Footage) -> None:
    picture = clip.frames[0]
    turned = np.ascontiguousarray(np.rot90(picture))
    rows = [as_painted(picture, picture, turned)]
    assert not on_others("you", rows, [picture], "lines")[-1].reached
    assert on_others("you", rows, [picture], "face")[-1].reached
    assert not of_seeds(rows, "face")[0].reached, "two seeds alike"
    assert of_seeds(rows, "next")[0].reached, "a film has no grain"


def test_strength_leads_one_way_and_a_jump_is_told(clip: Footage) -> None:
    plain = ConditionSettings()
    playing = Playing(model_of("lines"), clip, plain, range(40, 48))
    figures = of_strength(playing, [41])
    assert [one.reached for one in figures] == [True, True, True], figures
    paint = playing.frame
    playing.frame = (  # type: ignore[method-assign]
        lambda number, strength=1.0, seed=2: paint(number, min(1.0, 2 * strength % 1.1), seed)
    )
    assert not all(one.reached for one in of_strength(playing, [41]))


@pytest.mark.long
@pytest.mark.parametrize("kind", ["lines", "next"])
def test_a_model_is_judged_on_what_it_was_not_trained_on(
    kind: str, clip: Footage, other: Footage
) -> None:
    figures, picture = evaluate(model_of(kind), clip, [("you", other)])
    found = by_name(figures)
    assert found["distance from the input at strength 0"].reached
    assert not all(one.reached for one in figures), "nobody trained it"
    assert any(name.startswith("you: ") for name in found)
    assert picture.shape[1] == 5 * SIDE + 4 * 4
    dark = replace(clip, frames=np.concatenate([clip.frames[:41], clip.frames[41:] // 4]))
    held = by_name(evaluate(model_of(kind), dark)[0])
    name = "- the clip's mean picture's"
    assert held[name].value != found[name].value, "the last frames are those that count"


def test_a_sheet_has_a_row_of_what_was_given_and_made(clip: Footage) -> None:
    picture, other = clip.frames[0], clip.frames[9]
    frame = as_painted(picture, other, 255 - picture, 255 - other)
    made = sheet([frame, frame])
    assert made.shape == (2 * SIDE, 5 * SIDE + 16, 3)
    parts = [made[:SIDE, place : place + SIDE] for place in range(0, made.shape[1], SIDE + 4)]
    assert np.array_equal(parts[0], picture)
    assert np.array_equal(parts[2], other)
    assert np.array_equal(parts[4], 255 - other)
    assert np.array_equal(parts[1][..., 0], cv2.convertScaleAbs(frame.condition, alpha=255))


# --- people --------------------------------------------------------------------------------------


@needs(*NEEDED["face"])
def test_somebody_elses_face_is_brought_to_the_trained_place() -> None:
    """The clip's own faces are drawn where they are; another's, smaller and to the side, where
    those were."""
    astronaut = read_picture(Path(__file__).parents[1] / "pictures" / "astronaut.jpg", "test")
    portrait = square(astronaut, 192)
    small = cv2.resize(portrait, (120, 120), interpolation=cv2.INTER_AREA)
    aside = np.full_like(portrait, 128)
    aside[-120:, -120:] = small
    own, others = (Footage(np.stack([one] * 24), (0,), ("face",)) for one in (portrait, aside))
    finder = Conditioner("face", ConditionSettings())
    found = finder.find(portrait, 0.0)
    assert found is not None
    assert found.face is not None
    mean = to_units(found.face, portrait.shape).tolist()
    settings = ConditionSettings(face=mean)
    model = model_of("face")
    drawn = [
        Playing(model, footage, given, range(0, 24, 3)).played([21])[0].condition
        for footage, given in (
            (own, replace(settings, face=[])),
            (others, settings),
            (others, replace(settings, face=[])),
        )
    ]
    ink = [np.argwhere(one[..., 0] < 0.5).mean(0) for one in drawn]
    assert np.abs(ink[1] - ink[0]).max() < 0.2 * np.abs(ink[2] - ink[0]).max()


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path, clip: Footage) -> Path:
    folder = tmp_path / "clip"
    folder.mkdir()
    for number, frame in enumerate(clip.frames[:42]):
        cv2.imwrite(str(folder / f"{number:02}.png"), frame[..., ::-1])
    return folder


@pytest.mark.long
def test_the_command_says_what_was_missed(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, seen = folder_of("lines", tmp_path), tmp_path / "sheet.png"
    few = tmp_path / "you"
    few.mkdir()
    for number in range(4):
        shutil.copy(pictures / f"{number:02}.png", few)
    code = main([str(model), str(pictures), "--others", str(few), "--sheet", str(seen)])
    said = capsys.readouterr().out
    assert code == 1
    assert said.startswith("# kiss: lines")
    assert "**missed**" in said
    assert "you: edges along what was given" in said
    assert read_picture(seen, "image").shape[1] == 5 * SIDE + 16


def test_what_cannot_be_judged_is_told(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing"), str(pictures)]) == 2
    assert "nothing" in capsys.readouterr().err
    save_translator(tmp_path / "two", network_of("pairs"), card_of("pairs"))
    assert main([str(tmp_path / "two"), str(pictures)]) == 2
    assert "what is seen, and what it is to become" in capsys.readouterr().err


@needs(*NEEDED["face"])
def test_a_film_without_anybody_is_told(clip: Footage) -> None:
    with pytest.raises(Fault, match="a: no face was found"):
        Playing(model_of("face"), clip, ConditionSettings(), range(0, 48, 12))
