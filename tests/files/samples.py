"""What the tests of files share: texts with entities, files, and a tagger that breaks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakes import DictionaryTagger
from hypothesis import strategies as st

from ner import schema
from ner.comparing.origin import Origin
from ner.entities import Annotated, Entity, Tagged, Tagger
from ner.files import batch
from ner.files.batch import Step
from ner.files.csv_records import BadRow
from ner.files.read import Row, inspect
from ner.tagging.choice import Choice

PER, LOC = (0, 3, "PER"), (14, 20, "LOC")
BERLIN = Tagged("Ada met Bo in Berlin", (Entity(*PER), Entity(*LOC)))
# Characters that have been trouble somewhere: separators, marks, astral planes, syntax.
TROUBLE = "aZ9_ \t\n\r\u2028\u00a0\u200d\u0301\u093f\U0001f469\U0001f3fd#[]()\\{}\"'.-\u05d0"


@st.composite
def tagged_texts(draw: st.DrawFn, alphabet: str = TROUBLE) -> Tagged:
    """Any text with any entities that begin and end in something visible."""
    text = draw(st.text(st.sampled_from(alphabet), max_size=20))
    visible = [i for i, char in enumerate(text) if char.isprintable() and not char.isspace()]
    borders = draw(st.lists(st.sampled_from(visible), unique=True)) if visible else []
    borders = sorted(borders)[: len(borders) // 2 * 2]
    return Tagged(
        text,
        tuple(
            Entity(start, last + 1, draw(st.sampled_from(["PER", "LOC-x"])))
            for start, last in zip(borders[::2], borders[1::2], strict=True)
        ),
    )


def spelled(gold: Annotated) -> list[tuple[str, str]]:
    return [(gold.tagged.spelled(entity), entity.label) for entity in gold.tagged.entities]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content, its line ends as they stand."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def problems(file: Path) -> dict[int, str]:
    """The lines of the bad rows, and what is said of them."""
    return {row.line: row.problem for row in inspect(file).rows() if isinstance(row, BadRow)}


def good(file: Path) -> dict[int, str]:
    """The texts that were read, by the lines where they begin."""
    return {row.line: row.text for row in inspect(file).rows() if isinstance(row, Row)}


PROVENANCE = schema.provenance_json([Origin("Dictionary", "a dictionary")], Choice())
ENDINGS = ("jsonl", "csv", "conll", "txt", "html")
LINES = [
    "Ada Lovelace met Wolfgang in London.",
    "",
    "Acme opened in Berlin and Paris",
    "nothing here",
]


class Breaking:
    """A tagger that finds what the dictionary has, and breaks at the n-th call."""

    labels = DictionaryTagger().labels

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.seen: list[int] = []

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        if len(self.seen) == self.calls:
            raise KeyboardInterrupt
        self.seen.append(len(texts))
        return DictionaryTagger().tag_many(texts)


def a_file(folder: Path, name: str = "in.txt", lines: Sequence[str] = LINES) -> Path:
    file = folder / name
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return file


def tag(
    file: Path, out: Path, *taggers: Tagger, keep: Sequence[str] = (), **settings: object
) -> Step:
    """The last step of a run over ``file``."""
    source = inspect(file).choose(None, keep)
    given = {"provenance": PROVENANCE, **settings}
    steps = batch.run(source, taggers or [DictionaryTagger()], out, **given)
    *_, last = steps
    return last
