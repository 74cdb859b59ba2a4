"""What a sink gets of a frame: which picture, which part of it, at which size, with which alpha."""

from __future__ import annotations

import numpy as np
import pytest

from vj.core.errors import Fault
from vj.core.frame import Frame, OutputFrame, Size
from vj.sinks.crop import WORDS, pixels_of, read_crop
from vj.sinks.rule import SinkRule, parse


def drawn(seed: int, width: int = 31, height: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


FRAME = OutputFrame(
    drawn(0), 7, 1.25, views={"input": drawn(1), "mask": drawn(2)[..., :1].repeat(3, axis=2)}
)


def pixels(text: str, frame: Frame = FRAME) -> np.ndarray:
    made = parse(text).picture(frame)
    assert made is not None
    assert (made.number, made.captured) == (frame.number, frame.captured)
    assert made.pixels.flags.c_contiguous
    return made.pixels


@pytest.mark.parametrize(
    "text",
    [
        "ndi:key?show=mask&crop=left-third",
        "record:takes/?size=640x360&alpha=mask",
        "record:a b.mov?alpha=mask&codec=prores-4444",
        "record:loop.gif?loop_fade=0.5",
        "ndi:wall?crop=0.1,0,0.25,1",
        "ndi:what now? yes",
        "record:why?.mp4",
        "ndi:vj",
    ],
)
def test_a_rule_is_its_text(text: str) -> None:
    assert str(parse(text)) == text


def test_a_plain_sink_gets_the_frame_itself() -> None:
    assert parse("ndi:vj").picture(FRAME) is FRAME
    assert parse("ndi:vj").views == frozenset()


def test_it_shows_the_picture_that_it_names() -> None:
    assert np.array_equal(pixels("ndi:a?show=input"), FRAME.views["input"])
    assert parse("ndi:a?show=input").views == {"input"}
    assert parse("ndi:a?show=input&alpha=mask").views == {"input", "mask"}
    assert parse("ndi:a?show=mask").picture(Frame(drawn(0), 0, 0.0)) is None, "not made yet"


def test_the_mask_is_straight_alpha() -> None:
    rgba = pixels("ndi:a?alpha=mask")
    assert np.array_equal(rgba[..., :3], FRAME.pixels)
    assert np.array_equal(rgba[..., 3], FRAME.views["mask"][..., 0])
    part = pixels("ndi:a?alpha=mask&crop=right-half")
    assert np.array_equal(part, rgba[:, 16:])


@pytest.mark.parametrize(
    "parts",
    [
        ("left half", "right half"),
        ("left third", "middle third", "right third"),
        ("top half", "bottom half"),
        ("top third", "centre third", "bottom third"),
    ],
)
@pytest.mark.parametrize("size", [Size(31, 20), Size(512, 512), Size(1280, 721), Size(2, 2)])
def test_parts_that_meet_leave_no_pixel_out_and_show_none_twice(
    parts: tuple[str, ...], size: Size
) -> None:
    seen = np.zeros((size.height, size.width), int)
    for words in parts:
        rows, columns = pixels_of(WORDS[words], size)
        assert seen[rows, columns].size > 0
        seen[rows, columns] += 1
        for side, span in zip(
            (size.height, size.width), pixels_of(WORDS[words], size), strict=True
        ):
            assert side % 2 or (span.stop - span.start) % 2 == 0, "even where the picture is"
    assert (seen == 1).all() or min(size) < 2 * len(parts)


def test_a_wall_is_the_whole_picture() -> None:
    wall = [pixels(f"ndi:{n}?crop={n}-third") for n in ("left", "middle", "right")]
    assert np.array_equal(np.hstack(wall), FRAME.pixels)
    corners = [pixels(f"ndi:a?crop={words} quarter") for words in ("top left", "bottom right")]
    assert np.array_equal(corners[1], FRAME.pixels[10:, 16:])


def test_another_size_shows_the_part_whole() -> None:
    made = pixels("ndi:a?size=64x64&crop=left-half")
    assert made.shape == (64, 64, 3)
    assert made[:, :4].max() == 0, "black beside a part that is narrower"
    assert made[30, 32].max() > 0
    rgba = pixels("ndi:a?size=64x64&crop=left-half&alpha=mask")
    assert rgba[:, :4].max() == 0, "and transparent"


def test_numbers_say_where() -> None:
    assert read_crop([0.25, 0, 0.5, 1]) == read_crop("0.25, 0, 0.5, 1") == (0.25, 0, 0.5, 1)
    assert read_crop("Left_Half") == read_crop([0, 0, 0.5, 1])
    for wrong in ([0, 0, 0, 1], [0.6, 0, 0.6, 1], [0, 0, 1], "lefthalf", [-0.1, 0, 1, 1], True):
        with pytest.raises(Fault, match="crop"):
            read_crop(wrong)


def test_an_open_sink_goes_on_where_only_the_picture_is_another() -> None:
    assert parse("ndi:a?show=mask").opened_as == parse("ndi:a?crop=left-half").opened_as
    assert parse("ndi:a?alpha=mask").opened_as == SinkRule("ndi:a")
    movies = "record:a.mov?codec=prores-4444", "record:a.mov?codec=prores-4444&alpha=mask"
    assert parse(movies[0]).opened_as != parse(movies[1]).opened_as
