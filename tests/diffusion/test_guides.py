"""Several ControlNets and T2I-Adapters at once, each by its own guide and with its own fader."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, apart, load, picture
from tests.diffusion.card_models import OnCard
from tests.fetched import needs
from tests.pipeline.test_depth import depth_model, stage
from tests.pretended_card import PretendedCard
from vj.app.offline import Rendering
from vj.core.supervisor import Supervisor
from vj.diffusion import noise_align
from vj.diffusion.backends import StreamBackend
from vj.diffusion.guides import stacked
from vj.diffusion.model import Model
from vj.parameters.store import Snapshot, Store
from vj.pipeline.depth import Depth
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.guides import Guides, canny, lacking_of
from vj.pipeline.landmarks.markers import FILES
from vj.show.load import load_show

KINDS = ("lines", "depth", "edges")
ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"


def led_by(parts: Path) -> Model:
    """Two ControlNets and a T2I-Adapter."""
    net = str(parts / "controlnet")
    return load(
        parts,
        controlnet=[(net, "lines"), (net, "depth")],
        t2i_adapter=[(str(parts / "t2i"), "edges")],
    )


@pytest.fixture(scope="module")
def several(parts: Path) -> Model:
    return led_by(parts)


def sampled(**values: Any) -> Snapshot:
    names = {key.replace("__", "/"): value for key, value in values.items()}
    snapshot = Store({"prompt/a": "gold"}).sample(0)
    return replace(snapshot, values={**snapshot.values, "strength": 0.7, **names})


def drawn(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)


CONTEXT = replace(
    FrameContext.black(SIZE), lines=drawn(1), guides={"depth": drawn(2), "edges": drawn(3)}
)


def paint(backend: StreamBackend, context: FrameContext = CONTEXT, **values: Any) -> Tensor:
    made = backend.paint(picture(), sampled(**values), context)
    assert made is not None
    return torch.as_tensor(made.picture).clone()


def test_each_leads_by_its_own_fader(several: Model, plain: Model, parts: Path) -> None:
    backend = StreamBackend(several, SIZE, wait=True)
    assert backend.guides == KINDS
    assert "controlnet lines depth, t2i_adapter edges" in backend.name
    bare = paint(StreamBackend(plain, SIZE, wait=True))
    off: dict[str, Any] = dict.fromkeys((f"control__{kind}" for kind in KINDS), 0.0)
    assert torch.equal(paint(backend, **off), bare), "at 0 they do nothing"
    assert torch.equal(paint(backend, control__amount=0.0), bare), "control/amount is all of them"
    alone = [paint(backend, **{**off, f"control__{kind}": 1.0}) for kind in KINDS]
    for one in alone:
        assert apart(one, bare) > 1e-4
    assert min(apart(alone[0], alone[1]), apart(alone[1], alone[2])) > 1e-4
    half = paint(backend, **{**off, "control__depth": 0.5})
    assert 0 < apart(half, bare) < apart(alone[1], bare)
    assert torch.equal(paint(backend, **{**off, "control__depth": 1.0}, control__amount=0.5), half)
    single = load(parts, controlnet=str(parts / "controlnet"))
    assert torch.equal(paint(StreamBackend(single, SIZE, wait=True)), alone[0]), "as one alone is"
    backend.warm(Store().sample(0))


def test_what_is_at_0_or_not_there_is_not_computed(
    several: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    nets = several.adapters.controlnet
    assert nets is not None
    for number, net in enumerate(nets.nets):
        net.register_forward_pre_hook(lambda *_, number=number: asked.append(number))
    backend = StreamBackend(several, SIZE, wait=True)
    paint(backend)
    assert asked == [0, 1]
    asked.clear()
    paint(backend, control__lines=0.0)
    assert asked == [1]
    asked.clear()
    paint(backend, replace(CONTEXT, guides={}), control__lines=0.0)
    assert asked == []


def test_residuals_are_summed_as_diffusers_sums_them(several: Model) -> None:
    from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel

    nets = several.adapters.controlnet
    assert nets is not None
    torch.manual_seed(0)
    x, t, tokens = torch.randn(2, 4, 8, 8), torch.tensor([500.0, 300.0]), torch.randn(2, 7, 768)
    one, two = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        ours = nets(x, t, tokens, {}, (one, two, None), torch.tensor([[0.4, 1.3, 0.0]]))
        theirs = MultiControlNetModel(list(nets.nets))(
            x, t, tokens, [one, two], [0.4, 1.3], return_dict=False
        )
    for mine, their in zip(ours["down_block_additional_residuals"], theirs[0], strict=True):
        assert apart(mine, their) < 1e-5
    assert apart(ours["mid_block_additional_residual"], theirs[1]) < 1e-5


def test_rows_of_a_batch_keep_their_own_hints_and_amounts() -> None:
    one, two = torch.full((1, 3, 8, 8), 0.2), torch.full((1, 3, 8, 8), 0.7)
    made = stacked([((one, None, None), (0.5, 1.0, 0.0)), ((None, two, None), (0.3, 2.0, 1.0))])
    assert made
    hints, amounts = made
    assert amounts.tolist() == [[0.5, 0.0, 0.0], [0.0, 2.0, 0.0]], "0 where a row has none"
    assert hints[0] is not None
    assert hints[1] is not None
    assert hints[2] is None, "nothing to compute"
    assert hints[0].shape == (2, 3, 8, 8)
    assert torch.equal(hints[0][:1], one)
    assert torch.equal(hints[1][1:], two)
    assert stacked([((), ()), ((None,), (1.0,))]) == ()


def test_frames_in_flight_are_each_led_by_their_own(several: Model) -> None:
    """Two steps: a frame whose faders move away meanwhile comes out as it began."""
    led, calm = sampled(steps=2), sampled(steps=2, control__amount=0.0)

    def second(first: Snapshot, other: Snapshot, context: FrameContext) -> Tensor:
        backend = StreamBackend(several, SIZE, wait=True)
        assert backend.paint(picture(), first, context) is None
        made = backend.paint(picture(1), other, CONTEXT)
        assert made is not None
        return torch.as_tensor(made.picture).clone()

    assert apart(second(led, calm, CONTEXT), second(led, led, CONTEXT)) < 1e-4
    assert apart(second(led, calm, CONTEXT), second(calm, calm, CONTEXT)) > 1e-4
    bare = replace(CONTEXT, lines=None, guides={})
    assert apart(second(led, led, bare), second(calm, calm, CONTEXT)) < 1e-4


def test_guides_are_made_of_the_frame_that_they_lead() -> None:
    messages: list[str] = []
    guides, depth = Guides(messages.append, Supervisor(messages.append), live=False), Depth(print)
    image = np.zeros((64, 96, 3), np.uint8)
    image[20:44, 30:60] = 200
    assert guides.wanted(KINDS, sampled(control__depth=0.0)) == ["lines", "edges"]
    assert guides.wanted(KINDS, sampled(control__amount=0.0)) == []
    for _ in range(3):
        made = guides.of(image, sampled(), 0.0, ("edges", "depth"), None, depth)
    assert set(made) == {"edges"}
    assert messages == [lacking_of("depth", False)], "once"
    edge = made["edges"]
    assert edge.shape == image.shape
    assert set(np.unique(edge)) == {0, 255}
    assert edge[32, 28:33].any()
    assert not edge[32, 36:54].any()
    depth.find = lambda picture: picture[..., 0].astype(np.float32)
    near = depth.of(image, 0.0, True)
    led = guides.of(image, sampled(), 0.0, ("depth",), near, depth)["depth"]
    assert led[32, 45].min() > 240
    assert led[5, 5].max() < 15
    guides.close()


@needs(*FILES["face"])
def test_a_face_leads_whatever_the_lines_are_made_of() -> None:
    guides = Guides(print, Supervisor(print), live=False)
    with Image.open(ASTRONAUT) as opened:
        image = np.asarray(opened.convert("RGB").resize((256, 256)))
    depth = Depth(print)
    led = guides.of(image, sampled(lines__from="edges"), 0.0, ("face",), None, depth)["face"]
    assert led.shape == image.shape
    rows, columns = np.nonzero(led[..., 0] > 128)
    assert 20 < rows.mean() < 90, "where her face is"
    assert 90 < columns.mean() < 150
    assert not guides.of(image, sampled(), 0.1, (), None, depth), "nobody wants it"
    guides.close()


@pytest.mark.parametrize("kind", ["face", "body"])
def test_a_guide_that_is_not_installed_is_told_once(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("vj.core.fetched.models_folder", lambda prefix="": tmp_path)
    messages: list[str] = []
    guides = Guides(messages.append, Supervisor(messages.append), live=True)
    for number in range(3):
        made = guides.of(drawn(number), sampled(), number / 30, (kind,), None, Depth(print))
        assert not made, "the model paints without"
    (message,) = messages
    assert message.startswith(f"guide {kind}: ")
    assert message.endswith("python3 launch.py add person; it does not lead")
    guides.close()


def test_more_edges_come_with_more_detail() -> None:
    rng = np.random.default_rng(0)
    image = np.clip(128 + 40 * rng.standard_normal((64, 64, 1)), 0, 255).astype(np.uint8)
    image = np.repeat(image, 3, axis=2)
    counts = [np.count_nonzero(canny(image, detail)) for detail in (0.0, 0.5, 1.0)]
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("whole", [True, pytest.param(False, marks=pytest.mark.long)])
def test_on_a_card_each_hint_goes_up_once_and_nothing_waits(parts: Path, whole: bool) -> None:
    with PretendedCard().inserted() as card:
        try:
            played = OnCard(card, led_by(parts), torch.float16)
            log = [played.whole() if whole else played.steps() for _ in range(2)][-1]
        finally:
            noise_align._kernels.cache_clear()
    assert Counter(one.where for one in log.up)["_hint"] == len(KINDS)
    assert all(one.later for one in log.up)
    assert [line.partition(":")[0] for line in log.waits] == ["vj/pipeline/card_transfer.py"]


def test_a_show_led_by_lines_and_depth_renders_twice_the_same(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    depth_model(tmp_path / "depth.onnx")
    (tmp_path / "in").mkdir()
    for number in range(3):
        moved = np.roll(stage(size=(64, 64)), 9 * number, axis=1)
        Image.fromarray(moved).save(tmp_path / "in" / f"{number}.png")

    def rendered(name: str, more: str = "") -> list[bytes]:
        net = (parts / "controlnet").as_posix()
        Path("led.yaml").write_text(
            "show: led\nsource: in/\nsize: 64x64\nfps: 5\nmidi: off\npage: off\nosc: 127.0.0.1:0\n"
            "depth: {model: depth.onnx, side: 56}\n"
            f"model:\n  name: {(parts / 'lcm').as_posix()}\n  vae: full\n  lcm_lora: off\n"
            f"  device: cpu\n  controlnet: [{net}, {{model: {net}, guide: depth}}]\n"
            f"start: {{strength: 0.8, prompt/a: gold{more}}}\nsinks: ['record:{name}/']\n",
            encoding="utf-8",
        )
        Rendering(load_show(Path("led.yaml")), print, seconds=0.6).run()
        return [file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))]

    one = rendered("one")
    assert len(one) == 3
    assert rendered("two") == one
    assert rendered("three", ", control/depth: 0") != one
