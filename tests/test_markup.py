"""What is shown is the text and nothing else, in colours that can be read."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Entity, Explained, Tagged
from ner.markup import colour_classes, marked_text, notice, render, visible

HOSTILE = "<img src=x onerror=alert(1)>&\"'</span><script>alert(2)</script>"


class _Reader(HTMLParser):
    """Collects a fragment's text, and its tags with their attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> _Reader:
    reader = _Reader()
    # As plain text: what is added to Markup is escaped.
    reader.feed(str(markup))
    reader.close()
    return reader


@st.composite
def explained(draw: st.DrawFn) -> Explained:
    """A text with entities in any arrangement that is allowed, and seams anywhere inside."""
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    entities = [Entity(a, b, draw(st.sampled_from(["PER", "<b>"])), 0.5) for a, b in spans]
    seams = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=4)))
    return Explained(Tagged(text, tuple(entities)), (), tuple(s for s in seams if s < len(text)))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_reads_as_the_text(text: str) -> None:
    """What a browser makes of the markup is the text again, NUL apart, which HTML can't hold.

    The only elements are those that name a control character.
    """
    reader = read(visible(text))

    assert text.replace("\0", "") == reader.text
    assert {"bdi"} >= {tag for tag, _ in reader.tags}


def test_bidirectional_controls_are_named_and_isolated() -> None:
    """A right-to-left override is written out, inside an element that isolates it."""
    assert 'a<bdi class="control" data-name="RLO">\u202e</bdi>b' == visible("a\u202eb")


@given(explained())
def test_marked_text_reads_as_the_text(result: Explained) -> None:
    """Marks, labels and seams add nothing to the text that is copied, and lose none of it.

    Entities are marked once, numbered in order, and so are seams.
    """
    reader = read(marked_text(result, colour_classes(["PER", "<b>"])))
    marks = [attributes for _, attributes in reader.tags if "data-i" in attributes]
    seams = [attributes for _, attributes in reader.tags if attributes.get("class") == "seam"]

    assert result.tagged.text.replace("\0", "") == reader.text
    assert [str(i) for i in range(len(result.tagged.entities))] == [m["data-i"] for m in marks]
    assert [e.label for e in result.tagged.entities] == [m["data-l"] for m in marks]
    assert len(result.seams) == len(seams)


def test_hostile_text_and_labels_stay_text() -> None:
    """Markup in a text or in a model's label makes no element and no attribute."""
    result = Explained(Tagged(HOSTILE, (Entity(0, len(HOSTILE), HOSTILE, 1.0),)), ())

    reader = read(marked_text(result, colour_classes([HOSTILE])))

    assert ["span"] == [tag for tag, _ in reader.tags]
    assert {"class", "data-i", "data-l"} == set(reader.tags[0][1])
    assert ["p"] == [tag for tag, _ in read(notice(HOSTILE)).tags]


def test_a_label_has_one_colour_in_every_model() -> None:
    """Known labels keep their colours whatever else a model has; unknown ones differ from them."""
    first = colour_classes(["PER", "ORG", "LOC", "MISC"])
    second = colour_classes(["Event", "LOC", "PER", "Work"])

    assert first["PER"] == second["PER"]
    assert first["LOC"] == second["LOC"]
    assert 4 == len(set(second.values()))
    # Of more labels than colours each has one that the stylesheet knows.
    many = colour_classes([f"L{number}" for number in range(50)])
    assert set(many.values()) <= {f"c{place}" for place in range(10)}


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


TABLE = render("ner", "colours.css")
COLOURS = re.findall(
    r"^(\.dark)? ?\.c(\d+) { --back: (#\w{6}); --front: (#\w{6}); }", TABLE, flags=re.M
)


def test_every_class_has_a_colour_in_both_themes() -> None:
    """Ten, the light ones first."""
    assert [(theme, f"{place}") for theme in ("", ".dark") for place in range(10)] == [
        (theme, place) for theme, place, *_ in COLOURS
    ]


@pytest.mark.parametrize(("theme", "place", "back", "front"), COLOURS)
def test_every_colour_is_readable(theme: str, place: str, back: str, front: str) -> None:
    """Labels and text have a contrast of at least 4.5 : 1 on every colour, in both themes."""
    [ink] = re.findall(
        rf"^{theme or ':root'} {{ --ink: (#\w+);", render("ner", "colours.css"), re.M
    )

    assert contrast(front, back) >= 4.5
    assert contrast(ink, back) >= 4.5
