"""A model of another kind brings the show's other recipe: its words, strengths and cues."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from tests.app.model_stage import Stage
from tests.conftest import PlayShow
from tests.tiny_models import make_model
from vj.app.offline import Rendering
from vj.show.load import load_show

LINES = """\
show: two recipes
size: 64x64
source: testcard
model: first
models: {ink: drawn}
osc: 127.0.0.1:0
page: off
midi: off
fps: 10
start: {crossfade: 0, prompt/travel: 0, prompt/a: molten gold, strength: 0.6, pocket/relief: 0.5}
macros: {pedal: {drives: {noise/hold: [1, 0.5]}}}
cues: [{name: night, set: {prompt/a: deep ocean, mix/wet: 0.8}}]
with:
  sd:
    start: {prompt/a: a brass street, strength: 0.4}
    macros: {pedal: {drives: {noise/hold: [1, 0.9]}}}
    cues: [{name: night, set: {prompt/a: a harbour}}]
"""
"""Its model is in a folder: one of Stable Diffusion."""


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The show's file, in its folder."""
    path = tmp_path / "two.yaml"
    path.write_text(LINES)
    monkeypatch.chdir(tmp_path)
    return path


def test_live_the_recipe_follows_the_model_and_what_a_hand_has_set_stays(
    two: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(monkeypatch).play(play_show, two)
    store, seen = stage.performance.store, {}
    store.observers.append(lambda snapshot: seen.update(snapshot.values))

    def until(name: str, value: object) -> None:
        stage.show.until(lambda: seen.get(name) == pytest.approx(value))

    until("prompt/a", "a brass street")
    assert seen["strength"] == pytest.approx(0.4)
    stage.set("macro/pedal", 1)
    until("noise/hold", 0.9)
    stage.set("strength", 0.7)
    stage.set("model", "ink")
    until("prompt/a", "molten gold")
    until("noise/hold", 0.5)
    assert seen["strength"] == pytest.approx(0.7), "a hand has set it"
    stage.set("cue/fire", "night")
    until("prompt/a", "deep ocean")
    until("mix/wet", 0.8)
    stage.set("model", "")
    until("noise/hold", 0.9)
    assert seen["prompt/a"] == "deep ocean", "a cue has set it"
    stage.set("cue/fire", "night")
    until("prompt/a", "a harbour")


def test_while_a_model_is_loaded_the_words_are_those_of_the_one_that_plays(
    two: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And they stay where it cannot be loaded."""
    stage = Stage(monkeypatch)
    stage.gates["drawn"] = threading.Event()
    stage.play(play_show, two)
    store, loader = stage.performance.store, stage.performance.loader
    stage.show.until(lambda: store.get("prompt/a") == "a brass street")
    stage.set("model", "ink")
    stage.show.until(lambda: loader._loads)
    stage.set("cue/fire", "night")
    stage.show.until(lambda: store.get("prompt/a") == "a harbour")
    stage.gates["drawn"].set()
    stage.show.until(lambda: stage.performance.context.run.show.recipe is None)
    assert stage.performance.loop.backend_name == "drawn"
    stage.set("cue/fire", "night")
    stage.show.until(lambda: store.get("prompt/a") == "deep ocean")


def test_where_a_model_cannot_be_loaded_the_words_stay(
    two: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(monkeypatch)
    stage.broken.add("drawn")
    stage.play(play_show, two)
    store = stage.performance.store
    seen: set[str] = set()
    store.observers.append(lambda snapshot: seen.add(snapshot["prompt/a"]))
    stage.set("model", "ink")
    stage.until_said("model drawn: is broken")
    stage.show.until(lambda: store.get("model") == "")
    assert seen == {"a brass street"}


OFFLINE = """cues:
  - {name: trained, set: {model: trained}}
  - {name: drawn, set: {model: ""}}
timeline: [{at: 0.3, cue: trained}, {at: 0.6, cue: drawn}]
"""


def test_rendered_it_follows_from_the_next_frame_on_and_the_bytes_are_the_same_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_model(tmp_path / "tiny", "turbo")
    text = LINES.replace("model: first", "model: drawn").replace(
        "ink: drawn", "trained: {name: tiny/, vae: full, lcm_lora: off}"
    )
    text = re.sub("cues: .*\n", OFFLINE, text, count=1)
    text = re.sub("    cues: .*\n", "", text)
    path = tmp_path / "two.yaml"
    path.write_text(text)
    for name in ("one", "two"):
        show = load_show(path, {"sinks": [f"record:{name}/"]})
        assert Rendering(show, print, seconds=0.9, take_log=Path(f"{name}.take")).run() == 9
    one, two = (sorted(Path(name).iterdir()) for name in ("one", "two"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    strengths = [line.split("strength=")[1].split()[0] for line in _changes(Path("one.take"))]
    assert [strengths[0], min(strengths), strengths[-1]] == ["0.6", "0.4", "0.6"]


def _changes(take: Path) -> list[str]:
    return [line for line in take.read_text().splitlines() if " strength=" in line]
