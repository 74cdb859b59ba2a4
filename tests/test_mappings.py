"""The shipped mappings: each can be included, and old patches play what they meant."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path
from typing import Any

import pytest

from vj.control.conducting import make_conductor
from vj.parameters.store import Store
from vj.parameters.table import TABLE
from vj.show.load import ShowFaults, load_show

ROOT = Path(__file__).parents[1]
MAPPINGS = ROOT / "mappings"
INCLUDED = sorted(str(path.relative_to(MAPPINGS).with_suffix("")) for path in MAPPINGS.glob("*/*.yaml"))


def playing(tmp_path: Path, name: str) -> tuple[Any, Any]:
    path = tmp_path / "show.yaml"
    path.write_text(f"show: mine\nsource: testcard\ninclude: {name}\n", encoding="utf-8")
    show = load_show(path)
    store = Store(show.start, show.table())
    conductor, _ = make_conductor(show, store, live=False, say=print)
    store.listeners.append(conductor.changed)
    store.forces = conductor
    return store, conductor


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
    } <= set(INCLUDED)


@pytest.mark.parametrize("name", INCLUDED)
def test_each_can_be_included(tmp_path: Path, name: str) -> None:
    _, conductor = playing(tmp_path, name)
    assert conductor.hands
    assert (MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8").startswith("# "), "says how to connect it"


@pytest.mark.parametrize(
    ("name", "address", "values", "expected"),
    [
        ("streamdiffusiontd", "/prompt", ("a sea",), {"prompt/a": "a sea"}),
        ("streamdiffusiontd", "/prompt_list", ('[["gold", 1], ["sea", 0.5]]',), {"prompt/list": '[["gold", 1], ["sea", 0.5]]'}),
        ("streamdiffusiontd", "/t_list", (1, 16, 32, 45), {"strength": 0.98, "steps": 4}),
        ("streamdiffusiontd", "/t_list", (25,), {"strength": 0.5, "steps": 1}),
        ("streamdiffusiontd", "/t_list", (49,), {"strength": 0.02}),
        ("streamdiffusiontd", "/seed_list", ("[[7, 0.7], [9, 0.3]]",), {"seed/a": 7, "seed/b": 9, "seed/mix": 0.3}),
        ("streamdiffusiontd", "/seed", (1234,), {"seed/a": 1234}),
        ("streamdiffusiontd", "/guidance_scale", (1.4,), {"guidance": 1.4}),
        ("streamdiffusiontd", "/pause", (), {"output/freeze": True}),
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
    store, conductor = playing(tmp_path, f"aliases/{name}")
    assert conductor.hear_osc(address, values)
    store.sample(0.0)
    for parameter, value in expected.items():
        assert store.get(parameter) == (pytest.approx(value) if isinstance(value, float) else value), parameter


def test_play_and_pause_work_again_and_again(tmp_path: Path) -> None:
    store, conductor = playing(tmp_path, "aliases/streamdiffusiontd")
    for turn in range(3):
        for address, frozen in (("/pause", True), ("/play", False)):
            conductor.hear_osc(address, ())
            store.sample(float(turn))
            assert store.get("output/freeze") is frozen


def test_an_included_file_with_a_fault_is_told_with_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mappings:\n  - {osc: /a, to: strength}\n  - {osc: /b, to: strenght}\n", encoding="utf-8")
    (tmp_path / "show.yaml").write_text("source: testcard\ninclude: [mine, surfaces/pedal]\n", encoding="utf-8")
    with pytest.raises(ShowFaults, match=r"mine\.yaml:3: strenght: no such parameter; did you mean strength"):
        load_show(tmp_path / "show.yaml")
    (tmp_path / "show.yaml").write_text("source: testcard\ninclude: [surfaces/pedall]\n", encoding="utf-8")
    with pytest.raises(ShowFaults, match=r"show\.yaml:2: include: surfaces/pedall: no such file .*did you mean surfaces/pedal"):
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
    addresses = {found.text for found in root.iter("value") if found.text and found.text.startswith("/vj/")}
    assert addresses == {TABLE.rows[name].address for name in (*touchosc.FADERS, *touchosc.BUTTONS)}
