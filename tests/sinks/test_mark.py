"""Whoever finds a recording can see that it was painted: with a player, with what platforms and
archives look for, and after a power cut."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.sinks import SinkSettings, recorder
from vj.sinks.mark import XMP_BOX, Mark, xmp_box
from vj.sinks.output_file import OutputFile
from vj.sinks.recorder import Recorder

KISS = Mark("0.1.0", "stabilityai/sd-turbo", "Kuß & Crash", "compositeWithTrainedAlgorithmicMedia")
CITY = Mark("0.1.0", "pocket", "", "trainedAlgorithmicMedia")
URI = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
COMMENT = "Painted by vj 0.1.0 with stabilityai/sd-turbo, show Kuß & Crash. Synthetic media: " + URI
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MOVIES = ["mp4", "m4v", "mov", "mkv"]
Marks = Callable[[], Mark | None]


def pixels(number: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (64, 64, channels), np.uint8)


def recording(path: Path | str, marks: Marks, log: Callable[[str], None] = print) -> Recorder:
    made = Recorder(str(path), SinkSettings(FrameClock(30), live=False, log=log, mark=marks))
    made.open(64, 64, 30)
    return made


def send(made: Recorder, count: int) -> None:
    for number in range(count):
        made.send(Frame(pixels(number), number, 0.0))


def recorded(path: Path | str, mark: Mark | None = KISS, count: int = 40) -> Recorder:
    made = recording(path, lambda: mark)
    send(made, count)
    made.close()
    return made


def picture(path: Path) -> np.ndarray:
    """As it is on the disk, (H, W, 3 or 4), blue first."""
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return read


def tags(path: Path) -> dict[str, str]:
    """What any program on top of FFmpeg shows, by small names."""
    with av.open(str(path)) as movie:
        return {name.lower(): value for name, value in movie.metadata.items()}


def boxes(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of an MP4's top-level boxes, to the last byte of the file."""
    left = path.read_bytes()
    while left:
        size, kind = int.from_bytes(left[:4], "big"), left[4:8]
        head = 8
        if size == 1:
            size, head = int.from_bytes(left[8:16], "big"), 16
        assert head <= size <= len(left)
        yield kind, left[head:size]
        left = left[size:]


def chunks(path: Path) -> list[tuple[bytes, bytes]]:
    """(type, content) of a PNG's chunks, with their checksums checked."""
    left, found = path.read_bytes()[8:], []
    while left:
        size = int.from_bytes(left[:4], "big")
        kind, content = left[4:8], left[8 : 8 + size]
        assert int.from_bytes(left[8 + size : 12 + size], "big") == zlib.crc32(kind + content)
        found.append((kind, content))
        left = left[12 + size :]
    return found


def texts(path: Path) -> dict[str, str]:
    """A PNG's international texts by their keywords."""
    found = {}
    for kind, content in chunks(path):
        if kind == b"iTXt":
            keyword, _, rest = content.partition(b"\0")
            assert rest[:4] == b"\0\0\0\0"  # not compressed, no language, no translated keyword
            found[keyword.decode()] = rest[4:].decode()
    return found


def properties(packet: str) -> dict[str, str]:
    """What an XMP packet says, by names with their namespaces."""
    description = ElementTree.fromstring(packet)[0][0]
    return {one.tag: "".join(one.itertext()) for one in description}


def check_packet(packet: str) -> None:
    said = properties(packet)
    assert said[f"{IPTC}DigitalSourceType"] == URI
    assert said[f"{IPTC}AISystemUsed"] == "stabilityai/sd-turbo"
    assert said["{http://ns.adobe.com/xap/1.0/}CreatorTool"] == "vj 0.1.0"
    assert (said[f"{DC}title"], said[f"{DC}description"]) == ("Kuß & Crash", COMMENT)


@pytest.mark.parametrize("ending", MOVIES)
def test_a_movie_says_that_it_was_painted(ending: str, tmp_path: Path) -> None:
    path = recorded(tmp_path / f"out.{ending}").path
    said = tags(path)
    assert (said["comment"], said["title"]) == (COMMENT, "Kuß & Crash")
    if ending == "mkv":
        assert (said["encoded_by"], said["digital_source_type"]) == ("vj 0.1.0", URI)
    elif ending != "mov":
        assert said["encoder"] == "vj 0.1.0"
    with av.open(str(path)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 40


@pytest.mark.parametrize("ending", ["mp4", "m4v"])
def test_an_mp4_ends_with_a_packet_for_archives(ending: str, tmp_path: Path) -> None:
    kind, content = list(boxes(recorded(tmp_path / f"out.{ending}").path))[-1]
    assert (kind, content[:16]) == (b"uuid", XMP_BOX)
    check_packet(content[16:].decode())


def test_a_mov_holds_the_packet_where_quicktime_has_it(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "out.mov").path.read_bytes()
    at = whole.rindex(b"XMP_")
    check_packet(whole[at + 4 : at - 4 + int.from_bytes(whole[at - 4 : at], "big")].decode())


@pytest.mark.parametrize("ending", MOVIES)
def test_a_power_cut_leaves_a_marked_movie(ending: str, tmp_path: Path) -> None:
    """What is on the disk after a second and a half, without the recording's end."""
    made = recording(tmp_path / f"out.{ending}", lambda: KISS)
    send(made, 75)
    cut = Path(shutil.copy(made.path, tmp_path / f"cut.{ending}"))
    made.close()
    assert tags(cut)["comment"] == COMMENT
    with av.open(str(cut)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) >= 30


def test_every_picture_says_that_it_was_painted(tmp_path: Path) -> None:
    recorded(f"{tmp_path}/takes/", count=2)
    recorded(f"{tmp_path}/bare/", None, 2)
    for name in ("000000.png", "000001.png"):
        path = tmp_path / "takes" / name
        said = texts(path)
        check_packet(said.pop("XML:com.adobe.xmp"))
        assert said == {"Comment": COMMENT, "Software": "vj 0.1.0", "Title": "Kuß & Crash"}
        bare = chunks(tmp_path / "bare" / name)
        assert [one for one in chunks(path) if one[0] != b"iTXt"] == bare
        assert np.array_equal(picture(path), picture(tmp_path / "bare" / name))


def test_a_marked_picture_keeps_its_alpha(tmp_path: Path) -> None:
    made = recording(f"{tmp_path}/keyed/", lambda: KISS)
    made.send(Frame(pixels(1, 4), 0, 0.0))
    back = picture(tmp_path / "keyed/000000.png")
    assert (cv2.cvtColor(back, cv2.COLOR_BGRA2RGBA) == pixels(1, 4)).all()


@pytest.mark.parametrize("rest", [*(f"out.{ending}" for ending in MOVIES), "takes/"])
def test_the_mark_has_no_date_and_no_place_in_it(rest: str, tmp_path: Path) -> None:
    """The same frames give the same bytes, at another time and in another folder."""
    one, two = tmp_path / "a", tmp_path / "b"
    for folder in (one, two):
        folder.mkdir()
        recorded(f"{folder}/{rest}")
    files = [path.relative_to(one) for path in one.rglob("*.*") if path.is_file()]
    assert files
    for file in files:
        assert (one / file).read_bytes() == (two / file).read_bytes()
        assert str(tmp_path).encode() not in (one / file).read_bytes()


@pytest.mark.parametrize("ending", MOVIES)
def test_without_a_mark_nothing_is_said(ending: str, tmp_path: Path) -> None:
    path = recorded(tmp_path / f"out.{ending}", None).path
    assert not {"comment", "title", "xmp", "digital_source_type"} & set(tags(path))
    assert b"iptc" not in path.read_bytes().lower()


def test_what_begins_to_be_painted_goes_on_in_a_marked_file(tmp_path: Path) -> None:
    """`model: none` is played, then a model is chosen, then none again: what a model has left in
    the feedback is marked too."""
    messages: list[str] = []
    marks = iter([*[None] * 20, *[KISS] * 20, *[None] * 20, CITY])
    made = recording(tmp_path / "out.mp4", lambda: next(marks), messages.append)
    send(made, 61)
    made.close()
    assert made.recorded == [(tmp_path / "out.mp4", 20), (tmp_path / "out-2.mp4", 41)]
    assert "comment" not in tags(tmp_path / "out.mp4")
    assert tags(tmp_path / "out-2.mp4")["comment"] == COMMENT
    assert messages == [
        f"record:{tmp_path}/out.mp4: stabilityai/sd-turbo paints; it goes on in "
        f"{tmp_path}/out-2.mp4"
    ]


def test_each_picture_names_its_own_model(tmp_path: Path) -> None:
    marks = iter([None, KISS, CITY, None])
    send(recording(f"{tmp_path}/takes/", lambda: next(marks)), 4)
    said = [texts(tmp_path / f"takes/{number:06d}.png").get("Comment") for number in range(4)]
    assert said == [None, COMMENT, CITY.comment, CITY.comment]
    assert "Title" not in texts(tmp_path / "takes/000002.png")


def test_what_goes_on_elsewhere_is_marked_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "CHECK_PERIOD", 0.0)
    settings = SinkSettings(FrameClock(30), False, print, tmp_path / "spare", lambda: KISS)
    made = Recorder(str(tmp_path / "stick/out.mp4"), settings)
    made.open(64, 64, 30)
    send(made, 35)
    shutil.rmtree(tmp_path / "stick")
    send(made, 35)
    made.close()
    assert tags(tmp_path / "spare/out.mp4")["comment"] == COMMENT


def test_no_room_for_the_last_packet_leaves_a_whole_marked_movie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = OutputFile.write
    packet = xmp_box(KISS)

    def full(output_file: OutputFile, piece: bytes) -> int:
        if piece == packet:
            output_file.closed = True
            raise OSError(28, "No space left on device")
        return write(output_file, piece)

    monkeypatch.setattr(OutputFile, "write", full)
    made = recorded(tmp_path / "out.mp4")
    assert made.recorded == [(tmp_path / "out.mp4", 40)]
    assert [kind for kind, _ in boxes(made.path)][-1] == b"moov"
    assert tags(made.path)["comment"] == COMMENT


@pytest.mark.parametrize("rest", [*(f"out.{ending}" for ending in MOVIES), "takes/"])
def test_a_name_of_anything_breaks_no_recording(rest: str, tmp_path: Path) -> None:
    odd = Mark(
        "1",
        "<x>&\"'",
        "]]> <script>\0\x07\n\ud800\ufffe \u202e雪🎆" + "é" * 5000,
        "algorithmicMedia",
    )
    made = recorded(f"{tmp_path}/{rest}", odd, 35)
    if made.folder:
        said = texts(tmp_path / "takes/000007.png")
        title = said["Title"]
        assert properties(said["XML:com.adobe.xmp"])[f"{DC}title"] == title
    else:
        title = tags(made.path)["title"]
    assert title.startswith("]]> <script>")
    assert "雪🎆é" in title
    assert len(title) <= 200
    assert title.isprintable()


def test_a_mark_takes_two_kilobytes_of_a_picture_at_most(tmp_path: Path) -> None:
    recorded(f"{tmp_path}/takes/", count=1)
    recorded(f"{tmp_path}/bare/", None, 1)
    more, less = ((tmp_path / name / "000000.png").stat().st_size for name in ("takes", "bare"))
    assert 0 < more - less < 2000
