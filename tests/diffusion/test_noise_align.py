"""Noise that follows form, for models with latents: along edges, as strong as before."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
import torch

from vj.core.frame import Size
from vj.diffusion.noise_align import align
from vj.kernels import numpy_field
from vj.sources.testcard import DancerScene


def noise(n: int = 2, channels: int = 4, height: int = 64, width: int = 64) -> torch.Tensor:
    return torch.randn((n, channels, height, width), generator=torch.Generator().manual_seed(0))


def stripes(angle: float, height: int = 512, width: int = 512) -> torch.Tensor:
    """(1, 3, H, W): soft stripes that run at so many degrees from the horizontal (y down)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across = -x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    grey = np.sin(across * (2 * np.pi / 80)).astype(np.float32) * 0.8
    return torch.from_numpy(grey).expand(1, 3, -1, -1)


def scene(height: int = 512, width: int = 512) -> torch.Tensor:
    return (
        torch.from_numpy(DancerScene(Size(width, height), 30).draw(7))
        .permute(2, 0, 1)[None]
        .float()
        / 127.5
        - 1
    )


def beside(planes: torch.Tensor, right: int, down: int) -> float:
    """Correlation of the noise with itself so many latents to the right and down."""
    height, width = planes.shape[-2:]
    one, two = planes[..., : height - down, : width - right], planes[..., down:, right:]
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


def test_none_of_it_is_the_noise_itself() -> None:
    white = noise()
    assert align(white, scene(), 0.0) is white


@pytest.mark.parametrize("amount", [0.2, 0.6, 1.0])
@pytest.mark.parametrize(("height", "width"), [(512, 512), (320, 576), (1024, 1024)])
def test_the_noise_is_as_strong_as_before(amount: float, height: int, width: int) -> None:
    white = noise(height=height // 8, width=width // 8)
    led = align(white, scene(height, width), amount)
    assert led.shape == white.shape
    assert led.dtype == white.dtype
    assert abs(float(led.var((2, 3)).mean()) - 1) < 0.05
    assert torch.allclose(led.var((2, 3)), white.var((2, 3)), rtol=1e-3), (
        "it fades in without a jump"
    )
    assert torch.allclose(led.mean((2, 3)), white.mean((2, 3)), atol=1e-4)


@pytest.mark.parametrize(("angle", "along", "across"), [(0, (1, 0), (0, 1)), (90, (0, 1), (1, 0))])
def test_it_runs_along_the_edges_and_not_across(
    angle: float, along: tuple[int, int], across: tuple[int, int]
) -> None:
    led = align(noise(), stripes(angle), 1.0)
    assert beside(led, *along) > 0.7
    assert beside(led, *(3 * step for step in along)) > 0.25
    assert abs(beside(led, *across)) < 0.2
    half = align(noise(), stripes(angle), 0.5)
    assert 0.2 < beside(half, *along) < beside(led, *along), "half of it is half way"


def test_channels_and_steps_know_nothing_of_each_other() -> None:
    white = noise(n=2, channels=5)
    led = align(white, scene(), 1.0).reshape(10, -1)
    apart = torch.corrcoef(led) - torch.eye(10)
    assert apart.abs().max() < 0.15
    alone = align(white[:1], scene(), 1.0)
    assert torch.allclose(alone, align(white, scene(), 1.0)[:1], atol=1e-5), (
        "more steps change nothing for the first"
    )


def test_the_same_again_is_the_same_and_the_noise_stays_as_it_was() -> None:
    white = noise()
    before = white.clone()
    assert torch.equal(align(white, scene(), 0.7), align(white, scene(), 0.7))
    assert torch.equal(white, before)


def test_the_swirl_leads_on_an_empty_wall_and_turns() -> None:
    wall = torch.zeros((1, 3, 512, 512))
    still, turned = align(noise(), wall, 1.0), align(noise(), wall, 1.0, turn=np.pi / 2)
    assert float(torch.corrcoef(torch.stack([still.ravel(), turned.ravel()]))[0, 1]) < 0.6
    assert torch.allclose(align(noise(), wall, 1.0, turn=np.pi), still, atol=0.05), (
        "half a turn of a line is the line"
    )


def test_two_threads_do_not_mix_their_noise() -> None:
    """A model is warmed on one thread while another plays."""
    pictures = [stripes(0), stripes(90)]
    truth = [align(noise(), picture, 1.0) for picture in pictures]
    wrong: list[int] = []

    def play(which: int) -> None:
        for _ in range(20):
            if not torch.equal(align(noise(), pictures[which], 1.0), truth[which]):
                wrong.append(which)

    threads = [threading.Thread(target=play, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_it_is_numpys() -> None:
    picture = scene(320, 448)
    white = noise(1, 4, 40, 56)
    luma = (
        (picture[0] * torch.tensor((0.299, 0.587, 0.114))[:, None, None]).sum(0) * 0.5 + 0.5
    ).numpy()
    truth = numpy_field.follow(white[0].permute(1, 2, 0).numpy(), luma, 128 / 40)
    led = align(white, picture, 1.0)[0].permute(1, 2, 0).numpy()
    for channel in range(4):
        assert np.corrcoef(led[..., channel].ravel(), truth[..., channel].ravel())[0, 1] > 0.995


def test_half_precision_comes_back_as_half() -> None:
    led = align(noise().half(), scene().half(), 1.0)
    assert led.dtype == torch.float16
    assert cv2.norm(led.float().numpy().ravel()) > 0
