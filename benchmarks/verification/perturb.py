"""Rules that change what a sentence says, one fact at a time."""

from __future__ import annotations

from perturb_names import mix, name, name_zh, roles
from perturb_values import date, number, unit
from perturb_words import attribution, certainty, direction, negation

RULES = {
    "number": number, "unit": unit, "date": date, "negation": negation, "direction": direction, "attribution": attribution,
    "certainty": certainty, "roles": roles, "mix": mix,
}  # fmt: skip

__all__ = ["RULES", "name", "name_zh"]
