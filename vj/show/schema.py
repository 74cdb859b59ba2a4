"""What a show file may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from vj import sinks, sources
from vj.errors import Fault
from vj.frame import Size
from vj.parameters.table import TABLE, fit


def _size(value: object) -> Size:
    if isinstance(value, Size):
        return value
    return Size.parse(str(value))


def _list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _source(uri: object) -> str:
    _of(sources.split_uri, str(uri))
    return str(uri)


def _sink(uri: object) -> str:
    _of(sinks.split_uri, str(uri))
    return str(uri)


def _of(check: Any, text: str) -> None:
    try:
        check(text)
    except Fault as fault:
        raise ValueError(str(fault)) from None


class Section(BaseModel):
    """A part of a show file: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ModelSection(Section):
    """`model:` written out. `name` alone may stand instead of the section."""

    name: str = "pocket"
    vae: str = "auto"
    lcm_lora: str = "auto"
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    allow_pickle: bool = False
    config: str | None = None


class OscSection(Section):
    """Where OSC is heard, and where answers go. Without `reply` they go to whoever asked."""

    listen: str = "127.0.0.1:9000"
    reply: str | None = None

    @field_validator("listen", "reply")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            parse_address(value)
        return value


class PreviewSection(Section):
    """Where the preview page is served."""

    listen: str = "127.0.0.1:9080"

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        parse_address(value)
        return value


def _model(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _osc(value: object) -> object:
    return {"listen": value} if isinstance(value, str) else value


class Show(Section):
    """A whole show, checked."""

    show: str = "a show without a name"
    size: Annotated[Size, BeforeValidator(_size)] = Size(256, 256)
    fps: float = Field(30.0, ge=1, le=240)
    fit: Literal["crop", "pad"] = "crop"
    source: Annotated[list[Annotated[str, BeforeValidator(_source)]], BeforeValidator(_list)] = Field(["testcard"], min_length=1)
    sinks: Annotated[list[Annotated[str, BeforeValidator(_sink)]], BeforeValidator(_list)] = Field(["preview"])
    model: Annotated[ModelSection, BeforeValidator(_model)] = ModelSection()
    engine: Literal["stream", "streamdiffusion"] = "stream"
    osc: Annotated[OscSection, BeforeValidator(_osc)] = OscSection()
    preview: Annotated[PreviewSection, BeforeValidator(_osc)] = PreviewSection()
    ndi_addresses: Annotated[list[str], BeforeValidator(_list)] = Field(default=[])
    loop: bool = True
    start: dict[str, Any] = Field(default={})

    @field_validator("start", mode="after")
    @classmethod
    def _values(cls, value: dict[str, Any]) -> dict[str, Any]:
        faults, fitted = [], {}
        for name, given in value.items():
            try:
                row = TABLE.find(name)
                if row.kind == "trigger":
                    raise Fault(f"{name}: is a trigger and has no value to start with")
                fitted[row.name], remark = fit(row, given)
                if remark:
                    raise Fault(remark)
            except Fault as fault:
                faults.append(fault)
        if faults:
            raise StartFaults(faults, list(value))
        return fitted


class StartFaults(ValueError):
    """Every fault of a `start:` section at once."""

    def __init__(self, faults: list[Fault], names: list[str]) -> None:
        super().__init__("; ".join(str(f) for f in faults))
        self.faults = faults
        self.names = names


def parse_address(text: str) -> tuple[str, int]:
    """`"127.0.0.1:9000"` or `":9000"` (every address) or `"9000"` -> (host, port). Raises ValueError."""
    host, colon, port = text.strip().rpartition(":")
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not an address; write HOST:PORT, for example 127.0.0.1:9000")
    return (host or ("0.0.0.0" if colon else "127.0.0.1")), int(port)
