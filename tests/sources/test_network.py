"""Addresses in the network as sources, and what is shown of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.app.log import Writer
from vj.commands.check import check
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.show.load import load_show
from vj.show.names import public_name, without_paths
from vj.sources import SourceSettings, check_uri, make_source, split_uri
from vj.sources.network import as_sent, without_password


@pytest.mark.parametrize(
    ("uri", "kind", "address"),
    [
        ("rtsp://10.0.0.9:554/h264", "stream", "rtsp://10.0.0.9:554/h264"),
        ("RTSP://Cam.local/1", "stream", "RTSP://Cam.local/1"),
        ("udp://@239.1.1.1:5000", "stream", "udp://@239.1.1.1:5000"),
        ("http://phone:8080/video", "stream", "http://phone:8080/video"),
        ("https://host/live/index.m3u8", "stream", "https://host/live/index.m3u8"),
        ("https://host/loops/sea.MP4?v=2", "download", "https://host/loops/sea.MP4?v=2"),
        ("video:https://host/sea.webm", "download", "https://host/sea.webm"),
        ("image:https://host/sea.png", "stream", "https://host/sea.png"),
        ("stream:https://host/sea.mp4", "stream", "https://host/sea.mp4"),
        ("download:https://host/get?id=3", "download", "https://host/get?id=3"),
    ],
)
def test_an_address_is_a_stream_or_the_clip_that_it_ends_in(
    uri: str, kind: str, address: str
) -> None:
    assert split_uri(uri) == (kind, address)
    check_uri(uri)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("htps://host/a.mp4", "did you mean https?"),
        ("gopher://host/a.png", "no source has an address with gopher://"),
        ("stream:clip.mp4", "name an address"),
        ("download:rtsp://host/a", "name the address of a file"),
        ("http://", "names no server; http://HOST/... would be right"),
        ("https:///a.mp4", "names no server"),
        ("udp://239.1.1.1", "names no port; udp://239.1.1.1:5000 would be right"),
        ("http://host:99999/a.mp4", "the port a number up to 65535"),
        ("rtsp://me:a/b@host/1", "rtsp://me:***@host/1: is no address"),
        ("rtsp://me:a/b@host/1", "in a user and a password @ is written %40"),
    ],
)
def test_what_is_no_address_is_a_fault_that_says_what_is_right(uri: str, says: str) -> None:
    with pytest.raises(Fault) as fault:
        check_uri(uri)
    assert says in str(fault.value)
    assert "a/b@" not in str(fault.value)


def test_a_walk_goes_between_files() -> None:
    walk = make_source("walk:https://me:hidden@host/a.png,b.png", SourceSettings(WallClock()))
    with pytest.raises(Fault, match=r"https://me:\*\*\*@host/a\.png: is an address"):
        walk.open()


def test_files_are_still_files(tmp_path: Path) -> None:
    assert split_uri("C://clips/a.mov")[0] == "video"
    assert split_uri(str(tmp_path / "a,b.mp4"))[0] == "video"
    clips = make_source("clips:a.mp4,https://host/b.mp4", SourceSettings(WallClock()))
    assert getattr(clips, "ends", False)


def test_a_show_beside_files_keeps_its_addresses(tmp_path: Path) -> None:
    show = tmp_path / "night.yaml"
    show.write_text("source: [rtsp://cam/1, https://host/b.mp4]\nsources: {gate: udp://:5000}\n")
    loaded = load_show(show)
    assert loaded.source == ["rtsp://cam/1", "https://host/b.mp4"]
    assert loaded.sources == {"gate": "udp://:5000"}


CAMERA = "rtsp://admin:p:w%40d@10.0.0.9:554/h264?channel=1"


def test_the_password_of_an_address_is_written_nowhere() -> None:
    text = without_password(f"{CAMERA} was lost; https://host/x.m3u8?a=1&token=abc&b=2 plays")
    assert text == (
        "rtsp://admin:***@10.0.0.9:554/h264?channel=1 was lost; "
        "https://host/x.m3u8?a=1&token=***&b=2 plays"
    )
    assert without_password("at 12:30 me@home") == "at 12:30 me@home"
    assert without_password("http://host:8080/a@b") == "http://host:8080/a@b"
    assert without_password("http://[::1]:80/a@b") == "http://[::1]:80/a@b"
    assert without_password("rtsp://me:a/b@host/c") == "rtsp://me:***@host/c"
    camera = "rtsp://host/user=admin_password=t1Jw_channel=1"  # as a common make has it
    assert without_password(camera) == "rtsp://host/user=admin_password=***"
    signed = "[ 'http://host/x?access_token=ab&X-Amz-Signature=cd' ]\nkey=board"
    assert without_password(signed) == (
        "[ 'http://host/x?access_token=***&X-Amz-Signature=***' ]\nkey=board"
    )
    lines: list[str] = []
    writer = Writer(lines.append)
    writer.put(f"source {CAMERA}")
    writer.flush(5)
    assert lines == ["source rtsp://admin:***@10.0.0.9:554/h264?channel=1"]


def test_what_may_not_stand_in_an_address_is_written_for_the_server() -> None:
    sent = "http://u:p@host:80/my%20loop%20%C3%A4%20100%25.mp4?a=b%20c"
    assert as_sent("http://u:p@host:80/my loop ä 100%25.mp4?a=b c#part") == sent
    assert as_sent(sent) == sent
    assert as_sent("https://bücher.example/a") == "https://xn--bcher-kva.example/a"
    assert as_sent("rtsp://host/a b") == "rtsp://host/a b"


def test_a_show_is_checked_without_its_passwords(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = tmp_path / "night.yaml"
    show.write_text(f"source: ['{CAMERA}', 'https://host/b.mp4']\nmodel: none\n")
    assert check([str(show)]) == 0
    told = capsys.readouterr().out
    assert "rtsp://admin:***@10.0.0.9:554/h264?channel=1 (may come later)" in told
    assert "p:w" not in told


def test_the_audience_sees_neither_user_nor_query() -> None:
    assert public_name(CAMERA) == "rtsp://10.0.0.9:554/h264"
    assert without_paths(f"{CAMERA} lost, last picture", [CAMERA]) == (
        "rtsp://10.0.0.9:554/h264 lost, last picture"
    )
    assert "p:w" not in without_paths(f"{without_password(CAMERA)} 640x480", [CAMERA])
