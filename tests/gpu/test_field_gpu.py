"""The texture field on a card is NumPy's, does not wait for the host, and takes no memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import OPTIONS
from vj.core.frame import Size
from vj.diffusion.noise_align import align
from vj.kernels import numpy_field
from vj.kernels.cupy_field import FieldKernels
from vj.sources.testcard import DancerScene

HEIGHT, WIDTH = 192, 320


@pytest.fixture(params=list(OPTIONS), ids=["float", "half", "bfloat"])
def kernels(request: pytest.FixtureRequest, cuda: torch.device) -> FieldKernels:
    pytest.importorskip(
        "cupy",
        reason="no cupy: pip install cupy-cuda12x==14.2.0 (or cupy-cuda13x, as torch's CUDA is)",
    )
    return FieldKernels(HEIGHT, WIDTH, cuda, dtype=request.param)


def entered(number: int, dtype: torch.dtype) -> torch.Tensor:
    picture = torch.from_numpy(DancerScene(Size(WIDTH, HEIGHT), 30).draw(number)).permute(2, 0, 1)[
        None
    ]
    return (picture.float() / 127.5 - 1).to(dtype)


def luma_of(model: torch.Tensor) -> np.ndarray:
    weights = torch.tensor((0.299, 0.587, 0.114))[:, None, None]
    return ((model[0].float() * weights).sum(0) * 0.5 + 0.5).numpy()


def test_the_card_makes_numpys_field(kernels: FieldKernels) -> None:
    white = np.random.default_rng(0).standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    there = torch.from_numpy(white).cuda()
    for turn, size in enumerate((1.0, 2.0, 0.5)):
        model = entered(9 * turn, kernels.dtype)
        truth = numpy_field.make_field(luma_of(model), white, size, 0.5 * turn)
        made = kernels.make(model.cuda(), there, size, 0.5 * turn)
        texture, along_x, along_y = (tensor[0, 0].float().cpu().numpy() for tensor in made)
        assert np.corrcoef(texture.ravel(), truth.texture.ravel())[0, 1] > 0.999
        assert np.abs(along_x - truth.along_x).max() < 3e-3
        assert np.abs(along_y - truth.along_y).max() < 3e-3
        assert abs(texture.std() - 1) < 5e-3
        again = kernels.make(model.cuda(), there, size, 0.5 * turn)
        assert all(torch.equal(one, two) for one, two in zip(made, again, strict=True)), (
            "the same bytes"
        )


def test_fields_wait_for_nothing_and_allocate_nothing(kernels: FieldKernels) -> None:
    cupy = pytest.importorskip("cupy")
    model, white = entered(0, kernels.dtype).cuda(), torch.randn((HEIGHT, WIDTH), device="cuda")

    def held() -> tuple[int, int, int]:
        torch.cuda.synchronize()
        allocated = torch.cuda.memory_stats()["allocation.all.allocated"]
        return (
            torch.cuda.memory_allocated(),
            allocated,
            cupy.get_default_memory_pool().total_bytes(),
        )

    kernels.make(model, white)
    before = held()
    for turn in range(200):
        kernels.make(model, white, turn=0.01 * turn)
    assert held() == before
    # Busy for a second; no more fields than a card's queue holds kernels, about a thousand.
    torch.cuda._sleep(2_000_000_000)
    busy = torch.cuda.Event()
    for turn in range(30):
        kernels.make(model, white, turn=0.01 * turn)
    busy.record()
    assert not busy.query(), "the host waited for the card"
    assert held() == before


def test_latents_noise_on_the_card_is_the_cpus(cuda: torch.device) -> None:
    pytest.importorskip("cupy")
    noise, model = torch.randn((2, 4, HEIGHT // 8, WIDTH // 8)), entered(5, torch.float32)
    truth = align(noise, model, 0.8, 0.3)
    made = align(noise.cuda(), model.cuda(), 0.8, 0.3)
    assert made.is_cuda
    assert float(torch.corrcoef(torch.stack([made.cpu().ravel(), truth.ravel()]))[0, 1]) > 0.995
    there = noise.cuda()
    assert align(there, model.cuda(), 0.0) is there
