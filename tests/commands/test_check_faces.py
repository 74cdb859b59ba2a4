"""`check SHOW` with portraits, and with faces that nothing here would find."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Check, picture, stands_at

FACE = """\
left eye: [[2, 8], [4, 7], [6, 8], [4, 9]]
right eye: [[14, 8], [12, 7], [10, 8], [12, 9]]
mouth: [[5, 12], [8, 11], [11, 12], [8, 13]]
"""


def test_portraits_are_opened_and_what_is_wrong_has_its_line(look: Check, tmp_path: Path) -> None:
    picture(tmp_path / "cat.png")
    (tmp_path / "cat.face.yaml").write_text(FACE, encoding="utf-8")
    (tmp_path / "masks").mkdir()
    picture(tmp_path / "masks" / "owl.png")
    (tmp_path / "masks" / "owl.face.yaml").write_text("chim: [3, 4]", encoding="utf-8")
    picture(tmp_path / "dog.png")
    code, wrong, _ = look("portraits: [cat.png, drawn:fox]\nsource: drawn:speaker\n")
    assert (code, wrong) == (0, [])
    code, wrong, _ = look(
        "source: drawn:speaker\nportraits:\n  - cat.png\n  - no.png\n  - masks\n  - dog.png\n"
        "  - drawn:meadow\nstart:\n  portrait/picture: cart\n"
    )
    assert code == 1
    stands_at(
        wrong,
        (4, "no.png: no such file"),
        (5, "chim: is no anchor; did you mean chin"),
        (6, "dog.png: what finds its face is not installed: python3 launch.py add person; or say"),
        (7, "drawn:meadow: has no face that is known"),
        (9, "no portrait is called 'cart'; did you mean cat"),
    )


def test_faces_that_nothing_would_find_are_warned_of(look: Check) -> None:
    text = "source: {}\nstart: {{portrait/amount: 1}}\ncues:\n"
    text += "  - {{name: a, set: {{mask/mode: face}}}}\n"
    _, _, messages = look(text.format("camera"))
    told = [one for one in messages if "what finds faces is not installed" in one]
    assert len(told) == 2
    assert "my.yaml:2: portrait/amount 1" in told[0]
    assert "my.yaml:4: mask/mode face" in told[1]
    _, _, messages = look(text.format("drawn:speaker"))
    assert not any("what finds faces" in one for one in messages)
