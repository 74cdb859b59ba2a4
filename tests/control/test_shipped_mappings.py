"""The shipped mappings: each can be included, and old patches play what they meant."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path
from typing import Any

import pytest

from vj.control.build import make_engine
from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.packet import Message, Unpacked
from vj.parameters.store import Store
from vj.parameters.table import TABLE
from vj.show.find import ROOMS
from vj.show.load import ShowFaults, load_show

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
INCLUDED = sorted(
    str(path.relative_to(MAPPINGS).with_suffix(""))
    for path in MAPPINGS.glob("*/*.yaml")
    if path.parent != ROOMS
)


def playing(tmp_path: Path, name: str) -> tuple[Any, Any]:
    path = tmp_path / "show.yaml"
    path.write_text(f"show: mine\nsource: testcard\ninclude: {name}\n", encoding="utf-8")
    show = load_show(path)
    store = Store(show.start, show.table())
    engine, _ = make_engine(show, store, live=False, log=print)
    store.listeners.append(engine.changed)
    store.automation = engine
    return store, engine


def test_there_are_as_many_as_promised() -> None:
    assert {
        "aliases/streamdiffusiontd",
        "aliases/scope",
        "aliases/sogenhanda",
        "surfaces/midimix",
        "surfaces/apc_mini",
        "surfaces/launch_control_xl",
        "surfaces/pedal",
        "surfaces/touchosc",
        "surfaces/resolume",
        "surfaces/touchdesigner",
        "surfaces/lighting_desk",
    } <= set(INCLUDED)


@pytest.mark.parametrize("name", INCLUDED)
def test_each_can_be_included(tmp_path: Path, name: str) -> None:
    _, engine = playing(tmp_path, name)
    assert engine.mappings
    assert (MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8").startswith("# "), (
        "says how to connect it"
    )


@pytest.mark.parametrize(
    ("name", "address", "values", "expected"),
    [
        ("streamdiffusiontd", "/prompt", ("a sea",), {"prompt/a": "a sea"}),
        (
            "streamdiffusiontd",
            "/prompt_list",
            ('[["gold", 1], ["sea", 0.5]]',),
            {"prompt/list": '[["gold", 1], ["sea", 0.5]]'},
        ),
        ("streamdiffusiontd", "/t_list", (1, 16, 32, 45), {"strength": 0.98, "steps": 4}),
        ("streamdiffusiontd", "/t_list", (25,), {"strength": 0.5, "steps": 1}),
        ("streamdiffusiontd", "/t_list", (49,), {"strength": 0.02}),
        (
            "streamdiffusiontd",
            "/seed_list",
            ("[[7, 0.7], [9, 0.3]]",),
            {"seed/a": 7, "seed/b": 9, "seed/mix": 0.3},
        ),
        ("streamdiffusiontd", "/seed", (1234,), {"seed/a": 1234}),
        ("streamdiffusiontd", "/guidance_scale", (1.4,), {"guidance": 1.4}),
        ("streamdiffusiontd", "/pause", (), {"output/freeze": True}),
        (
            "streamdiffusiontd",
            "/seed_list",
            ("[[5, 3.0], [6, 1.0]]",),
            {"seed/a": 5, "seed/b": 6, "seed/mix": 0.25},
        ),
        ("streamdiffusiontd", "/seed_list", ("[[5, 1.0]]",), {"seed/a": 5, "seed/mix": 0.0}),
        ("streamdiffusiontd", "/fx/latent_transform/zoom", (1.05,), {"feedback/zoom": 1.05}),
        ("streamdiffusiontd", "/use_controlnet", (0,), {"control/amount": 0.0}),
        ("streamdiffusiontd", "/stop", (1,), {"output/freeze": True}),
        ("scope", "/scope/vace_context_scale", (1.5,), {"control/amount": 1.5}),
        ("scope", "/scope/paused", (True,), {"output/freeze": True}),
        ("sogenhanda", "/streamdiffusion/system/stop", (1,), {"output/freeze": True}),
        ("scope", "/scope/denoising_step_list", (1000, 750), {"strength": 1.0, "steps": 2}),
        ("scope", "/scope/noise_scale", (0.7,), {"strength": 0.7}),
        ("scope", "/scope/transition_steps", (60,), {"prompt/travel": 2.0}),
        ("sogenhanda", "/streamdiffusion/live/strength", (0.3,), {"strength": 0.3}),
        ("sogenhanda", "/streamdiffusion/live/motion_threshold", (0.25,), {"blend/motion": 0.75}),
    ],
)
def test_old_patches_play_what_they_meant(
    tmp_path: Path, name: str, address: str, values: tuple[Any, ...], expected: dict[str, Any]
) -> None:
    store, engine = playing(tmp_path, f"aliases/{name}")
    assert engine.on_osc(address, values)
    store.sample(0.0)
    for parameter, value in expected.items():
        assert store.get(parameter) == (
            pytest.approx(value) if isinstance(value, float) else value
        ), parameter


def test_a_single_prompt_and_a_single_seed_take_the_place_of_a_list(tmp_path: Path) -> None:
    store, engine = playing(tmp_path, "aliases/streamdiffusiontd")
    for turn in range(2):
        engine.on_osc("/prompt_list", ('[["moss", 1], ["rust", 3]]',))
        engine.on_osc("/seed_list", ("[[1, 1], [2, 1]]",))
        store.sample(2.0 * turn)
        assert (store.get("prompt/list"), store.get("seed/mix")) == (
            '[["moss", 1], ["rust", 3]]',
            0.5,
        )
        engine.on_osc("/prompt", ("chalk",))
        engine.on_osc("/seed", (9,))
        store.sample(2.0 * turn + 1)
        assert (store.get("prompt/a"), store.get("prompt/list")) == ("chalk", "")
        assert (store.get("seed/a"), store.get("seed/mix")) == (9, 0.0)


@pytest.mark.parametrize("name", ["streamdiffusiontd", "scope", "sogenhanda"])
def test_a_list_without_a_value_moves_nothing(tmp_path: Path, name: str) -> None:
    store, engine = playing(tmp_path, f"aliases/{name}")
    store.sample(0.0)
    before = store.base()
    for mapping in engine.mappings:
        if mapping.continuous:
            engine.on_osc(mapping.rule.osc, ())
    store.sample(0.1)
    moved = {key for key, value in store.base().items() if before[key] != value}
    assert moved <= {"output/freeze", "prompt/list", "record"}, (
        "only buttons are pressed by a message without a value"
    )


SENT = {
    "streamdiffusiontd": """/guidance_scale /delta /num_inference_steps /seed /t_list /prompt
        /negative_prompt /prompt_list /seed_list
        /controlnets /prompt_interpolation_method /seed_interpolation_method /use_controlnet
        /ipadapter_config
        /ipadapter_scale /ipadapter_enable /ipadapter_update /sdmode /latent_feedback_strength
        /fx/latent_transform/zoom /fx/color_correction_feedback/brightness /start_streaming
        /stop_streaming /stop
        /pause /play /process_frame /frame_ack /get_status /unload /gaussian_prompt /td_buffer_name
        /controlnet_weight
        /feedback_safe /use_cached_attn_settings /use_cached_attn /disable_cached_attn /lora_weights
        /max_fps /slerp
        /Interpval1 /textual_inversion_dict /fi_strength /cache_maxframes /cache_interval""",
    "scope": """/scope/prompt /scope/noise_scale /scope/denoising_step_list /scope/reset_cache
        /scope/kv_cache_attention_bias
        /scope/noise_controller /scope/manage_cache /scope/input_mode /scope/vace_context_scale
        /scope/transition_steps /scope/paused /scope/interpolation_method
        /scope/temporal_interpolation_method
        /scope/node_1/blur""",
    "sogenhanda": """/streamdiffusion/live/prompt /streamdiffusion/live/strength
        /streamdiffusion/live/seed
        /streamdiffusion/live/target_fps /streamdiffusion/live/input_feedback
        /streamdiffusion/live/output_smoothing
        /streamdiffusion/live/latent_morph /streamdiffusion/live/history_frames
        /streamdiffusion/live/motion_threshold
        /streamdiffusion/config/model_index /streamdiffusion/config/spout_input
        /streamdiffusion/config/apply
        /streamdiffusion/system/start /streamdiffusion/system/stop /streamdiffusion/system/shutdown
        /streamdiffusion/temporal/reset""",
}
"""What the other programs' servers listen to."""


@pytest.mark.parametrize("name", SENT)
def test_every_address_of_the_other_program_is_known_and_its_answers_are_given(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(f"source: testcard\ninclude: aliases/{name}\n", encoding="utf-8")
    show = load_show(path)
    store = Store(show.start, show.table())
    engine, _ = make_engine(show, store, live=False, log=print)
    dispatcher = Dispatcher(store)
    dispatcher.use_engine(
        engine,
        [address for address, what in show.answers.items() if what == "now"],
        show.ignored,
    )
    lost: list[str] = []

    class Patch:
        origin, name = ("127.0.0.1", 8248), "patch"

        def answer(self, address: str, values: Any, kind: str | None = None) -> None: ...
        def may_reply(self) -> bool:
            return True

        def send_error(self, text: str, done: bool) -> None:
            lost.append(text)

        def moved(self, address: str) -> None: ...

    for address in SENT[name].split():
        dispatcher.dispatch_packet(Unpacked([Message(address, (1,))], []), Patch())  # type: ignore[arg-type]
    assert [line for line in lost if "no such address" in line] == []
    answers = {
        "streamdiffusiontd": {
            "/stream-info/fps",
            "/stream-info/state",
            "/stream-info/output-name",
            "/framecount",
            "/server_active",
        },
        "scope": set(),
        "sogenhanda": {
            f"/streamdiffusion/monitor/{what}"
            for what in ("state", "running", "inference_fps", "end_to_end_ms")
        },
    }
    assert answers[name] <= set(show.answers)


def test_play_and_pause_work_again_and_again(tmp_path: Path) -> None:
    store, engine = playing(tmp_path, "aliases/streamdiffusiontd")
    for turn in range(3):
        for address, frozen in (("/pause", True), ("/play", False)):
            engine.on_osc(address, ())
            store.sample(float(turn))
            assert store.get("output/freeze") is frozen


def test_an_included_file_with_a_fault_is_reported_with_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "mappings:\n  - {osc: /a, to: strength}\n  - {osc: /b, to: strenght}\n", encoding="utf-8"
    )
    (tmp_path / "show.yaml").write_text(
        "source: testcard\ninclude: [mine, surfaces/pedal]\n", encoding="utf-8"
    )
    with pytest.raises(
        ShowFaults, match=r"mine\.yaml:3: strenght: no such parameter; did you mean strength"
    ):
        load_show(tmp_path / "show.yaml")
    (tmp_path / "show.yaml").write_text(
        "source: testcard\ninclude: [surfaces/pedall]\n", encoding="utf-8"
    )
    with pytest.raises(
        ShowFaults,
        match=r"show\.yaml:2: include: surfaces/pedall: no such file .*did you mean surfaces/pedal",
    ):
        load_show(tmp_path / "show.yaml")
    (tmp_path / "mine.yaml").write_text("size: 512x512\n", encoding="utf-8")
    (tmp_path / "show.yaml").write_text("source: testcard\ninclude: mine\n", encoding="utf-8")
    with pytest.raises(ShowFaults, match=r"mine\.yaml:1: size: an included file brings mappings"):
        load_show(tmp_path / "show.yaml")


def test_the_touchosc_layout_is_made_from_the_table() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    import touchosc  # type: ignore[import-not-found]

    kept = zlib.decompress((MAPPINGS / "surfaces" / "touchosc.tosc").read_bytes()).decode("utf-8")
    assert kept == touchosc.layout(), "run: python docs/touchosc.py"
    root = ElementTree.fromstring(kept)
    addresses = {
        found.text for found in root.iter("value") if found.text and found.text.startswith("/vj/")
    }
    assert addresses == {TABLE.rows[name].address for name in (*touchosc.FADERS, *touchosc.BUTTONS)}
