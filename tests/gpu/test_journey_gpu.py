"""New edges of a journey on a card beside those on the host."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vj.core.frame import Size
from vj.kernels.border import far_ahead, whole
from vj.kernels.torch_border import laid_in
from vj.parameters.store import Store
from vj.pipeline.compositor import HostCompositor, turn_matrix
from vj.pipeline.cuda_compositor import CudaCompositor

SIZE = Size(128, 96)
MOVES = {
    "pan": {"feedback/x": -0.02},
    "away": {"feedback/dolly": -0.03},
    "roll": {"feedback/rotate": 1.5},
    "yaw": {"feedback/yaw": 1.0, "feedback/pitch": -0.4},
}


def moment() -> np.ndarray:
    row, column = np.mgrid[:96, :128] / 8
    light = np.stack([np.sin(row + k) * np.cos(column * (k + 1) / 2) for k in range(3)], axis=-1)
    return np.asarray(127 + 90 * light, np.uint8)


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_a_strip_comes_into_view_on_a_card_as_on_the_host(moves: dict[str, float]) -> None:
    card, host = CudaCompositor(SIZE, torch.device("cuda"), torch.float32), HostCompositor(SIZE)
    snapshot = Store({"journey": True, "blend/smoothing": 0, **moves}).sample(0)
    matrix, image = turn_matrix(SIZE, snapshot), moment()
    ahead = far_ahead(matrix, SIZE.height, SIZE.width)
    assert ahead is not None
    back = np.linalg.inv(ahead) @ whole(matrix)
    for compositor in (card, host):
        compositor.take_over(image.astype(np.float32) / 255)
    seen = [one.ahead(ahead.astype(np.float32), 5) for one in (card, host)]
    ours, theirs = (torch.as_tensor(one).cpu() for one in seen if one is not None)
    assert ours.shape == theirs.shape == (1, 3, 96, 128)
    assert (ours - theirs).abs().mean() < 0.02
    painted = torch.sin(theirs * 9)
    painted[0, 0, 3, 4] = torch.nan
    card.keep_strip(painted.cuda())
    host.keep_strip(painted)
    for _ in range(3):
        found, wanted = (
            torch.as_tensor(one.preprocess(image, snapshot, None, True, 1.0, back)).cpu()
            for one in (card, host)
        )
        assert (found - wanted).abs().mean() < 0.02
        assert torch.quantile((found - wanted).abs().flatten(), 0.99) < 0.12
        for one in (card, host):
            painted = wanted.to("cuda" if one is card else "cpu")
            assert one.postprocess(painted, image, snapshot).result() is not None
        back = back @ whole(matrix)
    plain = torch.as_tensor(host.preprocess(image, snapshot, None, True, 1.0))
    assert (plain - wanted).abs().max() > 0.2, "it is a strip that they were compared by"


def test_nothing_waits_for_a_strip() -> None:
    card = CudaCompositor(SIZE, torch.device("cuda"), torch.float16)
    snapshot = Store({"journey": True, "feedback/dolly": -0.03}).sample(0)
    matrix, image = turn_matrix(SIZE, snapshot), moment()
    ahead = far_ahead(matrix, SIZE.height, SIZE.width)
    assert ahead is not None
    back = np.linalg.inv(ahead) @ whole(matrix)
    card.take_over(image.astype(np.float32) / 255)
    there = torch.from_numpy(image).cuda().float() / 255
    for turn in range(3):  # what is made once may wait
        torch.cuda.set_sync_debug_mode("error" if turn == 2 else "default")
        try:
            seen = card.ahead(ahead.astype(np.float32), turn)
            assert seen is not None
            card.keep_strip(seen)
            laid_in(there, matrix, there, back)
        finally:
            torch.cuda.set_sync_debug_mode("default")
