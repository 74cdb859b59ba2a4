"""The table of docs/painters.md: every style with its words.

python -m vj.painters.styles_doc
"""

from __future__ import annotations

from vj.painters.styles import STYLES


def table() -> str:
    """In Markdown."""
    lines = [
        "| | name | what one sees | outline | more words that call it |",
        "|---|---|---|---|---|",
    ]
    for number, style in enumerate(STYLES):
        outline = f"**{style.outline:.1f}**" if style.swallows else f"{style.outline:.1f}"
        words = ", ".join(style.words)
        lines.append(f"| {number} | **{style.name}** | {style.look} | {outline} | {words} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(table(), end="")
