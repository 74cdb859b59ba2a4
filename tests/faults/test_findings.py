"""What the runner has found, each once more, without a show."""

from __future__ import annotations

import pytest

from vj.engine import models
from vj.engine.checkpoints import ModelSpec
from vj.errors import Fault


@pytest.mark.parametrize("name", ["gone/for_good.safetensors", "./nothing", "/no/such/folder"])
def test_a_model_that_is_not_there_is_said_before_its_library_is_loaded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library alone takes seconds and 90 MB."""

    def load() -> None:
        raise AssertionError("diffusers is imported")

    monkeypatch.setattr(models, "_quieten", load)
    with pytest.raises(Fault, match="no such file or folder"):
        models.load_model(ModelSpec(name))
