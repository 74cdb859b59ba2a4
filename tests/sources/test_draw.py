"""What people draw as a source: at once in the next frame, and in its place among the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import scripted_sources as scripted
from tests.scripted_sources import SIZE, Play, Rig, Scripted
from tests.waiting import JumpingClock
from vj.core.canvas import Canvas
from vj.core.clock import FrameClock, WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.sources import Source, SourceSettings, make_source, split_uri
from vj.sources.draw import RESTING, NothingDrawn

play = scripted.play


class Table:
    """A canvas, and a source that shows it, on a clock on which nobody waits."""

    def __init__(self, uri: str = "draw", *others: str) -> None:
        self.clock, self.listed = JumpingClock(), [uri, *others]
        self.canvas = Canvas(SIZE, self.clock.now)
        settings = SourceSettings(
            self.clock, fps=25, size=SIZE, canvas=self.canvas, listed=lambda: self.listed
        )
        self.source: Source = make_source(uri, settings)

    def draw(self, colour: str | None = None) -> None:
        asked = {"points": [[0.1, 0.5], [0.9, 0.5]], "width": 0.1, "end": True}
        self.canvas.stroke(1, {**asked, "colour": colour})

    def frame(self) -> Frame:
        frame = self.source.read()
        assert frame is not None
        return frame


@pytest.mark.parametrize(
    ("uri", "paper"),
    [
        ("draw", (255, 255, 255)),
        ("draw:", (255, 255, 255)),
        ("draw:black", (0, 0, 0)),
        ("draw:#102030", (16, 32, 48)),
    ],
)
def test_paper_of_any_colour_and_ink_that_is_seen_on_it(
    uri: str, paper: tuple[int, int, int]
) -> None:
    table = Table(uri)
    table.source.open()
    assert (table.frame().pixels == paper).all()
    table.draw()
    ink = table.frame().pixels[SIZE.height // 2, SIZE.width // 2]
    assert tuple(ink) == ((0, 0, 0) if paper == (255, 255, 255) else (255, 255, 255))


def test_what_is_no_paper_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(Fault, match=r"draw:pink: no such paper .*draw:black.*#rrggbb"):
        Table("draw:pink")
    assert split_uri("draw") == ("draw", "")


def test_frames_come_at_the_shows_rate_with_the_newest_strokes() -> None:
    table = Table()
    table.source.open()
    blank = [table.frame() for _ in range(3)]
    assert [frame.captured for frame in blank] == pytest.approx([0, 0.04, 0.08])
    assert blank[0].pixels is blank[2].pixels, "nothing has changed"
    table.draw("#ff0000")
    drawn = table.frame()
    assert drawn.number == 3
    assert drawn.size == SIZE
    assert drawn.pixels[24, 32].tolist() == [255, 0, 0]
    table.canvas.resize(Size(128, 96))
    assert table.frame().size == Size(128, 96)


@pytest.mark.parametrize("listed", [["draw"], ["camera", "draw"], []])
def test_alone_or_last_blank_paper_is_there_at_once(listed: list[str]) -> None:
    table = Table()
    table.listed = listed
    table.source.open()
    assert (table.frame().pixels == 255).all()
    assert not table.source.live


def test_before_others_it_comes_when_something_is_drawn_and_goes_when_it_has_rested() -> None:
    table = Table("draw", "camera")
    assert table.source.live, "offline the other one is played"
    with pytest.raises(NothingDrawn, match="nothing is drawn yet"):
        table.source.open()
    table.draw()
    table.source.open()
    for _ in range(3):
        assert (table.frame().pixels == 0).any()
    table.canvas.clear()
    end = table.clock.now() + RESTING
    while table.clock.now() < end:
        assert (table.frame().pixels == 255).all(), "who clears the paper may go on drawing"
    table.clock.wait_until(end + 0.1)
    with pytest.raises(NothingDrawn, match="nothing was drawn for 20 s"):
        table.frame()
    table.listed = ["draw"]  # the saved show names no other any more
    table.source.open()
    table.frame()


@pytest.fixture
def rig(play: Play) -> Iterator[tuple[Rig, Canvas]]:
    """A drawing before a reel, with little patience."""
    canvas = Canvas(SIZE, WallClock().now)
    uris = ["draw", "reel:1"]
    made = Rig(uris, {"reel:1": Scripted(90)}, canvas=canvas, listed=lambda: uris)
    made.capture.settle(2.0)
    yield made, canvas
    assert made.capture.stop()


def test_another_source_plays_until_somebody_draws(rig: tuple[Rig, Canvas]) -> None:
    playing, canvas = rig
    playing.until(lambda: len(playing.frames) > 5)
    assert {int(frame.pixels[30, 40, 1]) for frame in playing.frames} == {90}
    canvas.stroke(1, {"points": [[0.5, 0.5]], "width": 0.1, "end": True})
    playing.until(lambda: playing.grey == 255)
    assert playing.frames[-1].pixels[24, 32].tolist() == [0, 0, 0]
    assert playing.capture.uri == "draw"
    playing.until(lambda: len(playing.messages) > 1)
    assert playing.messages == [
        "draw: nothing is drawn yet; reel:1 plays until it comes",
        "draw is there",
    ]


def test_without_a_canvas_the_paper_is_blank_which_is_said_once() -> None:
    said: list[str] = []
    clock = FrameClock(25)
    source = make_source("draw:black", SourceSettings(clock, size=SIZE, log=said.append))
    source.open()
    for _ in range(3):
        frame = source.read()
        assert frame is not None
        assert not frame.pixels.any()
    source.close()
    assert said == ["draw: nobody draws here: the paper stays blank"]
    with pytest.raises(Fault, match="is not open"):
        source.read()
