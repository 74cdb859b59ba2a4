"""Show files: what they may say, and how their faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.show.load import FIRST_SHOW, ShowFaults, find_show, load_show
from vj.show.schema import parse_address


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(tmp_path: Path, text: str) -> list[str]:
    path = write(tmp_path, text)
    with pytest.raises(ShowFaults) as caught:
        load_show(path)
    assert all(line.startswith(str(path)) for line in caught.value.lines)
    return [line.removeprefix(f"{path}:") for line in caught.value.lines]


def test_every_shipped_show_is_right() -> None:
    shows = sorted(FIRST_SHOW.parent.glob("*.yaml"))
    assert FIRST_SHOW in shows
    for path in shows:
        assert load_show(path).show


def test_what_a_show_says_is_what_one_gets(tmp_path: Path) -> None:
    show = load_show(
        write(
            tmp_path,
            "show: Two faces\nsize: 512x288\nfps: 25\nfit: pad\nsource: loop.mp4\nsinks: [ndi:vj, "
            "record:takes/]\n"
            "model: {name: stabilityai/sd-turbo, vae: full}\nosc: {listen: 0.0.0.0:9100, reply: "
            "127.0.0.1:9001}\n"
            "start: {prompt/a: two faces, strength: 0.35, seed: 7}\n",
        )
    )
    assert (show.show, show.size, show.fps, show.fit) == ("Two faces", Size(512, 288), 25, "pad")
    assert show.source == [str(tmp_path / "loop.mp4")], "beside the show"
    assert (show.model.name, show.model.vae) == ("stabilityai/sd-turbo", "full")
    assert show.osc.reply == "127.0.0.1:9001"
    assert show.start == {"prompt/a": "two faces", "strength": 0.35, "seed/a": 7}


def test_options_lie_over_the_show(tmp_path: Path) -> None:
    path = write(tmp_path, "source: testcard\nstart: {strength: 0.3, prompt/a: calm}\n")
    show = load_show(path, {"source": "none", "model": "none", "start": {"strength": "0.9"}})
    assert show.source == ["none"]
    assert show.model.name == "none"
    assert show.start == {"strength": 0.9, "prompt/a": "calm"}


def test_all_faults_come_together_each_with_its_line_and_remedy(tmp_path: Path) -> None:
    messages = faults(
        tmp_path,
        "show: Wrong\nsiez: 512x512\nfps: 900\nsource: [cmaera:0]\nsinks:\n  - ndi:vj\n  - "
        "spuot:vj\n"
        "start:\n  strength: 3\n  feedback/zom: 1\nosc: localhost\n",
    )
    lines = {int(line.split(":")[0]): line for line in messages}
    assert "size" in lines[2]
    assert "240" in lines[3]
    assert "camera" in lines[4]
    assert "spout" in lines[7]
    assert "above 1 (0 .. 1)" in lines[9]
    assert "feedback/zoom" in lines[10]
    assert "HOST:PORT" in lines[11]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("show: [a\nsize: 3\n", 2, "YAML"),
        ("show: a\nshow: b\n", 2, "twice"),
        ("- a\n- b\n", 1, "name: value"),
        ("show: a\n\tsize: 3\n", 2, "tab"),
    ],
)
def test_what_is_no_yaml_is_reported_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    messages = faults(tmp_path, text)
    assert any(words in one for one in messages)
    assert int(messages[0].split(":")[0]) in (line - 1, line)


def test_a_file_that_is_not_there_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="did you mean first_show"):
        find_show("frist_show")
    assert find_show("first_show") == FIRST_SHOW


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_bytes(b"show: \xff\xfe")
    with pytest.raises(Fault, match="UTF-8"):
        load_show(path)
    with pytest.raises(Fault, match="cannot be read"):
        load_show(tmp_path)


def test_an_empty_show_plays_the_test_card(tmp_path: Path) -> None:
    show = load_show(write(tmp_path, ""))
    assert (show.source, show.sinks, show.model.name) == (["testcard"], ["preview"], "pocket")


def test_addresses() -> None:
    assert parse_address("127.0.0.1:9000") == ("127.0.0.1", 9000)
    assert parse_address(":9000") == ("0.0.0.0", 9000)
    assert parse_address("9000") == ("127.0.0.1", 9000)
    for wrong in ("localhost", "localhost:osc", "1.2.3.4:99999"):
        with pytest.raises(ValueError, match="HOST:PORT"):
            parse_address(wrong)


def test_a_show_brings_its_own_colours(tmp_path: Path) -> None:
    show = load_show(
        write(tmp_path, 'palette: ["#102030", crimson, "#ffe0a0"]\nstart: {prompt/a: feathers}\n')
    )
    assert show.start == {"palette/a": "#102030 crimson #ffe0a0", "prompt/a": "feathers"}
    assert load_show(write(tmp_path, 'palette: "#102030, white"\n')).start == {
        "palette/a": "#102030 white"
    }
    over = load_show(
        write(tmp_path, "palette: [navy, white]\n"), {"start": {"palette/a": "black red"}}
    )
    assert over.start == {"palette/a": "black red"}, "what is typed at the start wins"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "show: a\npalette:\n  - navy\n  - crimsom\n",
            4,
            "'crimsom' is no colour; did you mean crimson?",
        ),
        ("show: a\npalette: [navy]\n", 2, "palette: 1 colour came, 2 to 8 would be right"),
        ("show: a\npalette: #102030\n", 2, "# begins a remark"),
        ("show: a\npalette: [102030, white]\n", 2, 'write "#102030" in quotes'),
        ("show: a\nstart:\n  palette/a: navy\n", 3, "palette/a: 1 colour came"),
        (
            "show: a\ncues:\n  - name: b\n    set: {palette/a: blak white}\n",
            4,
            "'blak' is no colour; did you mean black?",
        ),
    ],
)
def test_what_is_no_palette_is_reported_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    messages = faults(tmp_path, text)
    assert len(messages) == 1, messages
    assert messages[0].startswith(f"{line}:"), messages
    assert words in messages[0]
