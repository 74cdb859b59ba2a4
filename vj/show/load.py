"""Loads a show file: YAML with line numbers; reports all faults at once, each with its line and a
remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from vj.core.errors import Fault
from vj.parameters.table import ALIASES
from vj.show.faults import Explanation, explain_error
from vj.show.find import FIRST_SHOW, find_show, included_path
from vj.show.names import play_by_names
from vj.show.origins import OLD_PAGE, Origins, Report
from vj.show.page_section import over_page
from vj.show.parse import ShowFaults, line_in, parse, plain_tree, read
from vj.show.paths import resolve_paths
from vj.show.salvage import without
from vj.show.schema import Show
from vj.show.section import KeyPath
from vj.show.yaml_pitfalls import misread

__all__ = [
    "FIRST_SHOW",
    "Reading",
    "ShowFaults",
    "check_show",
    "find_show",
    "included_files",
    "line_of",
    "load_show",
    "parse",
    "read_show",
]

ROUNDS = 5
"""Rounds of validation, each without the faulty values of the one before: checks that involve
several values run when each of them is valid."""
INCLUDED_ORDER = 1000
"""Sorts faults of included files after the others."""
NAME_FAULTS = (
    "no such cue",
    "no such parameter",
    "no such source",
    "no such model",
    "is not one of 0",
)
"""Parts of messages about names, which may be known once the rest of the show is read."""


@dataclass
class Reading:
    """The result of reading a show file."""

    path: Path
    show: Show | None
    """The show; for a faulty file its valid part; None if there is none."""
    origins: Origins | None = None
    wrong: list[Report] = field(default_factory=list)
    notes: list[Report] = field(default_factory=list)
    """Warnings about valid values that may not be meant."""
    incomplete: bool = False
    """An included file is missing, and with it names that others may use."""

    @property
    def faults(self) -> list[str]:
        """Each fault once, in the order of the lines."""
        return [report[2] for report in sorted(set(self.wrong))]


def load_show(
    path: Path,
    overrides: dict[str, Any] | None = None,
    log: Callable[[str], None] = lambda text: None,
) -> Show:
    """Load a show, with command-line options over it. Raises ShowFaults. Paths in it are relative
    to the file, else to the working directory, which is logged; those of options are relative to
    the working directory."""
    return _show(read_show(path, overrides), log)


def show_of(tree: CommentedMap, path: Path, overrides: dict[str, Any] | None = None) -> Show:
    """The show in a file's tree (`parse`), with what it includes. path: where the tree is from.
    Raises ShowFaults."""
    return _show(_reading(tree, path, overrides), lambda text: None)


def _show(reading: Reading, log: Callable[[str], None]) -> Show:
    if reading.wrong or reading.show is None:
        raise ShowFaults(reading.faults)
    for _, _, text in sorted(set(reading.notes)):
        log(text)
    return reading.show


def read_show(path: Path, overrides: dict[str, Any] | None = None) -> Reading:
    """Read a file: its show and all its faults. Raises Fault for one that cannot be read at all."""
    try:
        return _reading(read(path), path, overrides)
    except ShowFaults as faults:
        return Reading(path, None, None, [(0, 0, line) for line in faults.lines])


def _reading(tree: CommentedMap, path: Path, overrides: dict[str, Any] | None) -> Reading:
    plain = plain_tree(tree, str(path))
    origins = Origins(tree, str(path), overrides)
    reading = Reading(path, None, origins)
    wrong, doubtful = misread(tree, plain)
    reading.wrong += [origins.report(place, text) for place, text in wrong]
    reading.notes += [origins.report(place, text) for place, text in doubtful]
    own = {key: len(value) for key, value in plain.items() if isinstance(value, list)}
    resolve_paths(
        plain, path.parent, lambda place, text: reading.notes.append(origins.report(place, text))
    )
    for index, name in enumerate(_included_names(plain)):
        try:
            _include(plain, included_path(str(name), path), reading, own)
        except ShowFaults as faults:
            reading.incomplete = True
            reading.wrong += [
                (INCLUDED_ORDER + index, number, line) for number, line in enumerate(faults.lines)
            ]
        except Fault as fault:
            reading.incomplete = True
            reading.wrong.append(origins.report(("include", index), str(fault), "include"))
    if isinstance(plain.get("include"), list | str):
        plain.pop("include")
    return _checked(plain, reading)


def _included_names(plain: dict[str, Any]) -> list[Any]:
    """The names in a show's `include`."""
    asked = plain.get("include")
    return [asked] if isinstance(asked, str) else asked if isinstance(asked, list) else []


INCLUDED = ("mappings", "macros", "modulators", "cues", "answers", "ignored")
"""Sections that an included file may have. Lists come before the show's own; names in the show take
precedence."""


def included_files(path: Path) -> list[Path]:
    """The included files that exist; none if the show cannot be read."""
    found = []
    try:
        for name in _included_names(plain_tree(read(path), str(path))):
            found.append(included_path(str(name), path))
    except Fault:
        pass
    return found


def _include(plain: dict[str, Any], path: Path, reading: Reading, own: dict[str, int]) -> None:
    """Merge an included file into a show. Its faults have its own line numbers. Raises Fault."""
    tree = read(path)
    strange = [key for key in tree if key not in INCLUDED]
    if strange:
        raise ShowFaults(
            [
                f"{path}:{line_in(tree, (strange[0],))}: {strange[0]}: an included file brings "
                f"{', '.join(INCLUDED)}"
            ]
        )
    alone = Reading(path, None, Origins(tree, str(path)))
    brought = plain_tree(tree, str(path))
    wrong, doubtful = misread(tree, brought)
    assert reading.origins is not None
    assert alone.origins is not None
    alone.wrong += [alone.origins.report(place, text) for place, text in wrong]
    number = reading.origins.include(tree, str(path))
    reading.notes += [(number, *alone.origins.report(place, text)[1:]) for place, text in doubtful]
    origins = alone.origins
    resolve_paths(
        brought,
        path.parent,
        lambda place, text: reading.notes.append((number, *origins.report(place, text)[1:])),
    )
    alone.incomplete = (
        True  # it may use names of the show; all of it is checked again with the show
    )
    faults = _checked(dict(brought), alone).faults
    if faults:
        raise ShowFaults(faults)
    for key, value in brought.items():
        if value is None:
            continue
        there = plain.get(key)
        if isinstance(value, dict):
            names = there if isinstance(there, dict) else {}
            for name in value:
                if name not in names:
                    reading.origins.put_name(key, name, number)
            plain[key] = {**value, **names}
        else:
            reading.origins.put_before(key, number, len(value), own.get(key, 0))
            plain[key] = [*value, *there] if isinstance(there, list) else value


def check_show(tree: Any, where: str, overrides: dict[str, Any] | None = None) -> Show:
    """Check a mapping as a show. `where` names it in faults; a ruamel mapping brings its line
    numbers. Raises ShowFaults."""
    plain = plain_tree(tree, where)
    return _show(
        _checked(plain, Reading(Path(where), None, Origins(tree, where, overrides))),
        lambda text: None,
    )


def _checked(plain: dict[str, Any], reading: Reading) -> Reading:
    """Validate, with the options over it. Faulty values are removed, so that checks that involve
    several values can run for the others."""
    origins = reading.origins
    assert origins is not None
    if OLD_PAGE in plain:
        older = plain.pop(OLD_PAGE)
        if "page" in plain:
            reading.wrong.append(
                origins.report(
                    (OLD_PAGE,),
                    "preview: is the older name of page:, and both stand here; keep page:",
                )
            )
        else:
            plain["page"] = older
    for key, value in origins.overrides.items():
        plain[key] = _over(key, plain.get(key), value)
        if key == "start":
            _over_recipes(plain.get("with"), value)
    play_by_names(plain)
    places: list[KeyPath] = []
    unsure: list[str] = [*NAME_FAULTS] if reading.incomplete else []
    rest = plain
    for _ in range(ROUNDS):
        found = _validate(rest, reading)
        if reading.show is not None:
            break
        new = [one for one in found if not any(words in one[2] for words in unsure)]
        reading.wrong += [_reported(one, origins) for one in new]
        places += [origins.original(place) for place, _, _ in found]
        rest, origins.remaining, more = without(plain, places)
        unsure += more
    return reading


def _reported(found: Explanation, origins: Origins) -> Report:
    """A fault with its origin: a LoRA of the show's own model is reported at the option that
    replaces the model."""
    place, about, message = found
    model = origins.overrides.get("model")
    if model is not None and message.startswith("lora/") and NAME_FAULTS[1] in message:
        whole = origins.report(place, "")[2]
        return origins.report(
            ("model",),
            f"the show plays {message.partition(':')[0]}, of its own model ({whole.rstrip(': ')})",
        )
    return origins.report(place, message, about)


def _validate(plain: dict[str, Any], reading: Reading) -> list[Explanation]:
    """Validate once: set the reading's show, or return the faults."""
    try:
        reading.show = Show.model_validate(plain)
        return []
    except ValidationError as error:
        return [one for detail in error.errors() for one in explain_error(detail, Show)]
    # a number of 400 digits, a name that no file system takes: whatever a check did not expect is a
    # fault too
    except Exception as error:
        place = _failing_path(plain)
        name = ".".join(str(part) for part in place) or "the show"
        return [
            (
                place,
                name,
                f"cannot be used ({type(error).__name__}: {' '.join(str(error).split())[:160]})",
            )
        ]


def _over(key: str, own: Any, given: Any) -> Any:
    """An option's value over the show's: start values are merged, --page says where the page is,
    everything else is replaced."""
    if key == "page":
        return over_page(own, given)
    return {**(own or {}), **given} if key == "start" and isinstance(own, dict | None) else given


def _over_recipes(recipes: Any, given: dict[str, Any]) -> None:
    """Start values of options are played whichever recipe is."""
    for recipe in recipes.values() if isinstance(recipes, dict) else ():
        start = recipe.get("start") if isinstance(recipe, dict) else None
        if isinstance(start, dict):
            names = {ALIASES.get(name, name) for name in given}
            recipe["start"] = {
                name: value for name, value in start.items() if ALIASES.get(name, name) not in names
            }


def _failing_path(plain: dict[str, Any]) -> KeyPath:
    """The key path of the value whose validation raises an unexpected error, as far as it can be
    found."""
    for key, value in plain.items():
        if not _is_checkable({key: value}):
            entries: list[tuple[Any, Any]] = []
            if isinstance(value, list):
                entries = [(index, [one]) for index, one in enumerate(value)]
            elif isinstance(value, dict):
                entries = [(name, {name: one}) for name, one in value.items()]
            return (
                key,
                *next(([name] for name, alone in entries if not _is_checkable({key: alone})), []),
            )
    return ()


def _is_checkable(plain: dict[str, Any]) -> bool:
    try:
        Show.model_validate(plain)
    except ValidationError:
        return True
    except Exception:  # what is looked for
        return False
    return True


def line_of(path: Path, key: str) -> int:
    """The line (from 1) on which a show's section stands; 0 when it is in none, or the file cannot
    be read."""
    try:
        return line_in(read(path), (key,))
    except Fault:
        return 0
