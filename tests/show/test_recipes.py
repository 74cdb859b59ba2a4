"""`with: sd`: what a show plays with Stable Diffusion models, in place of what it says for the
others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.app.chosen import NOTHING, played
from vj.commands.check import check_show_file
from vj.show.as_played import put_start
from vj.show.load import ShowFaults, check_show, load_show
from vj.show.parse import parse
from vj.show.save import put_cues
from vj.show.schema import Show

SHOW = """\
show: Two recipes
source: testcard
model: drawn
models: {turbo: owner/turbo, kiss: kiss}
start: {prompt: molten gold, strength: 0.6, feedback/amount: 0.3}
macros:
  pedal:
    attack: 1 s
    drives: {strength: [0.6, 0.9], noise/hold: [1, 0.5]}
modulators:
  - {name: drift, lfo: sine, rate: 8 s, to: prompt/mix, range: [0, 1]}
cues:
  - {name: night, fade: 2 s, set: {prompt/a: deep ocean, mix/wet: 0.8}}
  - {name: day, set: {prompt/a: forest}}
curves:
  - {to: seed/mix, points: [[0:00, 0], [0:04, 1]]}
  - {to: mix/wet, points: [[0:00, 0], [0:04, 1]]}
with:
  sd:
    start: {prompt/a: "a brass street at dusk", strength: 0.45}
    macros: {pedal: {drives: {strength: [0.45, 0.7]}}}
    modulators: [{name: drift, lfo: sine, rate: 20 s, to: prompt/mix, range: [0, 0.5]}]
    cues: [{name: night, set: {prompt: "a harbour without lamps"}}]
    curves: [{to: mix/wet, points: [[0:00, 1], [0:04, 1]]}]
"""


def show_of(tmp_path: Path, text: str = SHOW, **overrides: Any) -> Show:
    path = tmp_path / "two.yaml"
    path.write_text(text)
    return load_show(path, overrides)


def test_the_model_decides_which_recipe_plays(tmp_path: Path) -> None:
    show = show_of(tmp_path)
    for name in ("", "kiss", "none"):
        here = played(show, NOTHING.having("model", name))
        assert here.recipe is None
        assert here.start["prompt/a"] == "molten gold"
    there = played(show, NOTHING.having("model", "turbo"))
    assert there.recipe == "sd"
    assert there.start == {
        "prompt/a": "a brass street at dusk",
        "strength": 0.45,
        "feedback/amount": 0.3,
    }
    back = played(show, NOTHING)
    assert back.start == show.start
    assert back.recipe is None


def test_the_same_sections_lie_over_those_of_the_show(tmp_path: Path) -> None:
    show = show_of(tmp_path)
    there = played(show, NOTHING.having("model", "turbo"))
    pedal = there.macros["pedal"]
    assert (pedal.drives["strength"].low, pedal.drives["strength"].high) == (0.45, 0.7)
    assert pedal.drives["noise/hold"] == show.macros["pedal"].drives["noise/hold"]
    assert pedal.attack == show.macros["pedal"].attack
    night, day = there.cues
    assert night.set == {"prompt": "a harbour without lamps", "mix/wet": 0.8}
    assert night.fade == show.cues[0].fade
    assert day == show.cues[1]
    assert [(rule.to, rule.points[0].value) for rule in there.curves] == [
        ("seed/mix", 0),
        ("mix/wet", 1),
    ]
    assert there.modulators[0].rate.seconds == 20
    assert there.table().rows.keys() == show.table().rows.keys()


def test_options_are_played_whichever_recipe_is(tmp_path: Path) -> None:
    show = show_of(tmp_path, model="owner/turbo", start={"prompt": "by hand"})
    assert played(show, NOTHING).start["prompt/a"] == "by hand"
    assert played(show, NOTHING).start["strength"] == 0.45
    assert played(show, NOTHING.having("model", "kiss")).start["prompt/a"] == "by hand"


def test_adapters_extend_every_model_that_does_not_name_its_own(tmp_path: Path) -> None:
    text = SHOW.replace("kiss: kiss", "inked: {name: owner/inked, loras: [own.safetensors]}")
    text += "    model: {loras: [brass.safetensors], vae: full}\n"
    show = show_of(tmp_path, text)
    turbo = played(show, NOTHING.having("model", "turbo")).model
    inked = played(show, NOTHING.having("model", "inked")).model
    assert [lora.name for lora in turbo.loras] == ["brass"]
    assert Path(turbo.loras[0].file).parent == tmp_path, "found beside the show"
    assert [lora.name for lora in inked.loras] == ["own"]
    assert (turbo.vae, inked.vae) == ("full", "full")
    assert {"lora/brass", "lora/own"} <= show.table().rows.keys(), "from the start"
    assert not played(show, NOTHING).model.loras


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("strength: 0.45", "strengh: 0.45", "20: strengh: no such parameter; did you mean"),
        ("strength: 0.45", "strength: 1.45", "20: strength: 1.45 is above 1 (0 .. 1)"),
        ("[0.45, 0.7]", "[0.45, 7]", "21: strength: 7 is above 1 (0 .. 1)"),
        ("{pedal: {", "{padel: {", "21: padel: no such macro; did you mean pedal? (pedal)"),
        ("[{name: drift", "[{name: drft", "22: drft: no such modulator; did you mean drift?"),
        ("[{name: night", "[{name: nigth", "23: nigth: no such cue; did you mean night?"),
        ("{prompt: ", "{promt: ", "23: promt: no such parameter; did you mean prompt?"),
        ("[{to: mix/wet", "[{to: mix/wett", "24: mix/wett: no such parameter; did you mean"),
        ("  sd:", "  sdxl:", "19: "),
        ("    start: {", "    starts: {", "20: unknown key starts; did you mean start?"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_found_at_its_line(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    before, recipe = SHOW.split("with:")
    assert recipe.count(old) == 1
    with pytest.raises(ShowFaults) as caught:
        show_of(tmp_path, f"{before}with:{recipe.replace(old, new)}")
    assert len(caught.value.lines) == 1
    assert caught.value.lines[0].startswith(f"{tmp_path / 'two.yaml'}:{fault}")


def test_all_that_is_wrong_in_a_recipe_is_told_at_once(tmp_path: Path) -> None:
    faulty = (
        SHOW[: SHOW.index("with:")]
        + """\
with:
  sd:
    start: {strenght: 1}
    prompts: [1984, {set: {mix/wett: 1}}]
    macros: {pedl: {drives: {strength: [0, 1]}}}
    curves: [{to: strength, points: [[0, 1]]}, {to: mix/wet, points: [[0, 1]]}]
    mappings: []
  sdx: {}
"""
    )
    first = faulty[: faulty.index("  sd:")].count("\n") + 1
    with pytest.raises(ShowFaults) as caught:
        show_of(tmp_path, faulty)
    found = [line.removeprefix(f"{tmp_path / 'two.yaml'}:") for line in caught.value.lines]
    wanted = [
        (1, "strenght: no such parameter; did you mean strength?"),
        (2, "mix/wett: no such parameter; did you mean mix/wet?"),
        (2, 'with.sd.prompts.0: 1984 is read as a number; as text it wants quotes: "1984"'),
        (3, "pedl: no such macro; did you mean pedal?"),
        (4, "with.sd.curves.0.points: 1 came"),
        (4, "with.sd.curves.1.points: 1 came"),
        (5, "unknown key mappings (known: prompts, start, cues, macros"),
        (6, "with.sdx: 'sdx': no such choice; did you mean sd?"),
    ]
    assert len(found) == len(wanted), found
    for line, (place, words) in zip(found, wanted, strict=True):
        assert line.startswith(f"{first + place}: {words}"), line


def test_an_unknown_name_in_a_recipe_hides_no_fault_of_another_entry(tmp_path: Path) -> None:
    before, recipe = SHOW.split("with:")
    recipe = recipe.replace("{name: night", "{name: nigth").replace("[0.45, 0.7]", "[0.45, 7]")
    with pytest.raises(ShowFaults) as caught:
        show_of(tmp_path, f"{before}with:{recipe}")
    found = "\n".join(caught.value.lines)
    assert "two.yaml:21: strength: 7 is above 1" in found
    assert "two.yaml:23: nigth: no such cue; did you mean night?" in found


def test_a_faulty_scene_hides_no_fault_of_another() -> None:
    prompts = [{"promt": "sea"}, {"prompt": "storm", "set": {"strength": 9}}]
    with pytest.raises(ShowFaults) as caught:
        check_show({"source": "testcard", "prompts": prompts}, "here")
    assert "unknown key promt; did you mean prompt?" in str(caught.value)
    assert "strength: 9 is above 1" in str(caught.value)


def test_a_recipe_names_no_model(tmp_path: Path) -> None:
    with pytest.raises(ShowFaults) as caught:
        show_of(tmp_path, SHOW + "    model: {name: owner/other}\n")
    assert "two.yaml:25: name: the model that plays decides" in str(caught.value)


def test_check_reads_both(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    path = tmp_path / "two.yaml"
    path.write_text(SHOW + "    model: {loras: [brass.safetensors]}\n")
    _, result = check_show_file(path)
    assert result.errors == [f"{path}:25: lora {tmp_path / 'brass.safetensors'}: no such file"]
    assert result.warnings == [], "words of the recipe are not for the built-in model"
    path.write_text(SHOW.replace("molten gold", "qwrtz").replace("brass street", "xyzzy"))
    _, result = check_show_file(path)
    assert len(result.warnings) == 1
    assert "qwrtz" in result.warnings[0]


def test_what_is_stored_while_a_recipe_plays_is_written_into_it(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(SHOW)
    put_cues(path, {"night": {"prompt/a": "a harbour at noon", "mix/wet": 0.5}}, "sd")
    show = load_show(path)
    assert show.cues[0].set == {"prompt/a": "deep ocean", "mix/wet": 0.5}, "the painters' words"
    there = played(show, NOTHING.having("model", "turbo"))
    assert there.cues[0].set == {"prompt": "a harbour at noon", "mix/wet": 0.5}


def test_a_show_that_is_saved_as_it_plays_keeps_its_recipes_apart(tmp_path: Path) -> None:
    tree = parse(SHOW.encode(), Path("two.yaml"))
    table = show_of(tmp_path).table()
    put_start(tree, {"strength": 0.5, "feedback/amount": 0.1}, table, "sd")
    show = check_show(tree, "here")
    assert show.start["strength"] == 0.6
    assert show.start["feedback/amount"] == 0.1
    assert show.recipes["sd"].start["strength"] == 0.5


def test_a_show_without_one_is_as_it_was() -> None:
    show = check_show({"source": "testcard", "model": "owner/turbo"}, "here")
    assert played(show, NOTHING) is show
