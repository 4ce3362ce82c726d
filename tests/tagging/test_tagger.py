"""The tagger against transformers' pipeline and PyTorch, and on hard texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ner.errors import InputError, ModelRefused, TextTooLong
from ner.models.calibration import project_texts
from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import Prepared
from ner.models.open import Side, Sides
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation
from ner.tagging.model import Model

HARD_TEXTS = {
    "empty": "",
    "spaces": " \t\n ",
    "zero width": "\u200b\u200d\ufeff",
    "nul and escape": "Ada\x00 Lovelace\x1b[31m in \x07London",
    "lone surrogate": "Ada \ud800 Lovelace in London",
    "emoji": "👩‍👧 met 🇩🇪 Müller 👍🏽 in Köln",
    "combining": "Zoe\u0301 visited Malmo\u0308 and Quito!\u0301",
    "right to left": "دانا تعيش في \u202eBerlin\u202c",
    "crlf": "Ada\r\nLovelace\r\nLondon",
    "markup": "<script>alert('Ada')</script>",
    "special tokens": "[CLS] Ada [SEP] [MASK]",
    "one long word": "a" * 5000,
}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """The project's own calibration and gate texts: several hundred of varied kind."""
    return [*project_texts("general", "calibration"), *project_texts("general", "gate")]


def pipeline_on(folder: Path, **options: Any) -> Any:
    """Transformers' pipeline around the very IR that the tagger runs, loaded by Optimum."""
    from optimum.intel import OVModelForTokenClassification
    from transformers import AutoTokenizer, pipeline

    model = OVModelForTokenClassification.from_pretrained(
        folder, ov_config={"INFERENCE_PRECISION_HINT": "f32"}
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return pipeline("token-classification", model=model, tokenizer=tokenizer, **options)


def assert_equals_pipeline(
    side: Side, folder: Path, texts: Sequence[str], aggregation: Aggregation
) -> None:
    """Spans, labels and scores of ``texts`` are the pipeline's, scores within 1e-3."""
    pipeline = pipeline_on(folder, aggregation_strategy=aggregation.value)
    label = "entity" if aggregation is Aggregation.NONE else "entity_group"
    tagger = side.tagger.using(Choice.parse(aggregation, reading="whole"))
    for text, theirs in zip(texts, pipeline(list(texts)), strict=True):
        ours = tagger(text).entities
        expected = [
            (one["start"], one["end"], one[label].removeprefix("B-").removeprefix("I-"))
            for one in theirs
        ]
        assert expected == [(one.start, one.end, one.label) for one in ours], text
        assert [float(one["score"]) for one in theirs] == pytest.approx(
            [one.score for one in ours], abs=1e-3
        )


@pytest.mark.parametrize("aggregation", list(Aggregation), ids=str)
def test_tagging_equals_the_pipelines(
    tiny_sides: Sides, tiny_original: Prepared, texts: list[str], aggregation: Aggregation
) -> None:
    """A random model's predictions jump from piece to piece, which tries every rule."""
    fitting = [text for text in texts if len(tiny_sides.left.tagger.explain(text).pieces) <= 126]

    assert len(fitting) > 200
    assert_equals_pipeline(tiny_sides.left, tiny_original.folder, fitting, aggregation)


def test_the_bundled_model_tags_as_in_the_pipeline(bundled_sides: Sides, texts: list[str]) -> None:
    """The same for the model that ships, on the project's texts and on paragraphs of them."""
    paragraphs = ["\n\n".join(texts[begin : begin + 4]) for begin in range(0, 40, 4)]
    left = bundled_sides.left
    folder = ensure_prepared(left.variant).folder
    assert_equals_pipeline(left, folder, [*texts, *paragraphs], Choice().aggregation)


def test_a_normalized_letter_does_not_split_a_word(tiny_sides: Sides) -> None:
    """The pipeline takes a piece whose length changed for a later piece of the word before it.

    So 'a <zero width space>b' is two words here, and one in the pipeline.
    """
    text = "Berlin \u200bb"
    pieces = tiny_sides.left.tagger.explain(text).pieces

    assert [0, 1] == [piece.word for piece in pieces]


def test_logits_equal_pytorchs(tiny_sides: Sides, tiny_spec: ModelSpec) -> None:
    """The original is the checkpoint: probabilities within 1e-4 of PyTorch in float32."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    text = "My name is Wolfgang and I live in Berlin."
    tokenizer = AutoTokenizer.from_pretrained(tiny_spec.folder)
    network = AutoModelForTokenClassification.from_pretrained(tiny_spec.folder, dtype=torch.float32)
    with torch.no_grad():
        logits = network(**tokenizer(text, return_tensors="pt")).logits[0, 1:-1]
    expected = torch.softmax(logits, dim=-1).numpy()

    model = tiny_sides.left.tagger.model
    found, seams = model.probabilities(model.encode([text]))

    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert () == seams


@pytest.mark.parametrize("name", HARD_TEXTS)
@pytest.mark.parametrize("aggregation", list(Aggregation), ids=str)
def test_hard_texts_are_answered(tiny_sides: Sides, name: str, aggregation: Aggregation) -> None:
    """Any text is tagged, keeps its length, and its entities lie in it (Tagged checks that)."""
    text = HARD_TEXTS[name]

    for side in tiny_sides.all:
        tagged = side.tagger.using(Choice(aggregation))(text)
        assert len(text) == len(tagged.text)


def test_a_lone_surrogate_becomes_the_replacement_character(tiny_sides: Sides) -> None:
    """One for one, so offsets stay."""
    assert "a\ufffdb" == tiny_sides.left.tagger("a\ud800b").text


@pytest.mark.parametrize("name", ["empty", "spaces", "zero width"])
def test_text_without_words_has_no_entities(tiny_sides: Sides, name: str) -> None:
    """The model is not asked about nothing."""
    explained = tiny_sides.left.tagger.explain(HARD_TEXTS[name])

    assert () == explained.pieces == explained.tagged.entities


def test_combining_marks_stay_with_their_letters(tiny_sides: Sides) -> None:
    """No entity begins with a mark or ends before one."""
    import unicodedata

    for aggregation in (Aggregation.FIRST, Aggregation.AVERAGE, Aggregation.MAX):
        tagged = tiny_sides.left.tagger.using(Choice(aggregation))(HARD_TEXTS["combining"] * 20)
        for entity in tagged.entities:
            assert unicodedata.category(tagged.text[entity.start])[0] != "M"
            assert tagged.text[entity.end : entity.end + 1] not in ("\u0301", "\u0308")


def test_line_ends_do_not_change_the_entities(tiny_sides: Sides) -> None:
    """CRLF and LF give the same entities, each with offsets into its own text."""
    text = "Wolfgang met Ada\nin Berlin\nand London."
    spelled = [
        [(tagged.spelled(one), one.label) for one in tagged.entities]
        for tagged in (
            tiny_sides.left.tagger(text),
            tiny_sides.left.tagger(text.replace("\n", "\r\n")),
        )
    ]

    assert spelled[0]
    assert spelled[0] == [(word.replace("\r\n", "\n"), label) for word, label in spelled[1]]


def test_many_texts_give_what_each_gives_alone(tiny_sides: Sides, texts: list[str]) -> None:
    """Batches change nothing, and results come in the order given, duplicates and blanks too."""
    mixed = ["", *texts[:150], texts[0], "  "]
    assert [] == tiny_sides.left.tagger.tag_many([])
    assert [tiny_sides.left.tagger(text).text for text in mixed] == mixed
    for together, text in zip(tiny_sides.left.tagger.tag_many(mixed), mixed, strict=True):
        alone = tiny_sides.left.tagger(text)
        assert [(e.start, e.end, e.label) for e in alone.entities] == [
            (e.start, e.end, e.label) for e in together.entities
        ]
        assert [e.score for e in alone.entities] == pytest.approx(
            [e.score for e in together.entities], abs=1e-4
        )


def test_long_text_is_tagged_whole(tiny_sides: Sides) -> None:
    """Ten windows' worth: every piece is covered once, and entities are found to the end."""
    sentence = "My name is Wolfgang and I live in Berlin. "
    text = sentence * 120
    explained = tiny_sides.left.tagger.explain(text)

    spelled = [text[piece.start : piece.end] for piece in explained.pieces]
    assert "".join(spelled) == text.replace(" ", "")
    assert len(explained.seams) > 5
    assert explained.tagged.entities[-1].end > len(text) - len(sentence)


def test_no_entity_crosses_a_seam_where_windows_allow(
    bundled_sides: Sides, texts: list[str]
) -> None:
    """Segments meet between sentences and windows outside entities: each appears once and whole."""
    explained = bundled_sides.left.tagger.explain(" ".join(texts))

    assert len(explained.seams) > 10
    for seam in explained.seams:
        assert not any(one.start < seam < one.end for one in explained.tagged.entities)


def test_text_over_the_limit_is_refused_before_tokenizing(tiny_sides: Sides) -> None:
    """The message names the limit."""
    with pytest.raises(TextTooLong, match=r"1,000,001 characters; at most 1,000,000"):
        tiny_sides.left.tagger("x" * 1_000_001)


def test_anything_but_text_is_refused(tiny_sides: Sides) -> None:
    """A number is told apart from a text."""
    with pytest.raises(InputError, match="Expected a text, got int"):
        tiny_sides.left.tagger.tag_many([7])  # type: ignore[list-item]


def test_labels_and_threshold_filter(tiny_sides: Sides, texts: list[str]) -> None:
    """Only the labels asked for, at or over the threshold."""
    tagger = tiny_sides.left.tagger
    choosy = tagger.using(Choice(labels=("PER",), threshold=0.5))
    everything, kept = (one(texts[0] * 3).entities for one in (tagger, choosy))

    assert choosy.model is tagger.model
    assert kept == tuple(one for one in everything if one.label == "PER" and one.score >= 0.5)
    with pytest.raises(InputError, match="no label DRUG"):
        tagger.using(Choice(labels=("DRUG",)))


def test_pieces_say_tag_score_and_margin(tiny_sides: Sides) -> None:
    """The token view has one row for each word piece, in order."""
    explained = tiny_sides.left.tagger.explain("Wolfgang lives")

    assert ["Wolfgang", "live", "##s"] == [piece.text for piece in explained.pieces]
    assert [0, 1, 1] == [piece.word for piece in explained.pieces]
    for piece in explained.pieces:
        assert 0 <= piece.margin <= piece.score <= 1


def test_threads_get_their_own_right_answers(tiny_sides: Sides, texts: list[str]) -> None:
    """Sixteen threads on one model, files and single texts mixed, give the serial answers."""
    jobs = [
        (tiny_sides.left.tagger.using(Choice(aggregation)), text)
        for text in texts[:60]
        for aggregation in (Aggregation.FIRST, Aggregation.MAX)
    ]
    serial = [tagger(text) for tagger, text in jobs]
    file = tiny_sides.left.tagger.tag_many(texts)

    with ThreadPoolExecutor(16) as pool:
        files = pool.map(tiny_sides.left.tagger.tag_many, [texts] * 3)
        parallel = list(pool.map(lambda job: job[0](job[1]), jobs * 3))

    assert serial * 3 == parallel
    assert [file] * 3 == list(files)


def test_a_folder_without_a_model_is_refused(tmp_path: Any) -> None:
    """What is missing is named."""
    with pytest.raises(ModelRefused, match=r"There is no .*config\.json"):
        Model.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux tells, others do not")
def test_no_thread_is_bound_to_a_core(tiny_sides: Sides, texts: list[str]) -> None:
    """Else the workers of one machine, a thread each, would all be bound to the same core."""
    with ThreadPoolExecutor() as pool:
        tagging = pool.submit(tiny_sides.left.tagger.tag_many, texts)
        bound = set()
        while not tagging.done():
            for thread in Path("/proc/self/task").iterdir():
                with suppress(OSError):  # it has ended since
                    bound.add(frozenset(os.sched_getaffinity(int(thread.name))))
    assert bound == {frozenset(os.sched_getaffinity(0))}
