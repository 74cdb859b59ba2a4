"""Films and sounds open whatever they are called, and however their tags are encoded."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tests.sources.numbered import SIZE, numbered
from tests.sources.played import played
from vj.control.audio import AudioFile
from vj.core.media_file import opened
from vj.sound.named_file import holds_sound
from vj.sound.sound_file import SoundFile


def film(path: Path) -> Path:
    """Its title is in Latin-1, as old cameras and programs write it."""
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "XXXbung"
        track = file.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number in range(5):
            file.mux(track.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        file.mux(track.encode(None))
    path.write_bytes(path.read_bytes().replace(b"XXXbung", b"\xdc\xe9\xe4bung"))
    return path


@pytest.mark.parametrize("ending", ["avi", "mkv", "mp4"])
def test_a_film_whose_title_is_in_an_old_encoding_plays(ending: str, tmp_path: Path) -> None:
    path = film(tmp_path / f"tape.{ending}")
    with pytest.raises(UnicodeDecodeError):
        av.open(str(path))
    assert played(path).next(6) == [0, 1, 2, 3, 4, 0]
    assert not holds_sound(path)


@pytest.mark.parametrize("name", ["12:30 take.wav", "concat:a|b.wav", "file:x.wav"])
def test_sound_may_have_a_name_like_an_address(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with wave.open(name, "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(np.full(4800, 8000, np.int16).tobytes())
    path = Path(name)
    with opened(path) as container:
        assert container.format.name == "wav"
    assert holds_sound(path)
    sound = SoundFile(path)
    assert sound.open()
    assert sound.read(0, 1000)[500].tolist() == pytest.approx([8000 / 32768] * 2, abs=0.01)
    sound.close()
    assert AudioFile(path).level("level", 0.1) > 0, "what modulators hear of it"
