"""What keeps time live leaves a rendering as it is: timecode, and a delay of the outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.app.offline import Rendering
from vj.show.load import check_show


def rendered(folder: Path, **show: Any) -> list[bytes]:
    """The pictures of a rendering, as files."""
    cues = [{"name": "turned", "set": {"picture/hue": 90}}]
    whole = {
        "model": "none",
        "size": "64x64",
        "fps": 10,
        "source": "drawn:kiss",
        "cues": cues,
        "timeline": [{"at": 0.3, "cue": "turned"}],
        "sinks": [f"record:{folder}/"],
        **show,
    }
    Rendering(check_show(whole, "test"), print, seconds=0.6).run()
    return [path.read_bytes() for path in sorted(folder.glob("*.png"))]


def test_a_rendering_is_not_changed_by_timecode_or_delay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = rendered(tmp_path / "plain")
    assert len(set(plain)) == len(plain) == 6
    assert plain == rendered(
        tmp_path / "timed",
        timecode={"start": "10:00:00:00"},
        start={"output/delay": "1 beat"},
    )
