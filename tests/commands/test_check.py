"""`check SHOW`: an hour before doors it says what would go wrong."""

from __future__ import annotations

import json
import socket
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.commands.conftest import Check, picture
from tests.pipeline.test_depth import depth_model
from vj.commands.check import check


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))


def test_what_is_right_is_logged_with_what_was_not_looked_at(look: Check, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    sound(tmp_path / "kick.wav")
    code, wrong, messages = look(
        "show: Tonight\nsource: [a.png, camera:2]\nmodel: none\nmodulators:\n"
        "  - {audio: low, input: kick.wav, to: steps, depth: 1}\n"
        "  - {audio: low, input: USB Mic, to: steps, depth: 1}\n"
    )
    assert (code, wrong) == (0, [])
    assert messages[-1].startswith("my.yaml: right. Tonight: a.png, camera:2 -> none")
    assert "camera:2" in messages[-2]
    assert "USB Mic" in messages[-2]
    assert messages[-2].startswith("not checked: ")


def test_everything_that_is_missing_comes_at_once_each_with_its_line(
    look: Check, tmp_path: Path
) -> None:
    (tmp_path / "torn.mp4").write_bytes(b"no clip")
    (tmp_path / "torn.png").write_bytes(b"no picture")
    (tmp_path / "torn.wav").write_bytes(b"no sound")
    (tmp_path / "file").touch()
    code, wrong, _ = look(
        "source:\n  - gone.mp4\n  - torn.mp4\n  - image:torn.png\n  - clips:drawn:kiss,late.mp4\n "
        " - drawn:kisss\n"
        "model: none\nsinks:\n  - record:file/out.mp4\nperson: nobody.onnx\nupscale: big.pth\n"
        "flow: raft:flow.pth\nfinish: [face.pth]\nmodulators:\n"
        "  - {audio: low, input: torn.wav, to: steps, depth: 1}\n  - {audio: mid, input: "
        "late.wav, to: steps, depth: 1}\n"
    )
    found = {int(one.split(":")[0]): one for one in wrong}
    assert code == 1
    assert sorted(found) == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 15, 16], wrong
    assert "there is no such file" in found[2]
    assert "not a video" in found[3]
    assert "not a picture" in found[4]
    assert "late.mp4" in found[5]
    assert "did you mean kiss" in found[6]
    assert "is a file, and a folder would be right" in found[9]
    assert "cannot be read" in found[15]
    assert "no such file" in found[16]


def test_a_depth_model_is_opened(look: Check, tmp_path: Path) -> None:
    depth_model(tmp_path / "near.onnx")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    lines = "source: testcard\nmodel: none\ndepth: "
    assert look(f"{lines}near.onnx\nstart: {{mask/mode: depth}}\n")[:2] == (0, [])
    code, wrong, _ = look(f"{lines}junk.onnx\n")
    assert code == 1
    assert wrong[0].startswith("3: ")
    assert "junk.onnx: is not an ONNX model that can be run" in wrong[0]
    assert "did you mean near.onnx?" in look(f"{lines}naer.onnx\n")[1][0]
    assert look(f"{lines}{{model: near.onnx, side: 5}}\n")[0] == 1
    messages = look("model: none\nsinks:\n  - {to: record:near/, show: depth}\n")[2]
    assert any("show depth: the show names no depth model" in one for one in messages)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kick.wav", ""),
        ("kik.opus", "kik.opus: no such file; did you mean kick.wav?"),
        ("still.png", "has no sound"),
        ("torn.wav", "cannot be read"),
    ],
)
def test_what_is_heard_is_opened(look: Check, tmp_path: Path, name: str, words: str) -> None:
    sound(tmp_path / "kick.wav")
    picture(tmp_path / "still.png")
    (tmp_path / "torn.wav").write_bytes(b"no sound")
    code, wrong, _ = look(f"source: testcard\nmodel: none\nsound: {name}\n")
    assert code == (1 if words else 0), wrong
    assert all(words in one and one.startswith("3: ") for one in wrong)
    several = f"source: testcard\nmodel: none\nsounds:\n  sea: drawn:sea\n  kick: {name}\n"
    code, wrong, _ = look(several)
    assert code == (1 if words else 0), wrong
    assert all(words in one and one.startswith("5: ") for one in wrong)


def test_whatever_file_is_missing_the_one_with_the_nearest_name_is_told(
    look: Check, tmp_path: Path
) -> None:
    for name in ("people.onnx", "kick.wav", "big.pth", "flow.pth", "ink.safetensors", "waves.png"):
        (tmp_path / name).touch()
    _, wrong, _ = look(
        "model: picture\nmodels:\n  a: {name: stiles}\n  b: {name: picture, style_pictures: "
        "wave.JPG}\n  c: {name: people.ony}\n  d: {name: owner/x, loras: [inc.safetensors]}\n"
        "person: peeple.onnx\nupscale: bigg.pth\nflow: raft:flaw.pth\nmodulators:\n"
        "  - {audio: low, input: kik.wav, to: steps, depth: 1}\n"
    )
    for line, name in (
        (3, "styles"),
        (4, "waves.png"),
        (5, "people.onnx"),
        (6, "ink.safetensors"),
        (7, "people.onnx"),
        (8, "big.pth"),
        (9, "flow.pth"),
        (11, "kick.wav"),
    ):
        found = [one for one in wrong if one.startswith(f"{line}: ")]
        assert any(f"; did you mean {name}?" in one for one in found), (name, wrong)


def test_files_are_looked_at_too_where_other_lines_are_wrong(look: Check) -> None:
    code, wrong, _ = look(
        "fps: fast\nsource: gone.mp4\nmodel: none\ncues:\n  - {name: a, set: {steps: 77}}\n"
    )
    assert code == 1
    assert [one[:1] for one in wrong] == ["1", "2", "5"], wrong


def test_a_pipe_is_not_waited_for(look: Check, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("pipes have no names in folders there")
    import os

    os.mkfifo(tmp_path / "feed.mkv")
    code, wrong, messages = look("source: feed.mkv\nmodel: none\n")
    assert (code, wrong) == (0, [])
    assert "feed.mkv" in messages[-2]


def weights(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.zeros(2, np.float32) for name in names}, str(path))


MODELS = [
    ("  name: gone/for/good\n", 2, "no such file or folder"),
    ("  name: half\n", 2, "vae/config.json is missing; the download is incomplete"),
    ("  name: torn\n", 2, "unet.safetensors: broken or only half there"),
    ("  name: mute\n", 2, "tokenizer/vocab.json is missing; the download is incomplete"),
    ("  name: ink.safetensors\n", 2, "a LoRA; a single-file checkpoint holds"),
    ("  name: vae.safetensors\n", 2, "not a whole checkpoint"),
    ("  name: paint.safetensors\n", 2, "takes 9 channels, not 4: an inpainting model"),
    ("  name: pointer.safetensors\n", 2, "pointer.safetensors: is a git-lfs pointer"),
    ("  name: whole.safetensors\n  config: half\n", 3, "vae/config.json is missing"),
    ("  name: whole.safetensors\n  vae: ink.safetensors\n", 3, "is no autoencoder"),
    ("  name: whole.safetensors\n  vae: pointer.safetensors\n", 3, "is a git-lfs pointer"),
    ("  name: whole.safetensors\n  vae: half\n", 3, "vae half: has no config.json"),
    (
        "  name: whole.safetensors\n  loras:\n    - ink.safetensors\n    - vae.safetensors\n",
        5,
        "is no LoRA",
    ),
    ("  name: whole.safetensors\n  loras: [ink.bin]\n", 3, "can run code"),
    ("  name: whole.safetensors\n  loras: [loha.safetensors]\n", 3, "is of the kind LoHa (2 keys)"),
    ("  name: whole.safetensors\n  embeddings: [vae.safetensors]\n", 3, "is no textual inversion"),
    (
        "  name: whole.safetensors\n  controlnet: t2i\n",
        3,
        "is a T2IAdapter; a ControlNetModel is wanted",
    ),
    ("  name: whole.safetensors\n  t2i_adapter: ink.safetensors\n", 3, "is a file; name a folder"),
    (
        "  name: whole.safetensors\n  controlnet:\n    - owner/lines\n    - {model: t2i, guide: "
        "edges}\n",
        5,
        "is a T2IAdapter; a ControlNetModel is wanted",
    ),
    (
        "  name: whole.safetensors\n  controlnet:\n    - {model: a/b, guide: depht}\n",
        4,
        "did you mean depth",
    ),
    (
        "  name: whole.safetensors\n  controlnet:\n    - owner/one\n    - owner/two\n",
        5,
        "guide lines: leads another one, too; each needs a guide of its own",
    ),
    (
        "  name: whole.safetensors\n  ip_adapter: ink.safetensors\n  image_encoder: "
        "owner/encoder\n  image_prompts: [no.png]\n",
        3,
        "ip_adapter ink.safetensors: is none",
    ),
    (
        "  name: whole.safetensors\n  ip_adapter: ink.safetensors\n  image_encoder: "
        "owner/encoder\n  image_prompts: [no.png]\n",
        5,
        "there is no such file",
    ),
    ("  name: pocket\n  loras: [ink.safetensors]\n", 2, "takes no loras"),
]


@pytest.mark.parametrize(("text", "line", "words"), MODELS)
def test_models_and_what_is_added_to_them_are_opened_far_enough(
    look: Check, tmp_path: Path, text: str, line: int, words: str
) -> None:
    weights(
        tmp_path / "ink.safetensors", "lora_unet_a.lora_down.weight", "lora_unet_a.lora_up.weight"
    )
    weights(tmp_path / "loha.safetensors", "lora_unet_a.hada_w1_a", "lora_unet_a.hada_w1_b")
    weights(tmp_path / "vae.safetensors", "decoder.conv_in.weight", "encoder.conv_in.weight")
    weights(tmp_path / "whole.safetensors", "model.diffusion_model.out.0.weight")
    first = np.zeros((1, 9, 1, 1), np.float32)
    save_file(
        {"model.diffusion_model.input_blocks.0.0.weight": first},
        str(tmp_path / "paint.safetensors"),
    )
    (tmp_path / "pointer.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "ink.bin").touch()
    for name in ("half", "torn"):
        (tmp_path / name / "unet").mkdir(parents=True)
        (tmp_path / name / "unet" / "config.json").write_text("{}")
        index = {
            "unet": ["diffusers", "U"],
            **({"vae": ["diffusers", "V"]} if name == "half" else {}),
        }
        (tmp_path / name / "model_index.json").write_text(json.dumps(index))
    weights(tmp_path / "half" / "unet" / "unet.safetensors", "a")
    (tmp_path / "torn" / "unet" / "unet.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    (tmp_path / "mute").mkdir()
    (tmp_path / "mute" / "model_index.json").write_text('{"tokenizer": ["transformers", "T"]}')
    (tmp_path / "t2i").mkdir()
    (tmp_path / "t2i" / "config.json").write_text('{"_class_name": "T2IAdapter"}')
    code, wrong, _ = look(f"model:\n{text}")
    assert code == 1
    assert any(one.startswith(f"{line}: ") and words in one for one in wrong), wrong


def test_what_of_a_lora_is_left_out_is_told_by_its_header(look: Check, tmp_path: Path) -> None:
    ends = ("lora_down.weight", "lora_up.weight", "w_norm", "diff_b")
    weights(tmp_path / "ink.safetensors", *(f"lora_unet_a.{end}" for end in ends))
    code, _, messages = look("model:\n  name: some/model\n  loras: [ink.safetensors]\n")
    assert code == 0
    (told,) = (one for one in messages if "2 of 4 keys are left out" in one)
    assert "3: " in told
    assert "ink.safetensors" in told


def test_pickles_are_not_read_and_it_is_logged_what_is_not_known(
    look: Check, tmp_path: Path
) -> None:
    (tmp_path / "cat.pt").write_bytes(b"not looked at")
    code, wrong, messages = look(
        "model: {name: some/model, allow_pickle: true, embeddings: [cat.pt]}\n"
    )
    assert (code, wrong) == (0, [])
    assert "cat.pt (a pickle" in messages[-2]
    assert "whether what is added to the model fits it" in messages[-2]


def test_what_would_be_fetched_is_logged_and_not_fetched(
    look: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    code, wrong, messages = look("model: {name: some/model, controlnet: other/lines}\n")
    assert (code, wrong) == (0, [])
    assert "some/model (would be fetched" in messages[-2]
    assert "other/lines (would be fetched" in messages[-2]
    (tmp_path / "cache/hub/models--some--model/snapshots/1").mkdir(parents=True)
    assert "some/model (was fetched before)" in look("model: some/model\n")[2][-2]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "mappings:\n  - {key: q, to: cue/fire, value: stomr}\ncues: [{name: storm}]\n",
            2,
            "no such cue; did you mean storm?",
        ),
        ("modulators:\n  - {envelope: bart, to: steps, depth: 1}\n", 2, "did you mean bar?"),
        ("modulators:\n  - {envelope: cue storm, to: steps, depth: 1}\n", 2, "no such cue"),
        ("modulators:\n  - {envelope: midi nothing, to: steps, depth: 1}\n", 2, "no such control"),
        ("modulators:\n  - {envelope: osc kick, to: steps, depth: 1}\n", 2, "begins with /"),
        ("mappings:\n  - {osc: /vj/error, to: steps}\n", 2, "never reaches a mapping"),
        ("mappings:\n  - {osc: /x/y, to: steps}\nignored: [/x/y]\n", 2, "is listed in ignored:"),
        ("mappings:\n  - {key: enter, to: panic}\n", 2, "key enter: a terminal gives"),
        ("ignored:\n  - /a\n  - status\n", 3, "is no OSC address"),
        ("answers:\n  fps: fps\n", 2, "is no OSC address"),
        ("osc: {listen: '127.0.0.1:0', reply: nowhere}\n", 1, "HOST:PORT"),
        ("start:\n  cue/fire: a\n", 2, "timeline:"),
        ("curves:\n  - {to: steps, points: [[0, 1], [4, 9]]}\n", 2, "steps: 9 is above 4"),
        ("osc: 203.0.113.77:0\n", 1, "cannot be had on this machine"),
    ],
)
def test_names_and_addresses_that_lead_nowhere_are_wrong(
    look: Check, text: str, line: int, words: str
) -> None:
    code, wrong, _ = look(f"{text}model: none\n")
    assert code == 1
    assert any(one.startswith(f"{line}: ") and words in one for one in wrong), wrong


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("mappings:\n  - {key: q, to: steps, value: 9}\n", 2, "steps: 9 is above 4"),
        (
            "mappings:\n  - {key: q, to: cue/fire, value: '4'}\ncues: [{name: storm}]\n",
            2,
            "it fires nothing",
        ),
        (
            "modulators:\n  - {lfo: sine, to: mix/wet, range: [-1, 1]}\n",
            2,
            "mix/wet: -1 is outside 0 .. 1",
        ),
        ("modulators:\n  - {lfo: sine, to: mix/wet, depth: 3}\n", 2, "more than its whole range"),
        ("start:\n  mask/mode: person\n", 2, "python3 launch.py add person"),
        ("cues:\n  - {name: a, set: {mask/mode: person}}\n", 2, "the clean plate stands in"),
        ("start:\n  mask/mode: depth\n", 2, "the show names no depth model"),
        (
            "model:\n  name: a/model\n  controlnet:\n    - a/lines\n    - a/depth\n",
            5,
            "guide depth: the show names no depth model",
        ),
        ("start:\n  lines/from: face\n", 2, "python3 launch.py add person"),
        ("cues:\n  - {name: a, set: {lines/from: body}}\n", 2, "edges are drawn instead"),
        ("start:\n  deck/mix: 0.5\n", 2, "nothing here puts a source on deck/b"),
        ("start:\n  deck/space: latent\n", 2, "none has no latent space"),
        ("start:\n  image/every: 4\nmodel: pocket\n", 2, "nothing here says image/from"),
        ("start:\n  image/from: input\nmodel: styles\n", 2, "none of the show's models has a use"),
        ("start:\n  background/source: black\n", 2, "nothing here sets mask/mode"),
        ("start:\n  background/prompt: qwrtzp\nmodel: pocket\n", 2, "nothing of “qwrtzp”"),
        ("start:\n  input/follow: head\n", 2, "the input stays as it is"),
        ("start:\n  prompt/a: qwrtzp\nmodel: pocket\n", 2, "understands nothing of “qwrtzp”"),
        ("page:\n  pads: [{prompt: qwrtzp}]\nmodel: pocket\n", 2, "nothing of “qwrtzp”"),
        (
            'cues:\n  - {name: a, set: {prompt/list: \'[["ink", 1], ["qwrtzp", 2]]\'}}\n'
            "model: pocket\n",
            2,
            "prompt/list: pocket understands nothing of “qwrtzp”; docs/words.md",
        ),
        (
            "osc: {listen: '127.0.0.1:0', reply: 'no.such.host.invalid:9001'}\n",
            1,
            "no such address to send to",
        ),
    ],
)
def test_what_plays_otherwise_than_it_looks_is_a_warning(
    look: Check, text: str, line: int, words: str
) -> None:
    code, wrong, messages = look(text if "model:" in text else f"{text}model: none\n")
    assert (code, wrong) == (0, [])
    assert any(one.startswith(f"warning: my.yaml:{line}: ") and words in one for one in messages), (
        messages
    )


def test_prompts_are_read_by_the_words_of_the_shows_model(look: Check) -> None:
    prompts = "start: {prompt/a: silver, prompt/b: graffiti}\n"
    for model, unknown in (("pocket", "graffiti"), ("styles", "silver"), ("none", "")):
        _, _, messages = look(f"{prompts}model: {model}\n")
        said = [one for one in messages if "understands nothing" in one]
        assert len(said) == bool(unknown), said
        assert all(f"{model} understands nothing of “{unknown}”" in one for one in said)
        assert all("docs/painters.md" in one for one in said if model == "styles")


def test_ports_that_somebody_uses_are_logged(look: Check) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as osc,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as page,
    ):
        osc.bind(("127.0.0.1", 0))
        page.bind(("127.0.0.1", 0))
        page.listen()
        places = [f"127.0.0.1:{one.getsockname()[1]}" for one in (osc, page)]
        code, wrong, messages = look(
            f"model: none\nosc: {places[0]}\nsinks: []\npage: {places[1]}\n"
        )
    assert (code, wrong) == (0, [])
    for line, what in ((2, f"osc {places[0]}"), (4, f"page {places[1]}")):
        assert (
            f"warning: my.yaml:{line}: {what}: another program uses this port now; the next free "
            "one would be taken" in messages
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Spout is at home there")
def test_spout_is_refused_off_windows_where_nothing_else_plays(look: Check) -> None:
    code, wrong, _ = look("sinks: [spout:vj, preview]\nmodel: none\n")
    assert (code, wrong) == (1, ["1: spout:vj: Spout is for Windows only; here use ndi:vj"])
    code, wrong, messages = look(
        "sinks: [spout:vj, record:x/]\nsource: [spout:A, testcard]\nmodel: none\n"
    )
    assert (code, wrong) == (0, [])
    assert [
        one[9:17] for one in messages if one.startswith("warning") and "Windows only" in one
    ] == ["my.yaml:"] * 2
    assert look("source: spout:A\nmodel: none\n")[1] == [
        "1: spout:A: Spout is for Windows only; ndi:NAME plays here"
    ]


def test_every_show_that_is_shipped_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first_show", "touchdesigner", "performer"):
        assert check([name]) == 0
    assert capsys.readouterr().err == ""


def test_sources_and_models_by_name_are_looked_at_like_the_others(
    look: Check, tmp_path: Path
) -> None:
    picture(tmp_path / "a.png")
    code, wrong, _ = look(
        "source: testcard\nmodel: none\nsources:\n  a: a.png\n  lost: lost.mp4\n"
        "models:\n  gold: sd-turboo\n  ink: {name: pocket, loras: [ink.safetensors]}\n"
        "cues: [{name: x, set: {source: aa}}]\n"
    )
    assert code == 1
    assert [one.partition(":")[0] for one in wrong] == ["5", "7", "8", "9"]
    assert "lost.mp4: there is no such file" in wrong[0]
    assert "sd-turboo: no such file or folder" in wrong[1]
    assert "pocket: takes no loras" in wrong[2]
    assert "no such source 'aa'; did you mean a? (a, lost, testcard)" in wrong[3]
    assert look("sources: {a: a.png, b: ndi:x}\nmodels: {p: pocket}\nmodel: none\n")[0] == 0


def test_a_display_is_known_and_what_it_lacks_is_told(
    look: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.commands.check_files.LIBRARIES", {})
    monkeypatch.setattr("vj.commands.check_files.no_display_here", lambda: "")
    show = "model: none\nsinks: [preview, 'display:\"BenQ\" window 1280x720']\n"
    code, wrong, messages = look(show)
    assert (code, wrong) == (0, [])
    assert 'display:"BenQ" window 1280x720 (is opened when the show starts)' in messages[-2]
    monkeypatch.setattr("vj.commands.check_files.no_display_here", lambda: "no desktop")
    code, _, messages = look(show)
    assert code == 0
    assert any("no desktop; the other sinks play" in message for message in messages), messages
    code, wrong, _ = look("model: none\nsinks: [display:0]\n")
    assert code == 1
    assert "display:1 is the main one" in wrong[0]
