"""A decision as sentences and as JSON."""

from __future__ import annotations

import math
from typing import Any

from ner.choosing.decision import Decision, Judged
from ner.choosing.frontier import frontier
from ner.evaluating.verdict import Answer
from ner.schema import latency_json
from ner.stats import Interval


def sentence(decision: Decision) -> str:
    """What to do and why, with the uncertainty; two or three sentences."""
    return {Answer.YES: _take, Answer.OPEN: _not_settled, Answer.NO: _nothing}[decision.answer](
        decision
    )


def _take(decision: Decision) -> str:
    named = decision.named
    fits = named.reasons(Answer.YES) or figures(named)
    parts = [f"Take {named.candidate.title}: the fastest that surely fits ({fits})."]
    if decision.tied:
        others = _titles(decision.tied)
        parts.append(
            f"Its time can't be told from that of {others}, and it agrees at least as well."
        )
    parts += [
        f"{item.candidate.title} is faster and may fit: {_open_clause(item)}"
        for item in decision.faster
    ]
    return " ".join(parts)


def _not_settled(decision: Decision) -> str:
    named = decision.named
    return (
        f"Not settled. {named.candidate.title} is the fastest that may fit: {_open_clause(named)}"
    )


def _open_clause(item: Judged) -> str:
    reasons = item.reasons(Answer.OPEN)
    if item.more_texts is None:
        return f"{reasons}. It is too close to the limit for any number of texts to tell."
    return f"{reasons}. About {item.more_texts:,} more texts like these would settle it."


def _nothing(decision: Decision) -> str:
    named = decision.named
    return (
        f"Nothing meets these limits. {named.candidate.title} is nearest: "
        f"{named.reasons(Answer.NO)}."
    )


def figures(item: Judged) -> str:
    """One candidate's figures in a clause."""
    candidate = item.candidate
    return (
        f"{candidate.median_ms:.2f} ms a text, {candidate.bytes_on_disk / 1e6:.1f} MB, "
        f"agreement {100 * candidate.agreement_f1:.1f} %"
    )


def _titles(items: tuple[Judged, ...]) -> str:
    return " and ".join(item.candidate.title for item in items)


def decision_json(decision: Decision) -> dict[str, Any]:
    """What ``choose`` answers: milliseconds, bytes, and F1 as fractions."""
    line = {candidate.name for candidate in frontier([item.candidate for item in decision.judged])}
    chosen = decision.chosen
    limits = decision.limits
    return {
        "answer": decision.answer.value,
        "chosen": None if chosen is None else chosen.name,
        "named": decision.named.candidate.name,
        "sentence": sentence(decision),
        "more_texts": decision.named.more_texts if decision.answer is Answer.OPEN else None,
        "limits": {
            "max_ms": limits.max_ms,
            "max_mb": limits.max_mb,
            "min_agreement": limits.min_agreement,
        },
        "candidates": [
            _candidate_json(item, on_line=item.candidate.name in line) for item in decision.judged
        ],
    }


def _candidate_json(item: Judged, *, on_line: bool) -> dict[str, Any]:
    candidate = item.candidate
    gold = candidate.gold_interval
    return {
        "name": candidate.name,
        "title": candidate.title,
        "bytes_on_disk": candidate.bytes_on_disk,
        "memory_bytes": candidate.memory_bytes,
        "latency": {**latency_json(candidate.latency), **interval_json(candidate.time_interval)},
        "agreement": {
            "f1": round(candidate.agreement_f1, 6),
            **interval_json(item.agreement),
            "texts_with_entities": candidate.texts_with_entities,
        },
        "gold": None
        if gold is None
        else {"f1": round(candidate.gold_f1 or 0.0, 6), **interval_json(gold)},
        "fits": item.answer.value,
        "reasons": [check.reason for check in item.checks],
        "on_frontier": on_line,
    }


def interval_json(interval: Interval) -> dict[str, float | None]:
    """Both ends; JSON has no infinity."""
    return {
        "low": round(interval.low, 6),
        "high": None if math.isinf(interval.high) else round(interval.high, 6),
    }
