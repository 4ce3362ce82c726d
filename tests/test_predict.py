"""``ner.predict``: the tagger's answers as data frames, in line with the texts' index."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from fakes import DictionaryTagger

import ner
from ner import frames
from ner.entities import bio_tags
from ner.errors import InputError

TEXTS = ["Ada Lovelace met Wolfgang.", "", "Nobody", "Acme is in 🙂 Berlin"]


@pytest.fixture
def dictionary(monkeypatch: pytest.MonkeyPatch) -> Iterator[DictionaryTagger]:
    """What finds the entities, instead of a model."""
    tagger = DictionaryTagger()
    monkeypatch.setattr(frames, "load", lambda *_, **__: tagger)
    frames._loaded.cache_clear()
    yield tagger
    frames._loaded.cache_clear()


def test_a_row_for_each_entity(dictionary: DictionaryTagger) -> None:
    """With the index of the text it is in, in reading order; one text is a list of one."""
    frame = ner.predict(TEXTS)

    assert ["start", "end", "entity", "label", "score"] == list(frame.columns)
    assert [
        (0, 0, 12, "Ada Lovelace", "PER"),
        (0, 17, 25, "Wolfgang", "PER"),
        (3, 0, 4, "Acme", "ORG"),
        (3, 13, 19, "Berlin", "LOC"),
    ] == list(frame.drop(columns="score").itertuples(name=None))
    assert ["Berlin"] == ner.predict("In Berlin")["entity"].tolist()


def test_a_row_for_each_token(dictionary: DictionaryTagger) -> None:
    """The tags are BIO2 over the tokens shown."""
    frame = ner.predict(TEXTS, level="token")
    last = frame.loc[3]

    assert ["Acme", "is", "in", "🙂", "Berlin"] == last["token"].tolist()
    assert ["B-ORG", "O", "O", "O", "B-LOC"] == last["tag"].tolist()
    offsets = list(zip(last["start"], last["end"], strict=True))
    assert bio_tags(dictionary(TEXTS[3]).entities, offsets) == tuple(last["tag"])


def test_a_row_for_each_document(dictionary: DictionaryTagger) -> None:
    """Entities as in the JSON of the command line."""
    frame = ner.predict(TEXTS, level="document")

    assert [2, 0, 0, 2] == frame["count"].tolist()
    assert {"start": 13, "end": 19, "text": "Berlin", "label": "LOC", "score": 0.98} == (
        frame["entities"][3][1]
    )


@pytest.mark.parametrize("level", ["entity", "token", "document"])
def test_the_index_is_kept(dictionary: DictionaryTagger, level: str) -> None:
    """Any index with its names, so that the result joins its texts; a mask leaves gaps."""
    frame = pd.DataFrame(
        {"text": [*TEXTS, "gone"]},
        index=pd.MultiIndex.from_tuples(
            [(year, place) for year in (1, 2) for place in "abc"][:5], names=["year", "place"]
        ),
    )[lambda frame: frame["text"] != "gone"]
    found = ner.predict(frame["text"], level=level)
    joined = frame.join(found)

    assert ["year", "place"] == list(found.index.names)
    assert set(found.index) <= set(frame.index)
    assert frame.index.tolist() == joined.index.unique().tolist()


@pytest.mark.parametrize("kind", ["object", "str"])
def test_missing_values_stay_missing(dictionary: DictionaryTagger, kind: str) -> None:
    """None, NaN and NA are no texts: nothing is found in them, no row is lost."""
    series = pd.Series(["Berlin", None, float("nan"), pd.NA], dtype=kind)

    assert [0] == ner.predict(series).index.tolist()
    assert [0] == ner.predict(series, level="token").index.tolist()
    documents = ner.predict(series, level="document")
    assert [False, True, True, True] == documents["entities"].isna().tolist()
    assert [1, 0, 0, 0] == documents["count"].tolist()
    assert ["Berlin"] == dictionary.seen[-1:]


@pytest.mark.parametrize("level", ["entity", "token", "document"])
def test_no_texts_give_the_same_columns_and_types(dictionary: DictionaryTagger, level: str) -> None:
    """An empty result can be joined and concatenated like any other."""
    some, none = (ner.predict(texts, level=level) for texts in (["In Berlin"], []))

    assert some.dtypes.to_dict() == none.dtypes.to_dict()
    assert 0 == len(none)


def test_settings_are_the_taggers(dictionary: DictionaryTagger) -> None:
    """Labels and threshold narrow what is found."""
    assert ["Berlin"] == ner.predict(TEXTS, labels=["LOC"])["entity"].tolist()
    assert ["Wolfgang"] == ner.predict(TEXTS, threshold=0.985)["entity"].tolist()


@pytest.mark.parametrize(
    ("texts", "level", "message"),
    [
        (TEXTS, "word", "no level 'word'. Choose one of entity, token, document"),
        (pd.DataFrame({"a": ["x"]}), "entity", "Give one of its columns: 'a'"),
        (5, "entity", "Expected texts, got int"),
        (pd.Series(["a", 5], index=["x", "y"]), "entity", "Row 'y': expected a text, got int"),
    ],
)
def test_what_is_no_text_is_refused(
    dictionary: DictionaryTagger, texts: object, level: str, message: str
) -> None:
    """With what was given and what to do."""
    with pytest.raises(InputError, match=message):
        ner.predict(texts, level=level)


def test_former_names_are_taken(dictionary: DictionaryTagger) -> None:
    """With a warning that says how they are called now."""
    with pytest.warns(DeprecationWarning, match="variant= is now called recipe="):
        assert ["Berlin"] == ner.predict("In Berlin", variant="int8")["entity"].tolist()
    with pytest.warns(DeprecationWarning, match="strategy= is now called aggregation="):
        ner.predict("In Berlin", strategy="max")
