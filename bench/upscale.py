"""OutputUpscaler on a CPU: milliseconds of one core a picture, and how near to the truth. The truth
is a drawn scene at the large size, reduced.

python bench/upscale.py [--rounds 15] [--clip CLIP ...] [PICTURE ...]

pictures: your own large ones as the truth besides. --clip: a clip is painted by the built-in model
at several strengths and upscaled, the plain way and led by the clip's own pictures: how well the
edges of what is sent agree with those of the real input.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.setup import model_spec
from vj.core.frame import Frame, Guide, Size
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.diffusion.making import make_backend
from vj.kernels.cv_upscale import CvUpscaler
from vj.kernels.numpy_upscale import easu, rcas
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.preprocess import prepare
from vj.pipeline.upscale import SHARPNESS, CpuUpscaler
from vj.pipeline.upscale_guide import RealInput
from vj.show.load import check_show
from vj.sources.image import read_picture
from vj.sources.testcard import DancerScene

OUTPUT = Size(1280, 720)
PAINTED = (Size(256, 256), Size(448, 256), Size(512, 288))


def steepness(picture: np.ndarray) -> float:
    """Mean of the Laplacian of the brightness."""
    return float(
        np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F)).mean()
    )


def agreement(picture: np.ndarray, truth: np.ndarray) -> float:
    """How well two pictures' edges agree: the correlation of their gradients' lengths, of luma,
    over all pixels."""
    lengths = []
    for one in (picture, truth):
        light = cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32)
        lengths.append(
            np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)).ravel()
        )
    return float(np.corrcoef(lengths[0], lengths[1])[0, 1])


def milliseconds(way: Callable[[], np.ndarray], rounds: int) -> float:
    """Median of what one call takes of a core, whatever else that does meanwhile."""
    way()
    took = []
    for _ in range(rounds):
        begun = time.thread_time()
        way()
        took.append(time.thread_time() - begun)
    return 1e3 * statistics.median(took)


def guided_row(truth: np.ndarray, size: Size, rounds: int) -> str:
    """One painted size. Every timed picture has another input than the one before, whose luma has
    to be made first."""
    image = prepare(truth, size)
    upscaler = CpuUpscaler(OUTPUT)
    guides = [Guide(pixels, image, "crop", 0.2) for pixels in (truth, truth.copy())]
    order = itertools.cycle(guides)
    plain, led = upscaler.upscale(image), upscaler.upscale(image, Guide(truth, image, "crop", 0.0))
    real = as_sent(truth, size)
    times = (
        milliseconds(lambda: upscaler.upscale(image), rounds),
        milliseconds(lambda: upscaler.upscale(image, next(order)), rounds),
    )
    row = [f"{t:.1f}" for t in times] + [f"{cv2.PSNR(p, real):.2f}" for p in (plain, led)]
    return " | ".join([*row, *(f"{agreement(p, real):.3f}" for p in (plain, led))])


def guided_table(rounds: int) -> None:
    """The test card at strength 0: generated image and input are the same, so all of the truth
    could come back."""
    truth = DancerScene(OUTPUT, 30).draw(10)
    print(f"\nLed by the real input, test card, strength 0, to {OUTPUT}\n")
    print(
        "| painted | ms plain | ms guided | PSNR plain, dB | PSNR guided | edges plain | edges "
        "guided |\n|---|---|---|---|---|---|---|"
    )
    for size in PAINTED:
        print(f"| {size} | {guided_row(truth, size, rounds)} |", flush=True)


def as_sent(pixels: np.ndarray, size: Size) -> np.ndarray:
    """The real input as it would be sent, channel by channel the way a guide's luma is made."""
    image = prepare(pixels, size)
    planes = []
    for channel in range(3):
        only = np.ascontiguousarray(pixels[..., channel : channel + 1].repeat(3, 2))
        planes.append(RealInput(OUTPUT).lumas(Guide(only, image, "crop", 0.0))[1])
    return np.dstack(planes)


def clip_table(
    path: Path, strengths: tuple[float, ...] = (0.0, 0.3, 0.5, 0.8), frames: int = 6
) -> None:
    """The built-in model's generated images of a clip."""
    import av

    decoded = av.open(str(path)).decode(video=0)
    clip = [
        frame.to_ndarray(format="rgb24")
        for _, frame in zip(range(20 + frames), decoded, strict=False)
    ][20:]
    show = check_show({"source": "testcard", "model": "pocket"}, "bench")
    size = Size(256, 256)
    print(f"\n{path.name}, {size} to {OUTPUT}, molten gold, brush strokes\n")
    print(
        "| strength | edges plain | edges guided | change from picture to picture, plain | guided "
        "|\n|---|---|---|---|---|"
    )
    for strength in strengths:
        store = Store(
            {"prompt/a": "molten gold, brush strokes", "strength": strength, "prompt/travel": 0.0}
        )
        pipeline = FramePipeline(size, "crop", Metrics(), lambda text: None)
        pipeline.swap(
            make_backend(
                model_spec(show), show.engine, size, store.sample(0), False, lambda text: None
            )
        )
        upscaler, edges, made = CpuUpscaler(OUTPUT), [], []
        for number, pixels in enumerate(clip):
            shown = pipeline.process(Frame(pixels, number, number / 15), store.sample(number / 15))
            made.append(
                (
                    upscaler.upscale(shown.pixels),
                    upscaler.upscale(shown.pixels, shown.context.guide),
                )
            )
            if number > 2:
                real = as_sent(pixels, size)
                edges.append([agreement(picture, real) for picture in made[-1]])
        pipeline.close()
        changes = [
            [np.abs(a.astype(int) - b).mean() for a, b in zip(*pair, strict=True)]
            for pair in zip(made[3:], made[2:], strict=False)
        ]
        row = [f"{value:.3f}" for value in np.mean(edges, axis=0)] + [
            f"{value:.2f}" for value in np.mean(changes, axis=0)
        ]
        print(f"| {strength} | {' | '.join(row)} |", flush=True)


def fsr(small: np.ndarray, large: Size) -> np.ndarray:
    """What the card does, in NumPy; its time says nothing."""
    first = (easu(small, large.height, large.width) * 255 + 0.5).astype(np.uint8)
    return (rcas(first, 0.8) * 255 + 0.5).astype(np.uint8)


def measure(name: str, way: Callable[[], np.ndarray], truth: np.ndarray, rounds: int) -> None:
    out = way()
    share = steepness(out) / steepness(truth)
    print(
        f"| {name} | {milliseconds(way, rounds):.1f} | {cv2.PSNR(out, truth):.2f} | {share:.2f} |",
        flush=True,
    )


def table(truth: np.ndarray, small_size: Size, title: str, rounds: int) -> None:
    large = Size(truth.shape[1], truth.shape[0])
    small = cv2.resize(truth, small_size, interpolation=cv2.INTER_AREA)
    print(
        f"\n{title}: {small_size} to {large}\n\n| | ms | PSNR, dB | steepness of edges, of the "
        "truth's |\n|---|---|---|---|"
    )
    for name, how in (
        ("bilinear", cv2.INTER_LINEAR),
        ("cubic", cv2.INTER_CUBIC),
        ("Lanczos", cv2.INTER_LANCZOS4),
    ):
        measure(name, lambda how=how: cv2.resize(small, large, interpolation=how), truth, rounds)  # type: ignore[misc]
    upscaler = CvUpscaler(large.height, large.width)
    measure("ours on a CPU", lambda: upscaler.upscale(small, SHARPNESS), truth, rounds)
    measure("FSR, in NumPy", lambda: fsr(small, large), truth, 1)


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser()
    options.add_argument("pictures", nargs="*", type=Path)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--clip", type=Path, action="append", default=[])
    given = options.parse_args()
    for small, large in ((Size(512, 288), Size(1920, 1080)), (Size(512, 512), Size(1024, 1024))):
        table(DancerScene(large, 30).draw(10), small, "test card", given.rounds)
    guided_table(given.rounds)
    for path in given.clip:
        clip_table(path)
    for path in given.pictures:
        truth = cv2.resize(
            read_picture(path, "bench")[..., :3], (1920, 1080), interpolation=cv2.INTER_AREA
        )
        table(truth, Size(512, 288), path.name, given.rounds)


if __name__ == "__main__":
    main()
