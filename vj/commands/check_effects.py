"""What a show's own effects are, and whether they run: the files that it names are run with a small
picture, and no others, in a process of their own."""

from __future__ import annotations

from vj.commands.check_result import CheckResult
from vj.commands.effect_trial import outcomes
from vj.core.errors import Fault
from vj.diffusion.devices import best_device_name
from vj.effects.header import AMOUNT
from vj.show.effects_section import EffectRule
from vj.show.schema import Show


def run_effects(show: Show, result: CheckResult) -> None:
    """Runs each once."""
    wants = any(rule.header.frames == "torch" for rule in show.effects)
    try:
        device = best_device_name(show.model.device) if wants else "cpu"
        found = outcomes([(rule.name, rule.header) for rule in show.effects], device)
    except Fault as fault:
        result.error(("effects",), fault)
        return
    for index, words in enumerate(found):
        if words:
            result.error(("effects", index), Fault(words))


def described(rule: EffectRule) -> str:
    """`effects/trails (after the model): Trails: ...; delay 0 .. 2 s (0.2): how far apart`."""
    header = rule.header
    place = {"before": "before the model", "after": "after the model", "end": "at the end"}
    says = f": {header.says}" if header.says else ""
    rows = [
        f"\n  {row.name} {row.range}{f' {row.unit}' if row.unit else ''}"
        f"{f': {row.help}' if row.help else ''}"
        for row in header.parameters
    ]
    return f"effects/{rule.name}, {place[header.at]}{says}\n  {AMOUNT} 0 .. 1{''.join(rows)}"
