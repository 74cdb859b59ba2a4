"""What a change of a show file leaves as it is written there: all sections but those that
changed, with their layout and their comments."""

from __future__ import annotations

from collections.abc import Callable

from ruamel.yaml.nodes import MappingNode, Node


def spliced(
    old: str, new: str, compose: Callable[[str], Node], changed: Callable[[str], bool]
) -> str | None:
    """A file's new text, in which only the sections that changed are written anew. old, new: the
    file, and all of it as the emitter writes it. compose: a text -> its nodes. changed: whether a
    section of both did. None where sections have no lines of their own."""
    was, now = _sections(old, compose), _sections(new, compose)
    if was is None or now is None:
        return None
    head, before = was
    parts = [head]
    for name, (_, body) in now[1].items():
        above, kept = before.get(name, ("", body))
        parts += [above, body if changed(name) else kept]
    return "".join(part if not part or part.endswith("\n") else f"{part}\n" for part in parts)


def _sections(
    text: str, compose: Callable[[str], Node]
) -> tuple[str, dict[str, tuple[str, str]]] | None:
    """What stands above the first section, and of each the remark right above it and its lines."""
    root = compose(text)
    if not isinstance(root, MappingNode) or root.flow_style:
        return None
    begins = [int(key.start_mark.index) for key, _ in root.value]
    if any(key.start_mark.column for key, _ in root.value):
        return None
    heads = [begins[0], *(_above(text, begin) for begin in begins[1:])]
    ends = [*heads[1:], len(text)]
    found = {
        str(key.value): (text[head:begin], text[begin:end])
        for (key, _), head, begin, end in zip(root.value, heads, begins, ends, strict=True)
    }
    return text[: begins[0]], found


def _above(text: str, begin: int) -> int:
    """Where the remark begins that stands right above a section."""
    while text.rfind("\n", 0, begin - 1) >= 0:
        line = text.rfind("\n", 0, begin - 1) + 1
        if not text.startswith("#", line):
            break
        begin = line
    return begin
