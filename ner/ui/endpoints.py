"""The endpoints ``tag``, ``compare`` and ``evaluate``: the command line's JSON over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradio.events import api as add_endpoint

from ner import schema
from ner.errors import InputError
from ner.evaluating.report import report_sides
from ner.files.gold import parse_gold
from ner.files.marked import Reading
from ner.io import split_lines
from ner.models.names import resolve_sides
from ner.models.open import Sides
from ner.serving.bounds import Bounds, timing_budget
from ner.serving.gradio_private import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice, kind
from ner.tagging.tagger import clean
from ner.tags import parse_map
from ner.ui.jobs import Loader, as_gradio_errors
from ner.verdict import MAX_LOSS, check_max_loss


@dataclass(frozen=True)
class Endpoints:
    """What clients can call; Gradio takes names, types and descriptions from these methods."""

    load: Loader
    service: Service

    def tag(
        self,
        text: str | list[str],
        model: str = "bundled",
        recipe: str = "int8",
        aggregation: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
        reading: str | int = "segments",
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """Find the named entities of a text, or of several, with a model, made by a recipe.

        Gives the text and its entities with label, score and half-open offsets in code points, and
        where they come from; for a list a list of that, in its order.

        Args:
            text: Up to 20,000 characters; or a list of up to 100 texts that have so many together.
            model: Its name, as on the page: bundled, or one of the catalogue.
            recipe: original, bf16, int8-weights, int8, int8-small, int8-careful or int4.
            aggregation: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.
            reading: How long texts are read: segments, whole, or a number of word pieces.

        """
        texts = parse_texts(text, self.service.bounds)
        choice = parse_choice(aggregation, threshold, labels, reading)
        name = f"{model}#{recipe}"
        side = _open(self.load, name, name).left
        tagger = side.tagger.using(choice)
        with self.service.short.slot(disconnected=client_disconnected):
            found = tagger.tag_many(texts)
        provenance = schema.provenance_json([side.origin], choice)
        answers = [{**schema.tagged_json(each), "provenance": provenance} for each in found]
        return answers if isinstance(text, list) else answers[0]

    def compare(
        self,
        text: str,
        left: str = "bundled#original",
        right: str = "bundled#int8",
        aggregation: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
        reading: str | int = "segments",
    ) -> dict[str, Any]:
        """Find the named entities of a text with two sides, by default a model and its INT8.

        Gives both, their differences, the share of identical entities, and both timings. While
        others wait, fewer runs are timed, and none of a long text: the timing is null then.

        Args:
            text: Up to 20,000 characters.
            left: Side A, a model#recipe as on the page; either half may be left out.
            right: Side B, written like side A.
            aggregation: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.
            reading: How long texts are read: segments, whole, or a number of word pieces.

        """
        clean(text, self.service.bounds.text_characters)
        choice = parse_choice(aggregation, threshold, labels, reading)
        sides = _open(self.load, left, right)
        # Raises, and says why, where the right side is not served.
        origins = [side.origin for side in sides.both]
        places = self.service.short
        with places.slot(disconnected=client_disconnected):
            # Asked here, since who waits now decides.
            budget = timing_budget(len(text), places.queued)
            comparison = sides.compare(text, choice, budget_ms=budget)
        assert comparison.agreement is not None  # noqa: S101 - both are served
        answer = schema.agreement_json(comparison.agreement, origins, comparison.timing)
        return {**answer, "provenance": schema.provenance_json(origins, choice)}

    def evaluate(
        self,
        gold: str,
        left: str = "bundled#original",
        right: str = "bundled#int8",
        aggregation: str = "first",
        threshold: float = 0.0,
        labels: list[str] | None = None,
        max_loss: float = MAX_LOSS,
        map: str | None = None,
        reading: str | int = "segments",
    ) -> dict[str, Any]:
        """Score two sides against gold, and tell whether the right one will do.

        Gives precision, recall and F1 (fractions) overall and per type, intervals, the errors that
        the right side adds and removes, and a verdict.

        Args:
            gold: CoNLL columns, JSON lines with spans, or bracketed text; up to 600,000 characters.
            left: Side A, a model#recipe as on the page; either half may be left out.
            right: Side B, written like side A.
            aggregation: How word pieces become one entity: first, average, max, simple or none.
            threshold: Entities that score lower are dropped; from 0 to 1.
            labels: The labels to keep; null keeps all.
            max_loss: The points of F1 that the right side may lose.
            map: Other names for gold's labels, such as GPE=LOC,DATE= where DATE is left out.
            reading: How long texts are read: segments, whole, or a number of word pieces.

        """
        clean(gold, self.service.bounds.gold_characters)
        choice = parse_choice(aggregation, threshold, labels, reading)
        if isinstance(max_loss, bool) or not isinstance(max_loss, int | float):
            raise InputError(f"max_loss is {kind(max_loss)}; expected a number.")
        check_max_loss(max_loss)
        if map is not None and not isinstance(map, str):
            raise InputError(f"The map is {kind(map)}; expected text such as GPE=LOC,DATE=.")
        sentences = parse_gold(split_lines(gold), "The gold", Reading(names=parse_map(map)))
        sides = _open(self.load, left, right)
        with self.service.long.slot(disconnected=client_disconnected):
            return report_sides(sides.all, sentences, choice, max_loss=max_loss).json()


def add_endpoints(load: Loader, service: Service) -> None:
    """Add the endpoints to the Blocks at hand; they share their slots with the page's events."""
    endpoints = Endpoints(load, service)
    for endpoint in (endpoints.tag, endpoints.compare, endpoints.evaluate):
        add_endpoint(
            as_gradio_errors(endpoint),
            api_name=endpoint.__name__,
            concurrency_limit=None,
        )


def _open(load: Loader, left: str, right: str) -> Sides:
    # The API has nowhere to show progress.
    return load(*resolve_sides(left, right, visitor=True), "CPU", lambda stage: None)


def parse_texts(given: str | list[str], bounds: Bounds) -> list[str]:
    """One text or a list of them; a list may be as long, all together, as one text."""
    texts = given if isinstance(given, list) else [given]
    if len(texts) > bounds.texts:
        raise InputError(
            f"There are {len(texts):,} texts; at most {bounds.texts} are taken in one call."
        )
    # Gradio passes on whatever JSON it was sent, so types are checked too.
    for text in texts:
        clean(text, bounds.text_characters)
    together = sum(map(len, texts))
    if together > bounds.text_characters:
        raise InputError(
            f"The texts have {together:,} characters together; at most "
            f"{bounds.text_characters:,} are taken in one call."
        )
    return texts


def parse_choice(aggregation: str, threshold: float, labels: object, reading: str | int) -> Choice:
    """The endpoints take labels as a list alone: a string of names is for people."""
    if labels is not None and not isinstance(labels, list):
        raise InputError('The labels are not a list of names such as ["PER", "LOC"].')
    return Choice.parse(aggregation, threshold, labels, reading)
