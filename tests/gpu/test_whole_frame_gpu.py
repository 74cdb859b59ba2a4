"""A whole frame on a card: as one CUDA graph it is what its parts are, nothing in it waits for the
host, and pictures may come one frame late."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import SIZE, load, lora
from tests.diffusion.conftest import parts
from tests.diffusion.whole_frames import Played, differing, play
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.devices import beside
from vj.diffusion.stream_batch import Noise
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline

__all__ = ["parts"]


@pytest.mark.parametrize("family", ["lcm", "turbo", "sdxl"])
def test_as_one_graph_it_is_the_same_bit_for_bit(parts: Path, family: str) -> None:
    """A hundred frames in which everything is played."""
    pictures: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for graphs, made in pictures.items():
        loras = (lora(parts, "ink", 0.5),) if family == "lcm" else ()
        model = load(parts, family, loras=loras, device="cuda", dtype="float16")
        played = Played(model)
        model.play_as_graphs(graphs)
        for number in range(100):
            play(played.store, number)
            played.ink = 0.5 if number < 75 else 1.0
            picture = played.frame(number, flow=number % 50 > 20, mask=number % 70 > 40)
            assert picture is not None
            made.append(picture.copy())
        assert model.graphs > 0 or not graphs
        played.backend.close()
    assert differing(*pictures.values()) == []


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_nothing_in_it_waits_for_the_host(parts: Path, dtype: str) -> None:
    model = load(parts, "turbo", device="cuda", dtype=dtype)
    played = Played(model)
    played.backend.warm(played.store.sample(0))
    for number in range(4):
        played.frame(number, flow=True)
    torch.cuda.set_sync_debug_mode("error")
    try:
        coming = [played.begin(number, flow=True) for number in range(4, 12)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    pictures = [one.result() for one in coming]
    assert all(picture is not None for picture in pictures)
    assert len({picture.tobytes() for picture in pictures if picture is not None}) == 8
    played.backend.close()


def test_late_pictures_are_the_same_one_frame_later(parts: Path) -> None:
    shown: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for late, made in shown.items():
        model = load(parts, "turbo", device="cuda", dtype="float16")
        backend = StreamBackend(model, SIZE, wait=True)
        store = Store({"prompt/a": "gold", "output/late": late, "blend/smoothing": 0.5})
        backend.warm(store.sample(0))
        pipeline = FramePipeline(SIZE, "crop", Metrics(), print, live=True)
        pipeline.swap(backend)
        rng = np.random.default_rng(1)
        for number in range(12):
            store.set("strength", 0.3 + 0.05 * number, "test")
            image = rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
            picture = pipeline.process(Frame(image, number, number / 30), store.sample(number / 30))
            made.append(picture.picture.copy())
        pipeline.close()
    same = [
        np.array_equal(one, two)
        for one, two in zip(shown[False][4:], shown[True][5:], strict=False)
    ]
    assert all(same), same


def test_a_picture_on_its_way_is_not_painted_over(parts: Path) -> None:
    """Many are begun before the first is fetched."""
    model = load(parts, "turbo", device="cuda", dtype="float16")
    # without feedback, whose contrast is led by figures that come with the picture before
    one, two = (Played(model, feedback__amount=0.0) for _ in range(2))
    fetched = [one.frame(number) for number in range(6)]
    coming = [two.begin(number) for number in range(6)]
    later = [picture.result() for picture in coming]
    for first, second in zip(fetched, later, strict=True):
        assert first is not None
        assert second is not None
        assert np.array_equal(first, second)


def test_noise_boils_by_the_number_of_the_frame() -> None:
    """On the card, the same again from the same beginning, and with the variance it began with."""
    device = torch.device("cuda")
    one, two = (Noise((4, 64, 64), device, torch.float32) for _ in range(2))
    held = one.sample(5, 5, 0.0, 1.0, 1)
    on_host = Noise((4, 64, 64), torch.device("cpu"), torch.float32)
    assert torch.equal(held.cpu(), on_host.sample(5, 5, 0.0, 1.0, 1))
    boiled = [one.sample(5, 5, 0.0, 0.9, 1) for _ in range(20)]
    again = [two.sample(5, 5, 0.0, 0.9, 1) for _ in range(20)]
    assert all(torch.equal(*pair) for pair in zip(boiled, again, strict=True))
    assert 0.8 < float((boiled[0] * held).mean()) < 1
    assert abs(float((boiled[-1] * held).mean())) < 0.3
    assert all(0.95 < float(noise.std()) < 1.05 for noise in boiled)


def test_prompts_that_are_encoded_beside_the_picture_are_whole(parts: Path) -> None:
    model = load(parts, "turbo", device="cuda", dtype="float16")
    texts = [f"gold {number}" for number in range(12)]
    alone = [model.encode_text(text).tokens.clone() for text in texts]
    played = Played(model)
    encoded: list[torch.Tensor] = []
    encoder = threading.Thread(
        target=lambda: encoded.extend(model.encode_text(text).tokens for text in texts)
    )
    encoder.start()
    for number in range(30):
        assert played.frame(number) is not None
    encoder.join()
    assert all(torch.equal(one, two) for one, two in zip(alone, encoded, strict=True))
    played.backend.close()


def test_another_size_is_made_ready_beside_it_and_no_frame_is_touched(parts: Path) -> None:
    """Its graphs share memory with those that play."""
    model = load(parts, "turbo", device="cuda", dtype="float16")
    alone = Played(model)
    alone.backend.warm(alone.store.sample(0))
    expected = [alone.frame(number, flow=number % 2 > 0) for number in range(80)]
    played = Played(model)
    failed: list[BaseException] = []

    def others() -> None:
        try:
            for width in (96, 128, 160):
                with beside(model.device):
                    StreamBackend(model, Size(width, 64), wait=True).warm(played.store.sample(0))
        except BaseException as error:
            failed.append(error)

    made_ready = threading.Thread(target=others)
    made_ready.start()
    pictures = []
    for number in range(80):
        pictures.append(played.begin(number, flow=number % 2 > 0).result())
    made_ready.join()
    assert not failed
    differ = [
        number
        for number, (one, two) in enumerate(zip(expected, pictures, strict=True))
        if not np.array_equal(one, two)
    ]
    assert differ == []
    alone.backend.close()
    played.backend.close()
