"""What a room file may say, and what is wrong in one: with its line, also in a piece's show."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.room.dummies import dummy
from vj.commands.check import check, check_show_file, summary
from vj.commands.check_room import check_room
from vj.core.errors import Fault
from vj.room.cards import GraphicsCard, card_named, environment_of, read_cards
from vj.room.room import LiveRoom
from vj.room.spare import WORD
from vj.show.find import ROOMS, find_show
from vj.show.load import read_show
from vj.show.parse import ShowFaults
from vj.show.room_file import is_room, load_room, read_room

CARDS = [
    GraphicsCard(0, "GPU-aa", "NVIDIA GeForce RTX 4090", 24564, 20000),
    GraphicsCard(1, "GPU-bb", "NVIDIA GeForce RTX 3090", 24576, 24000),
    GraphicsCard(2, "GPU-cc", "NVIDIA GeForce RTX 3090", 24576, 24000),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(
        "source: testcard\nmodel: none\nsize: 64x64\nsinks: preview\n"
    )
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "evening.yaml"
    path.write_text(text)
    return path


def checked(path: Path) -> tuple[int, list[str], list[str]]:
    """The exit code of `check`, what it says, and what is wrong; the folder's name left out."""
    said: list[str] = []
    wrong: list[str] = []
    code = check_room(path, said.append, wrong.append, check_show_file, summary, lambda: CARDS)
    place = f"{path.parent}/"
    return (
        code,
        [line.replace(place, "") for line in said],
        [line.replace(place, "") for line in wrong],
    )


def test_a_room_that_is_right_is_told_with_each_of_its_pieces(folder: Path) -> None:
    path = written(
        folder,
        "room:\n  left: mine\n  right: {show: mine.yaml, size: 128x128, card: 4090}\nname: Club\n",
    )
    code, said, wrong = checked(path)
    assert (code, wrong) == (0, [])
    assert said[-3:] == [
        "evening.yaml: right. Club, OSC at 127.0.0.1:9000",
        "  left: a show without a name: testcard -> none at 64x64 -> preview",
        "  right: a show without a name: testcard -> none at 128x128 -> preview",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("room:\n  left: mien\n", "evening.yaml:2: left: mien: no such show file"),
        ("room:\n  left: {show: mine, sinks: ndj:x}\n", "evening.yaml:2: left: sinks: "),
        ("room:\n  left:\n    show: mine\n    fps: 0.5\n", "evening.yaml:4: room.left.fps: 0.5"),
        (
            "room:\n  left:\n    show: mine\n    start:\n      strenght: 1\n",
            "evening.yaml:5: left: strenght: no such parameter; did you mean strength?",
        ),
        ("room:\n  left: mine\n  feedback: mine\n", "evening.yaml:3: feedback: /vj/feedback means"),
        ("room:\n  left: mine\n  lora: mine\n", "evening.yaml:3: lora: /vj/lora means"),
        ("room:\n  1st: mine\n", "evening.yaml:2: 1st: a piece's name begins with a letter"),
        ("room:\n", "evening.yaml:1: "),
        ("room: {left: mine}\npanik: each\n", "evening.yaml:2: unknown key panik"),
        ("room: {left: mine}\nosc: here\n", "evening.yaml:2: osc: "),
        ("room: {left: mine}\nosc: off\n", "evening.yaml:2: osc: "),
        ("room: {left: evening}\n", "evening: no such show file"),
        ("room:\n  left: {show: mine, card: 5}\n", "evening.yaml:2: left: card 5: no such card"),
        ("room:\n  left: {show: mine, card: 3090}\n", "several are called so; write the number"),
        (
            "room:\n  a: {show: mine, sinks: 'record:x.mp4'}\n  b: {show: mine, sinks: "
            "'record:x.mp4'}\n",
            "evening.yaml:3: b: record:x.mp4 is where a goes, too",
        ),
        ("room: [\n", "evening.yaml:"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Path, text: str, fault: str) -> None:
    code, _, wrong = checked(written(folder, text))
    assert code == 1
    assert any(fault in line for line in wrong), wrong
    assert len(wrong) == 2, "one fault, and how many there are"


def test_a_fault_in_a_pieces_show_is_told_with_the_shows_line(folder: Path) -> None:
    (folder / "bad.yaml").write_text("source: testcard\nstart:\n  strenght: 1\n")
    code, _, wrong = checked(written(folder, "room: {left: mine, right: bad}\n"))
    assert code == 1
    assert wrong[0].startswith("bad.yaml:3: ")


def test_a_room_starts_without_a_show_that_is_not_there_and_tries_it_again(folder: Path) -> None:
    path = written(folder, "room:\n  left: mine\n  right: late\n")
    code, _, wrong = checked(path)
    assert code == 1
    assert wrong[0].startswith("evening.yaml:3: right: late: no such show file")
    reading = load_room(path)
    assert reading.shows["right"] == folder / "late.yaml"
    assert "evening.yaml:3: right: late: no such show file" in reading.warnings[0]
    assert reading.warnings[0].endswith("; it is tried again until it comes")
    (folder / "late.yaml").write_text("source: testcard\n")
    assert read_room(path).shows == reading.shows
    (folder / "other.yaml").write_text("room: {left: mine}\n")
    for pieces in ("left: mien", "left: mine, right: other", "left: mine, mask: mien"):
        with pytest.raises(ShowFaults):
            load_room(written(folder, f"room: {{{pieces}}}\n"))


def test_what_two_pieces_share_is_warned_of(folder: Path) -> None:
    (folder / "ndi.yaml").write_text("source: testcard\nmodel: none\nsinks: ndi:vj\n")
    code, said, _ = checked(written(folder, "room:\n  a: ndi\n  b: ndi\n"))
    assert code == 0
    assert any("evening.yaml:3: b: ndi:vj is where a goes, too" in line for line in said), said


def test_ports_are_the_rooms_matter(folder: Path) -> None:
    """That a show alone would use a port that is taken says nothing about it as a piece."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        osc = f"osc: 127.0.0.1:{taken.getsockname()[1]}\n"
        mine = folder / "mine.yaml"
        mine.write_text(mine.read_text() + osc)
        page = "page: 127.0.0.1:0\n"
        free = checked(written(folder, f"room:\n  a: mine\n  b: mine\nosc: 127.0.0.1:0\n{page}"))
        code, said, _ = checked(written(folder, f"room:\n  a: mine\n{osc}{page}"))
    assert free[0] == 0
    assert not [line for line in free[1] if "warning" in line]
    assert code == 0, "the next free one is taken"
    assert [line for line in said if line.startswith("warning: evening.yaml:3: osc: 127.0.0.1:")]


def test_paths_in_a_room_are_beside_it(folder: Path) -> None:
    (folder / "clip.mp4").write_bytes(b"x")
    reading = read_room(written(folder, "room:\n  left: {show: mine, source: clip.mp4}\n"))
    assert reading.room is not None
    assert reading.room.room["left"].source == str(folder / "clip.mp4")
    assert reading.shows == {"left": folder / "mine.yaml"}


def test_what_stands_in_a_room_is_what_the_piece_plays(folder: Path) -> None:
    """The words on the piece's command line mean what `check` was told."""
    from vj.commands.options import overrides, parser

    reading = load_room(
        written(
            folder,
            "room:\n  left: {show: mine, source: drawn:kiss, sinks: [preview, 'ndi:a b'], size: "
            "96x64, fps: 12.5, sound: off, start: {strength: 0.25, output/freeze: true, prompt/a: "
            "'-x'}}\n",
        )
    )
    assert reading.room is not None
    piece = reading.room.room["left"]
    options = parser().parse_args([str(reading.shows["left"]), *piece.options()])
    assert overrides(options) == piece.overrides()
    show = read_show(reading.shows["left"], piece.overrides()).show
    assert show is not None
    assert (show.start["strength"], show.start["output/freeze"], show.fps) == (0.25, True, 12.5)


def test_the_shipped_room_is_found_by_its_name_and_right() -> None:
    path = find_show("room")
    assert path == ROOMS / "room.yaml" == find_show("room.yaml")
    assert is_room(path)
    assert not is_room(find_show("dream"))
    said: list[str] = []
    assert check(["room"], said.append, said.append) == 0, said


@pytest.mark.parametrize(
    "words",
    ["--source testcard", "--from 1:30", "--offline", "--set strength=1", "--fps 9", "--draft"],
)
def test_options_of_one_show_are_refused_for_a_room(words: str) -> None:
    from vj.commands.options import parser
    from vj.commands.play import play

    option = words.split()[0]
    with pytest.raises(Fault, match=rf"{option}: is for one show; .*write what a piece plays"):
        play(parser().parse_args(["room", *words.split()]))


def test_a_room_is_played_until_its_last_piece_has_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from vj.cli import main

    started: list[list[str]] = []

    def command(words: list[str]) -> list[str]:
        started.append(words)
        return dummy("plays" if words == [WORD] else "ends")

    monkeypatch.setattr("vj.room.room.command_of", command)
    path = written(
        folder, "room: {left: mine, right: {show: mine, fps: 9}}\nosc: 127.0.0.1:0\npage: off\n"
    )
    assert main([str(path), "--for", "5", "--osc", "127.0.0.1:0"]) == 0
    said = capfd.readouterr().err
    assert "room: left, right\n" in said
    assert "left: has ended\n" in said
    mine = str(folder / "mine.yaml")
    often = ["--osc=127.0.0.1:0", "--page=off", "--room=left", "--quiet", "--for=5"]
    pieces = [words for words in started if words != [WORD]]  # each is started by its own thread
    assert len(pieces) == 2
    assert [mine, *often] in pieces
    assert [mine, "--fps=9"] in [words[:2] for words in pieces]
    assert main([str(path), "--osc", "here"]) == 1
    assert "--osc here: 'here' is not an address" in capfd.readouterr().err


def test_cards_are_named_by_number_and_by_a_part_of_their_name() -> None:
    lines = (
        "0, GPU-aa, NVIDIA GeForce RTX 4090, 24564, 20000\n1, GPU-bb, NVIDIA H100, [N/A], 5\nno\n"
    )
    found = read_cards(lines)
    assert [(card.number, card.total) for card in found] == [(0, 24564), (1, 0)]
    assert card_named("h100", found) is found[1]
    assert card_named(1, CARDS) is CARDS[1]
    assert card_named("1", CARDS) is CARDS[1]
    assert environment_of(CARDS[1])["CUDA_VISIBLE_DEVICES"] == "GPU-bb"
    assert environment_of(None) == {}
    with pytest.raises(Fault, match=r"no such card.*there are 0 NVIDIA GeForce RTX 4090"):
        card_named("GeForce 4090", CARDS)
    with pytest.raises(Fault, match="no NVIDIA card is found"):
        card_named(0, [])


def test_pieces_are_spread_over_cards_and_those_without_one_share_the_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    said: list[str] = []
    text = "room:\n  a: {show: mine, card: 1}\n  b: mine\n  c: {show: mine, card: titan}\n"
    room = LiveRoom(load_room(written(folder, text)), said.append, cards=CARDS)
    assert [str(card) for card in room.cards.values()] == [
        "1 NVIDIA GeForce RTX 3090 (23 of 24 GB)",
        "0 NVIDIA GeForce RTX 4090 (20 of 24 GB)",
        "None",
    ]
    assert said[0].startswith("c: card titan: no such card")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")  # chosen for the whole room
    room = LiveRoom(load_room(written(folder, text)), said.append, cards=CARDS)
    assert [card and card.number for card in room.cards.values()] == [1, None, None]
