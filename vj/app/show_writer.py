"""What a page may ask to be written: learned mappings, ranges, and the show as it plays. Each
request is a dict in and a dict out, as docs/page_protocol.md says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vj.app.context import ShowContext
from vj.control.cue_writing import stored_cues
from vj.control.session import ControlSession
from vj.core.errors import Fault
from vj.parameters.table import Value
from vj.show.as_played import changed_values, put_chosen, put_source, put_start
from vj.show.load import load_show
from vj.show.mapping_keys import mapping_files
from vj.show.moved import move_paths
from vj.show.own_shows import named, save_as
from vj.show.reload import ShowFile
from vj.show.save import included_cues, set_cues
from vj.show.save_marks import set_marks
from vj.show.yaml_file import open_tree, quoted

Json = dict[str, Any]
LONGEST = 200
"""Letters of a parameter's name or of a key, at most."""


class ShowWriter:
    """Of one live show. All methods raise Fault; all but `learn` wait for the disk, so they are not
    for an event loop. From any thread."""

    def __init__(
        self, context: ShowContext, session: ControlSession, file: ShowFile | None
    ) -> None:
        """file: the show's, None when it is not to be written."""
        self._context, self._session, self._shown_file = context, session, file

    @property
    def _file(self) -> ShowFile:
        if self._shown_file is None:
            raise Fault("this show has no file that could be written; with --safe there is none")
        return self._shown_file

    def learn(self, asked: Mapping[str, Any]) -> Json:
        """`name`: the parameter that the next control moved is mapped to, None to cancel. What
        comes of it is in `ControlSession.learn_state`."""
        name = asked.get("name")
        self._session.learn(None if name is None else _text("learn", "name", name))
        return {}

    def mappings(self, asked: Mapping[str, Any]) -> Json:
        """`list`: every mapping as in `vj.control.mapping_list`, with `from`, the name of the file
        it stands in, and `own`, whether that is the show's own, so that it can be changed."""
        path = self._shown_file.path if self._shown_file is not None else None
        files = mapping_files(path) if path is not None else {}
        rows = self._session.mappings()
        for row in rows:
            file = files.get(row["key"])
            row["from"] = file.name if file is not None else None
            row["own"] = file is not None and file == path
        return {"list": rows}

    def unmap(self, asked: Mapping[str, Any]) -> Json:
        """`key`: the mapping to remove."""
        key = _text("unmap", "key", asked.get("key"))
        return self._told(self._file.remove_mapping(key))

    def range(self, asked: Mapping[str, Any]) -> Json:
        """`key`: a mapping; `range`: [value at the control's low end, at its high end]."""
        key, ends = _text("range", "key", asked.get("key")), asked.get("range")
        if (
            not isinstance(ends, list | tuple)
            or len(ends) != 2
            or not all(_is_number(end) for end in ends)
        ):
            raise Fault(f"range {ends!r:.60}: two numbers are wanted, for example [0, 1]")
        low, high = float(ends[0]), float(ends[1])
        return self._told(self._file.change_range(key, (low, high)))

    def save_as(self, asked: Mapping[str, Any]) -> Json:
        """`name`: of the show in `shows/` that is written: the file with its comments, with the
        present values, the stored cues, and what was chosen. The show that plays goes on from its
        own file."""
        target, path = named(asked.get("name")), self._file.path
        tree, _ = open_tree(path)
        move_paths(tree, path, target)
        now, saved, store = self._context.run.show, load_show(path), self._context.store
        with store.together():
            values, table = store.base(), store.table
            begun: dict[str, Value] = {name: store.start_of(name) for name in values}
        curves = {table.find(rule.to).name for rule in now.curves}
        changed = changed_values(values, begun, table)
        led = sorted(curves & changed.keys())
        start = {n: v for n, v in changed.items() if n not in led}
        put_start(tree, start, table, now.recipe)
        put_chosen(tree, now, saved, target)
        on_b = str(changed.get("deck/b", ""))
        if on_b in now.sources and on_b not in saved.table().find("deck/b").choices:
            put_source(tree, on_b, now.sources[on_b])
        cues, elsewhere = stored_cues(self._session.engine.cues), included_cues(path)
        own = {name: values for name, values in cues.items() if name not in elsewhere}
        if own:
            set_cues(tree, own, now.recipe)
        if marks := self._session.engine.sequencer.clip.marks.unwritten():
            set_marks(tree, marks)
        tree["show"] = quoted(target.stem)
        report = save_as(tree, target)
        if led:
            report += f"; {', '.join(led)}: led by a curve, which stays as it is"
        return {**self._told(report), "file": target.as_posix()}

    def _told(self, report: str) -> Json:
        self._context.messages.log(report)
        return {"remark": report}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(request: str, field: str, value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise Fault(f"{request}: {field} {value!r:.60}: a text is wanted")
    return value
