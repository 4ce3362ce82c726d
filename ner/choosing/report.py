"""A decision as sentences and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ner.choosing.candidates import Candidate
from ner.choosing.contenders import Unmade
from ner.choosing.decision import Decision, Judged
from ner.choosing.frontier import frontier
from ner.machine import Machine, describe
from ner.schema import latency_json, machine_json, provenance_json, to_json
from ner.stats import Estimate
from ner.tagging.choice import Choice
from ner.verdict import Answer


def sentence(decision: Decision) -> str:
    """What to do and why, with the uncertainty; two or three sentences."""
    words = {Answer.YES: _take, Answer.UNDECIDED: _not_settled, Answer.NO: _nothing}
    said = words[decision.answer](decision)
    withheld = decision.named.candidate.withheld
    return said if withheld is None else f"{said} {withheld}"


def _take(decision: Decision) -> str:
    named = decision.named
    parts = [f"Take {named.candidate.title}, the fastest that surely fits: {figures(named)}."]
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
    return f"Undecided. {named.candidate.title} is the fastest that may fit: {_open_clause(named)}"


def _open_clause(item: Judged) -> str:
    reasons = item.reasons(Answer.UNDECIDED)
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
    """One candidate's time, size and agreement, with their intervals, in a clause."""
    candidate = item.candidate
    said = [
        f"{candidate.time.text(1, 2)} ms a text",
        f"{candidate.bytes_on_disk / 1e6:.1f} MB",
    ]
    if candidate.agreement is not None:
        found = f"{item.agreement.text()} % on {candidate.entities:,.0f} entities"
        said.append(f"agreement {found}")
    return ", ".join(said)


def _titles(items: tuple[Judged, ...]) -> str:
    return " and ".join(item.candidate.title for item in items)


def cpu_note(machine: Machine) -> str | None:
    """What a CPU that lacks the instructions for INT8 means; None where it has them."""
    if not machine.lacks_int8:
        return None
    return (
        "This CPU has no VNNI, the instructions for INT8: it computes INT8 in several steps, so "
        "INT8 may be no faster than the original here and may find other entities. INT8 weights "
        "compute in floating point and are not concerned."
    )


def decision_json(decision: Decision) -> dict[str, Any]:
    """The rule's answer and all that it rests on: milliseconds, bytes, and F1 as fractions."""
    line = {candidate.name for candidate in frontier([item.candidate for item in decision.judged])}
    chosen = decision.chosen
    return {
        "answer": decision.answer.value,
        "chosen": None if chosen is None else chosen.name,
        "named": decision.named.candidate.name,
        "sentence": sentence(decision),
        "more_texts": decision.named.more_texts if decision.answer is Answer.UNDECIDED else None,
        "limits": asdict(decision.limits),
        "candidates": [
            _candidate_json(item, on_line=item.candidate.name in line) for item in decision.judged
        ],
    }


def choice_json(
    decision: Decision,
    *,
    texts: str,
    unmade: Sequence[Unmade] = (),
    peers: Sequence[Candidate] = (),
) -> dict[str, Any]:
    """What ``choose`` answers: the decision, what else could be made, and where it was measured.

    ``texts`` names the set of texts. ``peers`` were measured beside the candidates, in the same
    run; they are nothing to choose.
    """
    origins = [item.candidate.origin for item in decision.judged]
    return {
        "model": origins[0].model,
        "texts": {"set": texts, "n": decision.judged[0].candidate.texts},
        **decision_json(decision),
        "not_made": [
            {
                "name": item.variant.name,
                "title": item.variant.recipe.title,
                "advice": item.variant.recipe.advice,
                "seconds": item.seconds,
            }
            for item in unmade
        ],
        "peers": [_figures_json(peer, peer.agreement_at(0.95)) for peer in peers],
        "cpu_note": cpu_note(describe()),
        "machine": machine_json(describe()),
        "provenance": provenance_json(origins, Choice(), gold=texts),
    }


def _candidate_json(item: Judged, *, on_line: bool) -> dict[str, Any]:
    candidate = item.candidate
    return {
        **_figures_json(candidate, item.agreement),
        "fits": item.answer.value,
        "reasons": [check.reason for check in item.checks],
        "withheld": candidate.withheld,
        "on_frontier": on_line,
    }


def _figures_json(candidate: Candidate, agreement: Estimate) -> dict[str, Any]:
    """What was measured of a candidate, with the interval of its agreement."""
    return {
        "name": candidate.name,
        "title": candidate.title,
        "bytes_on_disk": candidate.bytes_on_disk,
        "memory_bytes": candidate.memory_bytes,
        "latency": {**latency_json(candidate.latency), **to_json(candidate.time)},
        "agreement": {
            **to_json(agreement),
            "entities": candidate.entities,
        },
        "gold": to_json(candidate.gold_f1),
    }
