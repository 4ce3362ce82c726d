"""The loop: a trained model's results are corrected by hand, and the model learns from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_language import base, data, one_thread, settings, silent  # noqa: F401

from ner.entities import Entity, Tagged
from ner.evaluating.report import score_predictions
from ner.files.conll import conll_lines
from ner.files.gold import read_gold
from ner.models.names import find_model
from ner.models.open import open_sides
from ner.models.recipes import default_sides
from ner.train.run import train
from ner.train.settings import Source, TrainSettings
from ner.ui.edit import written

# Words that the tiny language does not have.
FIRMS = ("Vexo", "Quibb", "Heron", "Newt")
FRAMES = (
    "Ada joined {firm} .",
    "Yesterday {firm} left Oslo .",
    "Nobody at {firm} knows Boris .",
    "The train of {firm} was late .",
    "In Lima {firm} lives by train .",
)
TEXT = "\n".join(frame.format(firm=firm) for _ in range(2) for frame in FRAMES for firm in FIRMS)


def corrected(text: str, entities: tuple[Entity, ...]) -> Tagged:
    """What a person makes of a result: every firm is marked, whatever was found there."""
    firms = [
        Entity(at, at + len(firm), "ORG")
        for firm in FIRMS
        for at in range(len(text))
        if text.startswith(firm, at)
    ]
    others = [
        one
        for one in entities
        if all(one.end <= firm.start or firm.end <= one.start for firm in firms)
    ]
    return Tagged(text, tuple(sorted([*others, *firms], key=lambda one: one.start)))


@pytest.mark.full
def test_forty_corrected_sentences_change_what_the_retrained_model_finds(
    settings: TrainSettings,  # noqa: F811 - a fixture
    data: Path,  # noqa: F811 - a fixture
    tmp_path: Path,
    ner_home: Path,
) -> None:
    """From training to correcting, exporting, training again and comparing."""
    train(settings, report=silent)
    first = open_sides(*default_sides(find_model(str(settings.out))))
    found = first.left.tagger(TEXT)
    assert "ORG" not in first.labels
    assert found.entities, "the corrections start from what the model found"

    right = corrected(found.text, found.entities)
    spans = [{"start": e.start, "end": e.end, "label": e.label} for e in right.entities]
    export = tmp_path / "corrections.conll"
    export.write_text(
        written(json.dumps({"text": right.text, "entities": spans}), "conll", limit=10_000), "utf-8"
    )
    assert 40 == len(read_gold(export))

    folder = tmp_path / "with-corrections"
    folder.mkdir()
    both = [*read_gold(data / "train.txt"), *read_gold(export)]
    (folder / "train.txt").write_text("\n".join(conll_lines(both)) + "\n", "utf-8")
    (folder / "dev.txt").write_text((data / "dev.txt").read_text("utf-8"), "utf-8")
    again = replace(settings, data=(Source(folder),), out=tmp_path / "retrained")
    train(again, report=silent)
    second = open_sides(*default_sides(find_model(str(again.out))))

    gold = read_gold(export)
    texts = [sentence.tagged.text for sentence in gold]
    scored = score_predictions(
        gold, first.left.tagger.tag_many(texts), second.left.tagger.tag_many(texts)
    )
    before, after = scored.sides
    assert 0 == before.strict["ORG"].tp
    assert after.strict["ORG"].recall > 0.3
    assert scored.difference().value > 0.2
