"""When a part of a model becomes a graph, and which graph plays; CUDA's own part: tests/gpu."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import torch
from torch import Tensor

from tests.waiting import until
from vj.diffusion.graphs import KEPT, STEADY, Captured, GraphedPart, Work


class Replay:
    """Stands in for a CUDA graph: computes once more what was captured, from its own tensors."""

    def __init__(self, work: Work, given: list[Tensor | None], made: Tensor) -> None:
        self._work, self._given, self._made = work, given, made
        self.plays = 0

    def replay(self) -> None:
        self.plays += 1
        self._made.copy_(self._work(*self._given))


class Capture:
    def __init__(self) -> None:
        self.made: list[Captured] = []
        self.threads: list[str] = []
        self.fails = False

    def __call__(self, work: Work, tensors: Sequence[Tensor | None]) -> Captured:
        self.threads.append(threading.current_thread().name)
        if self.fails:
            raise RuntimeError("out of memory\nand more")
        given = [None if tensor is None else tensor.clone() for tensor in tensors]
        made = work(*given)
        self.made.append(Captured(Replay(work, given, made), given, made))
        return self.made[-1]


def doubled(x: Tensor, more: Tensor | None = None) -> Tensor:
    return 2 * x if more is None else 2 * x + more


def part(capture: Capture) -> tuple[GraphedPart, list[str]]:
    said: list[str] = []
    return GraphedPart("the UNet", doubled, capture, said.append), said


def test_the_first_call_captures_and_the_next_ones_replay_with_their_own_numbers() -> None:
    capture = Capture()
    graphed, said = part(capture)
    results = [graphed(torch.full((2, 3), float(number))) for number in range(4)]
    assert [float(result[0, 0]) for result in results] == [0, 2, 4, 6], "each is the caller's own"
    assert [one.graph.plays for one in capture.made] == [3]
    assert capture.threads == ["MainThread"], "while the model is made ready"
    assert not said


def test_another_shape_key_or_missing_tensor_waits_until_it_stays_and_is_captured_beside() -> None:
    capture = Capture()
    graphed, _ = part(capture)
    graphed(torch.ones(1, 3))
    for call in (
        lambda: graphed(torch.ones(2, 3)),
        lambda: graphed(torch.ones(1, 3), key=(0.5,)),
        lambda: graphed(torch.ones(1, 3), torch.full((1, 3), 5.0)),
    ):
        before = len(capture.made)
        for _ in range(STEADY):
            assert float(call()[0, 0]) in (2, 7)
        assert len(capture.made) == before
        call()
        until(lambda before=before: graphed.graphs > before and not graphed.capturing)  # type: ignore[misc]
        assert "graph the UNet" in capture.threads[-1]
        assert float(call()[0, 0]) in (2, 7)
        assert capture.made[-1].graph.plays == 1


def test_of_a_rendering_each_is_made_between_two_frames() -> None:
    """Beside, it would write to what frames leave in a moment that nobody can say."""
    capture = Capture()
    graphed, _ = part(capture)
    graphed.beside = False
    for shape in (1, 2):
        for _ in range(STEADY + 2):
            assert float(graphed(torch.ones(shape))[0]) == 2
    assert capture.threads == ["MainThread", "MainThread"]
    assert capture.made[-1].graph.plays == 1


def test_what_changes_with_every_frame_is_not_captured() -> None:
    capture = Capture()
    graphed, _ = part(capture)
    for number in range(5 * STEADY):
        assert float(graphed(torch.ones(1), key=(number // 2,))) == 2
    assert len(capture.made) == 1


def test_only_some_are_kept_and_all_are_forgotten_with_the_weights() -> None:
    capture = Capture()
    graphed, _ = part(capture)
    for side in range(1, KEPT + 3):
        for _ in range(STEADY + 1):
            graphed(torch.ones(side))
        until(lambda: not graphed.capturing)
    assert graphed.graphs == KEPT
    graphed.forget()
    assert graphed.graphs == 0
    graphed(torch.ones(1))
    assert graphed.graphs == 1


def test_what_cannot_be_captured_is_said_once_and_played_as_it_is() -> None:
    capture = Capture()
    capture.fails = True
    graphed, said = part(capture)
    assert [float(graphed(torch.ones(1))) for _ in range(3)] == [2, 2, 2]
    assert said == ["the UNet plays without a CUDA graph (out of memory)"]
    assert len(capture.threads) == 1


def test_what_a_model_is_made_ready_for_is_captured_and_what_plays_meanwhile_is_not() -> None:
    capture = Capture()
    graphed, _ = part(capture)
    graphed(torch.ones(9, 3))
    with graphed.made_ready():
        for rows in (1, 2):
            graphed(torch.ones(rows, 3))
        meanwhile = threading.Thread(target=lambda: graphed(torch.ones(3, 3)))
        meanwhile.start()
        meanwhile.join()
    assert graphed.graphs == 3
    assert set(capture.threads) == {"MainThread"}
    assert float(graphed(torch.full((2, 3), 5.0))[1, 2]) == 10
    assert capture.made[2].graph.plays == 1
