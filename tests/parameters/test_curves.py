"""The curves between a control and a parameter."""

from __future__ import annotations

import numpy as np
import pytest

from vj.core.errors import Fault
from vj.parameters.curves import NAMED, curve


@pytest.mark.parametrize("asked", [*NAMED, "steps 4", 2.0, "0.5"])
def test_curves_lead_from_0_to_1_and_rise(asked: object) -> None:
    values = [curve(asked)(u) for u in np.linspace(0, 1, 101)]
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert values[-1] == pytest.approx(1, abs=1e-9)
    assert min(np.diff(values)) >= -1e-12


def test_an_unknown_curve_names_the_nearest() -> None:
    with pytest.raises(Fault, match="did you mean logistic"):
        curve("logistics")
