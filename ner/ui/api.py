"""The endpoints ``tag``, ``compare`` and ``evaluate``: the command line's JSON over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gradio.events import api as add_endpoint

from ner import schema
from ner.errors import InputError, TextTooLong, one_of
from ner.evaluating import evaluation
from ner.evaluating.report import Report, report_json
from ner.evaluating.verdict import TOLERANCE
from ner.files import formats
from ner.models.child import Stage
from ner.models.prepared import find_offered
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy
from ner.ui.budget import timing_budget
from ner.ui.contract import MAX_CHARACTERS, Loader, Pair
from ner.ui.evaluate import MAX_GOLD_CHARACTERS
from ner.ui.failures import as_gradio_errors
from ner.ui.service import Service
from ner.ui.visit import given_up


@dataclass(frozen=True)
class Endpoints:
    """What clients can call; Gradio takes names, types and descriptions from these methods."""

    load: Loader
    service: Service = field(default_factory=Service)

    def tag(
        self,
        text: str,
        model: str = "bundled",
        variant: str = "int8",
        strategy: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
    ) -> dict[str, Any]:
        """Find the named entities of a text with one of the two pipelines of a model.

        Gives the text and its entities with label, score and half-open offsets in code points.

        Args:
            text: Up to 20,000 characters.
            model: Its name, as on the page: bundled, or one of the catalogue.
            variant: original or int8.
            strategy: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.

        """
        _check(text, threshold, labels)
        tagger = _open(self.load, model).tagger(one_of(Variant, variant, "variant"))
        chosen = one_of(Strategy, strategy, "strategy")
        using = tagger.using(strategy=chosen, threshold=threshold, labels=labels)
        with self.service.short.one(gone=given_up):
            return schema.tagged_json(using(text))

    def compare(
        self,
        text: str,
        model: str = "bundled",
        strategy: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
    ) -> dict[str, Any]:
        """Find the named entities of a text with the original and with its INT8 twin.

        Gives both, their differences, the share of identical entities, and both timings. While
        others wait, fewer runs are timed, and none of a long text: the timing is null then.

        Args:
            text: Up to 20,000 characters.
            model: Its name, as on the page: bundled, or one of the catalogue.
            strategy: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.

        """
        _check(text, threshold, labels)
        chosen = one_of(Strategy, strategy, "strategy")
        pair = _open(self.load, model)
        # Raises, and says why, where INT8 is not served.
        pair.tagger(Variant.INT8)
        places = self.service.short
        with places.one(gone=given_up):
            # Asked here, since who waits now decides.
            budget = timing_budget(len(text), places.waiting)
            comparison = pair.compare(
                text, strategy=chosen, threshold=threshold, labels=labels, budget_ms=budget
            )
        assert comparison.agreement is not None  # noqa: S101 - INT8 is served
        return schema.comparison_json(comparison.agreement, comparison.timing)

    def evaluate(
        self,
        gold: str,
        model: str = "bundled",
        strategy: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
        tolerance: float = TOLERANCE,
    ) -> dict[str, Any]:
        """Score the original and its INT8 twin against gold, and tell whether INT8 will do.

        Gives precision, recall and F1 (fractions) overall and per type, intervals, the errors that
        INT8 adds and removes, and a verdict.

        Args:
            gold: CoNLL columns, JSON lines with spans, or bracketed text; up to 600,000 characters.
            model: Its name, as on the page: bundled, or one of the catalogue.
            strategy: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.
            tolerance: The loss of F1 that counts as none, a fraction.

        """
        _check(gold, threshold, labels, limit=MAX_GOLD_CHARACTERS)
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float):
            raise InputError(f"The tolerance is {_kind(tolerance)}; expected a number.")
        if not 0 < tolerance <= 1:
            raise InputError("The tolerance is a fraction of F1 over 0, such as 0.01.")
        sentences = formats.parse_gold(formats.text_lines(gold), "The gold")
        chosen = one_of(Strategy, strategy, "strategy")
        pair = _open(self.load, model)
        original, int8 = (
            pair.tagger(one).using(strategy=chosen, threshold=threshold) for one in Variant
        )
        with self.service.long.one(gone=given_up):
            scored = evaluation.evaluate(sentences, original, int8, labels=labels)
            return report_json(Report(scored, tolerance=tolerance))


def add_endpoints(load: Loader, service: Service) -> None:
    """Add the endpoints to the Blocks at hand; they share their places with the page's events."""
    endpoints = Endpoints(load, service)
    for endpoint in (endpoints.tag, endpoints.compare, endpoints.evaluate):
        add_endpoint(
            as_gradio_errors(endpoint),
            api_name=endpoint.__name__,
            concurrency_limit=None,
        )


def _open(load: Loader, model: object) -> Pair:
    if not isinstance(model, str):
        raise InputError(f"The model is {_kind(model)}; expected its name.")
    return load(find_offered(model), "CPU", _ignore)


def _check(text: object, threshold: object, labels: object, *, limit: int = MAX_CHARACTERS) -> None:
    """Gradio passes on whatever JSON it was sent, so types are checked here."""
    if not isinstance(text, str):
        raise InputError(f"The text is {_kind(text)}; expected a string.")
    if len(text) > limit:
        raise TextTooLong(len(text), limit)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise InputError(f"The threshold is {_kind(threshold)}; expected a number from 0 to 1.")
    if labels is not None and not (
        isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    ):
        raise InputError('The labels are not a list of names such as ["PER", "LOC"].')


def _kind(value: object) -> str:
    return "null" if value is None else f"of type {type(value).__name__}"


def _ignore(stage: Stage) -> None:
    """The API has nowhere to show progress."""
