"""What a person reads who has written something into a show file that is not what it looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.show.load import ShowFaults, load_show, read_show


def report(tmp_path: Path, text: str) -> list[str]:
    """`LINE: words` of every fault."""
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ShowFaults) as caught:
        load_show(path)
    for line in caught.value.lines:
        assert line.startswith(f"{path}:"), "every line says where"
    return [line.removeprefix(f"{path}:") for line in caught.value.lines]


NO_YAML = [
    (
        "fit: pad\nsize:640x360\nloop: true\n",
        2,
        "a space is missing after the colon: size: 640x360",
    ),
    ("loop:false\nfit: pad\n", 1, "a space is missing after the colon: loop: false"),
    ("cues:\n  -{name: one}\n", 2, "a space is missing after the dash"),
    ("start:\n  prompt/a: sea: at night\n", 2, 'wants quotes: "sea: at night"'),
    (
        'start:\n  prompt/a: "the sea\n  prompt/b: "night"\n',
        2,
        'the quote (") that opens on this line',
    ),
    ("show: 'tonight\nfps: 25\n", 1, "the quote (') that opens on this line is not closed"),
    ("show: 'don't'\n", 1, "an apostrophe inside of single quotes"),
    ('show: "sea" shore\n', 1, "after the closing quote"),
    ('source: "C:\\clips"\n', 1, "double quotes"),
    ("sinks: [ndi:x, preview\nloop: true\n", 1, "the [ that opens on this line is not closed"),
    ("start: {strength: 0.1\nloop: true\n", 1, "the { that opens on this line is not closed"),
    ("start: {strength: 0.1]\n", 1, "closed with ]; } would be right"),
    ("start: {strength: 0.1}}\n", 1, "one } too many"),
    ("start:\n  steps: 2\n   seed: 4\n", 3, "the indentation is off"),
    ("start:\n  steps: 2\n seed: 4\n", 3, "the indentation is off"),
    ("cues:\n  - name: a\n   fade: 1 s\n", 3, "the indentation is off"),
    ("start:\n  prompt/a: @night\n", 2, "text that begins with @ wants quotes"),
    ("start:\n  prompt/b: *stars*\n", 2, "text that begins with * wants quotes"),
    ("start:\n\tsteps: 2\n", 2, "spaces, not tabs"),
    ("start:\n  steps: 2\n\n  seed: 1\n  steps: 3\n", 5, "steps: appears twice, first on line 2"),
    ("loop: true\nstart here\nfit: pad\n", 2, "neither name: value nor an entry"),
    (
        "sinks: preview\n  - ndi:x\nstart: [a - b, - c]\n",
        3,
        "a dash where no list can begin",
    ),
    ("loop: true\n---\nloop: false\n", 2, "a second document"),
    ("macros:\n  pedal\n    drives: {strength: [0, 1]}\n", 2, "a colon is missing in 'pedal'"),
    (
        "show Tonight\nsource: drawn:kiss  # yours: a clip\n",
        1,
        "a colon is missing in 'show Tonight'",
    ),
    (" show: a\nfps: 20\nloop: true\n", 1, "this line begins at column 2, and line 2 at column 1"),
    ("start:\n   steps: 1\n  seed: 2\n", 2, "this line begins at column 4, and line 3 at column 3"),
    (
        "mappings:\n  - {midi: #c 7, to: steps}\n  - {midi: cc 8, to: seed}\n",
        2,
        "the { that opens on this line is not closed; # begins a remark",
    ),
    (
        'sinks: "[preview]\ncues:\n  - {name: a, set: {prompt/a: "b, c"}}\n',
        1,
        'the quote (") that opens',
    ),
    ("fps:50\n", 1, "a space is missing after the colon: fps: 50"),
    ("- a.mp4\n- b.mp4\n", 1, "and this is a list"),
    ("a.mp4\n", 1, "and this is a text"),
]


@pytest.mark.parametrize(("text", "line", "words"), NO_YAML)
def test_what_is_no_yaml_is_reported_where_it_is_and_what_would_be_right(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    messages = report(tmp_path, text)
    assert len(messages) == 1, messages
    assert messages[0].startswith(f"{line}: "), messages
    assert words in messages[0]


MISREAD = [
    ("start: {prompt/b: sea, sky, steps: 2}\n", 1, 'wants quotes: prompt/b: "sea, sky"'),
    ("mappings:\n  - {key: q, to: prompt/a, value: a, b, c}\n", 2, 'value: "a, b, c"'),
    ("start: {prompt/b: “sea, sky”}\n", 1, 'prompt/b: "sea, sky"'),
    ("start: {strength: 0,7}\n", 1, "numbers take a point: strength: 0.7"),
    ("start:\n  strength: 0,7\n", 2, "numbers take a point: 0.7"),
    ("start:\n  strength: 30%\n", 2, "write 0.3"),
    ("start: {steps:2}\n", 1, "a space is missing after the colon: steps: 2"),
    ("start:\n  steps:2\n", 2, "a space is missing after the colon: steps: 2"),
    ("start:\n  prompt/a: 2001\n", 2, 'is read as a number; as text it wants quotes: "2001"'),
    ("start:\n  prompt/a: true\n", 2, 'as text it wants quotes: "true"'),
    (
        "start:\n  prompt/b: 2027-01-31\n",
        2,
        'is read as a date; as text it wants quotes: "2027-01-31"',
    ),
    ("start:\n  prompt/b: !bang\n", 2, "text that begins with !"),
    ("start:\n  prompt/b:\n", 2, 'no text at all is ""'),
    ("start:\n  mix/wet:\n", 2, "no value is given (0 .. 1)"),
    ("start:\n  : 3\n", 2, "a name is missing before the colon"),
    ("start: {steps: 2, 7: 1}\n", 1, "7: no such parameter"),
    ("cues:\n  - {name: 7}\n", 2, 'as text it wants quotes: "7"'),
    (
        "cues: [{name: a}]\ntimeline:\n  - {at: 0, cue: a}\n  - {at: 2.10, cue: a}\n",
        4,
        "write 2:10, or 2.1 s",
    ),
    (
        "start:\n  mix: {wet: 0.5}\n",
        2,
        "names are written whole here, without groups: mix/wet: 0.5",
    ),
    ("cues:\n  - {name: a, set: {seed: {a: 1}}}\n", 2, "without groups: seed/a: 1"),
    ("mappings:\n  osc: /a\n  to: steps\n", 1, "begins with a dash: - {osc: /a, to: steps}"),
    ("cues:\n  storm: {fade: 2 s}\n", 1, "- {name: storm, fade: ...}"),
    ("mappings:\n  - {osc: /a, to: steps, range: 1, 2}\n", 2, "range"),
    ("timeline:\n  - at 0 cue a\n", 2, "an entry has the form {name: value, ...}"),
    ("source:\n  # - camera\n", 1, "source: no value is given, at least 1 would be right"),
    ("macros:\n  a:\n    drives:\n", 3, "no value is given, at least 1"),
    ("curves:\n  - {to: steps, points: [[0, 1]]}\n", 2, "1 came, at least 2 would be right"),
    ("cues:\n  - {name: ''}\n", 2, "no value is given; write at least one letter"),
    ("source: {video: a.mp4}\n", 1, "text is wanted"),
    ("slow: 2.5\n", 1, "a whole number is wanted"),
    ("tempo: {bpm: 900}\n", 1, "tempo.bpm: 900 is above 300"),
    ("fit: padd\n", 1, "no such choice; did you mean pad? (crop, pad)"),
    ("fps:\n", 1, "no value is given; write a value, or leave the line out"),
    ("mappings:\n  - {address: /a, to: steps}\n", 2, "did you mean osc?"),
    ("source: [walk:a.png, b.png, testcard]\n", 1, 'a walk wants quotes: "walk:a.png,b.png"'),
]


@pytest.mark.parametrize(("text", "line", "words"), MISREAD)
def test_what_yaml_reads_otherwise_than_it_was_meant(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    messages = report(tmp_path, text)
    assert any(one.startswith(f"{line}: ") and words in one for one in messages), messages


def test_what_was_meant_is_checked_on_so_that_one_slip_is_one_line(tmp_path: Path) -> None:
    assert len(report(tmp_path, "start: {prompt/b: sea, sky, steps: 2}\n")) == 1
    assert len(report(tmp_path, "mappings:\n  - {key: q, to: prompt/a, value: a, b, c}\n")) == 1
    both = report(tmp_path, "start: {prompt/b: sea, sky, steps: 9}\n")
    assert [one for one in both if "steps: 9 is above 4" in one], both


def test_what_depends_on_several_lines_is_checked_beside_faults_in_others(tmp_path: Path) -> None:
    text = (
        "fps: 900\n"
        "mappings:\n  - {osc: no, to: steps}\n  - {osc: /ok, to: stepz}\n"
        "cues:\n  - {name: one, fade: soon}\n  - {name: two, follow: 1 s, then: three}\n"
        "timeline:\n  - {at: 0, cue: one}\n  - {at: 1, cue: four}\n"
    )
    messages = {int(one.split(":")[0]): one for one in report(tmp_path, text)}
    assert sorted(messages) == [1, 3, 4, 6, 7, 10], messages
    assert "stepz: no such parameter" in messages[4]
    assert "three: no such cue" in messages[7]
    assert "four: no such cue" in messages[10], "and one, which is faulty, is there"


def test_an_entry_is_blamed_that_is_wrong_and_not_one_of_an_included_file(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text(
        "mappings:\n  - {osc: /1, to: steps}\n  - {osc: /2, to: seed}\n"
    )
    assert [
        one[:2]
        for one in report(
            tmp_path,
            "include: pads\nmappings:\n  - {osc: /3, to: steps}\n  - {osc: /4, to: seeed}\n",
        )
    ] == ["4:"]
    (tmp_path / "pads.yaml").write_text("mappings:\n\n  - {osc: /1, to: storm}\n")
    with pytest.raises(ShowFaults, match=r"(?m)^\S*pads\.yaml:3: storm: no such parameter"):
        load_show(tmp_path / "my.yaml")
    (tmp_path / "my.yaml").write_text(
        "include: pads\nmacros:\n  storm: {drives: {strength: [0, 1]}}\n"
    )
    assert load_show(tmp_path / "my.yaml").mappings[0].to == "storm", (
        "what a file names may be the show's"
    )


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"size": "12", "output": None}, "command line: --size 12: '12' is not a size"),
        ({"output": "wide"}, "command line: --output wide: "),
        ({"osc": "9o"}, "command line: --osc 9o: "),
        ({"source": "cammera:1"}, "command line: --source cammera:1: "),
        ({"sinks": ["preview", "ndy:x"]}, "command line: --sink ndy:x: "),
        ({"fps": 0.5}, "command line: --fps 0.5: 0.5 is below 1"),
        (
            {"start": {"steps": "many"}},
            "command line: --set steps=many: steps: 'many' is not a number",
        ),
        (
            {"start": {"stepz": "2"}},
            "command line: --set stepz=2: stepz: no such parameter; did you mean steps?",
        ),
        (
            {"model": "pocket"},
            "command line: --model pocket: the show plays lora/ink, of its own model",
        ),
    ],
)
def test_what_is_typed_wrong_is_not_blamed_on_the_file(
    tmp_path: Path, overrides: dict[str, object], words: str
) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(
        "size: 64x64\nsource: testcard\nmodel: {name: a/b, loras: [ink.safetensors]}\nstart:\n  "
        "steps: 2\n  lora/ink: 0.5\n"
    )
    with pytest.raises(ShowFaults) as caught:
        load_show(path, overrides)
    assert len(caught.value.lines) == 1
    assert caught.value.lines[0].startswith(words)


def test_files_are_beside_the_show_and_else_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, stick = tmp_path / "here", tmp_path / "stick"
    for folder, names in (
        (here, ("both.mp4", "here.mp4", "kick.wav")),
        (stick, ("both.mp4", "ink.safetensors", "voice.wav", "p.onnx")),
    ):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    (stick / "owner").mkdir()
    (stick / "owner" / "model").mkdir()
    path = stick / "my.yaml"
    path.write_text(
        "source: [both.mp4, video:here.mp4, video:nowhere.mp4, 'clips:both.mp4,drawn:kiss', "
        "camera:0, testcard]\n"
        "model: {name: owner/model, loras: [ink.safetensors], controlnet: some/id}\nperson: "
        "p.onnx\n"
        "modulators:\n  - {audio: low, input: voice.wav, to: steps, depth: 1}\n  - {audio: low, "
        "input: kick.wav, to: seed, depth: 1}\n"
        "  - {audio: low, input: USB Mic, to: seed, depth: 1}\nsinks: [record:takes/]\n"
    )
    monkeypatch.chdir(here)
    messages: list[str] = []
    show = load_show(path, None, messages.append)
    assert show.source == [
        str(stick / "both.mp4"),
        "video:here.mp4",
        f"video:{stick / 'nowhere.mp4'}",
        f"clips:{stick / 'both.mp4'},drawn:kiss",
        "camera:0",
        "testcard",
    ]
    assert show.model.name == str(stick / "owner" / "model")
    assert [one.model for one in show.model.controlnet] == ["some/id"]
    assert show.model.loras[0].file == str(stick / "ink.safetensors")
    assert show.person is not None
    assert show.person.model == str(stick / "p.onnx")
    assert [rule.input for rule in show.modulators] == [
        str(stick / "voice.wav"),
        "kick.wav",
        "USB Mic",
    ]
    assert show.sinks == ["record:takes/"], "what is written goes where one stands"
    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in messages] == ["1", "6"], messages
    assert (
        "here.mp4: is not beside the show; the one in the working directory is used" in messages[0]
    )
    assert load_show(path, {"source": "here.mp4"}).source == ["here.mp4"], (
        "what is typed is where one stands"
    )


def test_sounds_of_an_included_file_lie_beside_that(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "kick.wav").touch()
    (tmp_path / "lib" / "beat.yaml").write_text(
        "modulators:\n  - {audio: low, input: kick.wav, to: steps, depth: 1}\n"
    )
    (tmp_path / "my.yaml").write_text("include: lib/beat\n")
    assert load_show(tmp_path / "my.yaml").modulators[0].input == str(tmp_path / "lib" / "kick.wav")


def test_a_text_that_a_remark_cuts_off_is_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("start:\n  prompt/a: room #3\n  prompt/b: room # the third\n  steps: 2  #two\n")
    (note,) = read_show(path).notes
    assert (
        note[2]
        == f'{path}:2: prompt/a: what follows # is a remark; with it in quotes: prompt/a: "room #3"'
    )


def test_words_for_parts_of_a_model_are_no_folders(tmp_path: Path) -> None:
    for name in ("full", "off", "Mic"):
        (tmp_path / name).mkdir()
    path = tmp_path / "my.yaml"
    path.write_text(
        "model: {name: a/b, vae: full, lcm_lora: off}\nmodulators: [{audio: low, input: Mic, to: "
        "steps, depth: 1}]\n"
    )
    show = load_show(path)
    assert (show.model.vae, show.model.lcm_lora, show.modulators[0].input) == ("full", "off", "Mic")


def test_a_value_of_several_types_is_named_as_it_is_written(tmp_path: Path) -> None:
    rule = "{audio: low, gain: -4, to: strength, depth: 0.1}"
    faults = report(tmp_path, f"modulators:\n  - {rule}\n")
    assert "2: modulators.0.gain: -4 is below 0" in [line.strip() for line in faults]


def test_a_time_that_may_be_minutes_is_doubtful(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "cues: [{name: a}]\ntimeline:\n  - {at: 1.45, cue: a}\n  - {at: 2.5, cue: a}\n"
    )
    reading = read_show(tmp_path / "my.yaml")
    assert reading.faults == []
    assert [note[2].removeprefix(str(tmp_path)) for note in reading.notes] == [
        "/my.yaml:3: at: 1.45 is 1.45 seconds; 1:45 would be minutes"
    ]
