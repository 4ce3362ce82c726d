from __future__ import annotations

from fakes import DictionaryTagger
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.probe import Fate, probe, rewritings
from ner.entities import Entity, Tagged


def test_each_rewriting_does_what_its_name_says() -> None:
    """A letter may become two."""
    assert {
        "lower case": "straße, the u.s. navy",
        "UPPER CASE": "STRASSE, THE U.S. NAVY",
        "no punctuation": "Straße the US Navy",
        "typos": "Starße, the U.S. Navy",
        "doubled spaces": "Straße,  the  U.S.  Navy",
    } == {one.name: one.text for one in rewritings("Straße, the U.S. Navy")}


@given(st.text(max_size=80))
def test_every_character_knows_where_it_comes_from(text: str) -> None:
    """Each written character has one origin inside the text, and origins never fall."""
    for one in rewritings(text):
        assert len(one.text) == len(one.origin)
        assert list(one.origin) == sorted(one.origin)
        assert all(0 <= at < len(text) for at in one.origin)


@given(st.data())
def test_what_is_found_on_the_same_words_is_kept(data: st.DataObject) -> None:
    """An entity marked on the very characters that stand for it counts as kept."""
    text = data.draw(st.text("abc XYZ.-", min_size=1, max_size=40).filter(lambda t: t.strip(" .-")))
    at = data.draw(st.sampled_from([i for i, char in enumerate(text) if char.isalnum()]))
    original = Tagged(text, (Entity(at, at + 1, "PER"),))
    for one in rewritings(text):
        start = one.origin.index(at)
        end = len(one.origin) - one.origin[::-1].index(at)
        found = Tagged(one.text, (Entity(start, end, "PER"),))
        assert (Fate.KEPT,) == one.fates(original, found)


def test_fates() -> None:
    """Punctuation at the edge does not matter; another label or other words do; nothing is lost."""
    text = "The U.S. and Oslo and Rome"
    original = Tagged(text, (Entity(4, 8, "LOC"), Entity(13, 17, "LOC"), Entity(22, 26, "LOC")))
    [one] = [way for way in rewritings(text) if way.name == "no punctuation"]
    found = Tagged(one.text, (Entity(4, 6, "LOC"), Entity(11, 15, "PER")))

    assert (Fate.KEPT, Fate.CHANGED, Fate.LOST) == one.fates(original, found)


def test_both_sides_are_probed_on_their_own_entities() -> None:
    """A dictionary of capitalized words loses all of them in lower case, none to punctuation."""
    left = DictionaryTagger({"Berlin": ("LOC", 0.9), "Oslo": ("LOC", 0.8)})
    right = DictionaryTagger({"Berlin": ("LOC", 0.9)})

    result = probe("Berlin, Oslo.", left, right)

    berlin, oslo = result.found.left.entities
    assert {berlin: Fate.LOST, oslo: Fate.LOST} == {e: f[0] for e, f in result.left.items()}
    assert {berlin: Fate.KEPT} == {e: f[2] for e, f in result.right.items()}
