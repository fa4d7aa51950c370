"""Question sets in, measured answers out: gold sets, metrics, comparison and report."""

from assistant.evaluation.gold import GoldQuestion, load_gold
from assistant.evaluation.records import EvalRow, Evaluation

__all__ = ["EvalRow", "Evaluation", "GoldQuestion", "load_gold"]
