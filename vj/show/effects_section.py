"""`effects:` of a show file: Python files of one's own, each a stage of a frame's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from vj.core.errors import Fault, nearest
from vj.effects.header import BUDGET, EffectHeader, Place, check_name, read_header
from vj.parameters.row import Parameter
from vj.show.find import FIRST_SHOW
from vj.show.model_section import check_home
from vj.show.section import KeyPath, PlacedFaults, Section
from vj.show.written_values import value_error

SHIPPED = FIRST_SHOW.parent / "effects"
"""Effects that come with vj; a show names them without an ending."""


def shipped() -> list[str]:
    """Their names."""
    return sorted(path.stem for path in SHIPPED.glob("*.py"))


def _file(text: str) -> str:
    """The path of a Python file, or the name of one that comes with vj."""
    text = text.strip()
    if text.endswith(".py"):
        return check_home(text)
    if text in (known := shipped()):
        return str(SHIPPED / f"{text}.py")
    near = nearest(text, known)
    raise ValueError(
        f"{text!r:.100}: no such effect{near} (a Python file such as trails.py, or "
        f"{', '.join(known)})"
    )


def _name(text: str) -> str:
    value_error(check_name, text)
    return text


class EffectRule(Section):
    """One effect. name: what it is called, as its file unless said. at: where it stands, as the
    file says unless said. budget: the share of a frame that it may take, live."""

    file: Annotated[str, AfterValidator(_file)]
    name: Annotated[str, AfterValidator(_name)] = ""
    at: Place | None = None
    budget: float = Field(default=BUDGET, gt=0, le=10)

    _header: EffectHeader | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _read(self) -> EffectRule:
        """What the file says now goes with the show: its rows are in the table, its text is
        played."""
        try:
            if not self.name:
                object.__setattr__(self, "name", check_name(PurePath(self.file).stem))
            header = read_header(Path(self.file).expanduser())
        except Fault as fault:
            raise ValueError(str(fault)) from None
        self._header = header if self.at is None else replace(header, at=self.at)
        return self

    @property
    def header(self) -> EffectHeader:
        """Of the file, as it was when the show was read."""
        assert self._header is not None
        return self._header


def as_effect(value: Any) -> Any:
    """A file alone may stand instead of the section."""
    return {"file": value} if isinstance(value, str) else value


def check_effects(effects: list[EffectRule]) -> list[EffectRule]:
    """Each has a name of its own. Raises PlacedFaults."""
    faults: list[tuple[KeyPath, Fault]] = []
    names: set[str] = set()
    for index, rule in enumerate(effects):
        if rule.name in names:
            again = f"{rule.name}: two effects have this name; name: {rule.name}_2 would be right"
            faults.append(((index,), Fault(again)))
        names.add(rule.name)
    if faults:
        raise PlacedFaults(faults)
    return effects


def effect_rows(effects: Sequence[EffectRule]) -> list[Parameter]:
    """The parameters of a show's effects."""
    return [row for rule in effects for row in rule.header.rows(rule.name)]
