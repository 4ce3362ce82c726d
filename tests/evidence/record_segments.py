"""Measures how a long text is best read; writes assets/results/segments.json.

PYTHONPATH=.:tests python tests/evidence/record_segments.py data

Reads only the dev sets in the folder given: conll2003 by itself, by sentences joined with a space
and by its own documents (dev.docs.txt), and wnut17, uner_ewt and btc_fixed where they are there.
Each way of reading is scored with the same weights; seconds are those of an article of 600 words
made of the project's own texts, ways in turns, beside today's windows.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from evidence.record import RESULTS, made_by, write
from ner.entities import Annotated
from ner.evaluating.documents import as_documents, group, join
from ner.evaluating.report import score_predictions
from ner.files.gold import load_gold, read_gold
from ner.models.calibration import gate_file, read_texts
from ner.models.names import find_model
from ner.models.open import open_sides
from ner.models.recipes import default_sides
from ner.tagging.model import Model
from ner.tagging.segments import Reading, Segment, windows
from ner.tagging.tagger import OpenVinoTagger

log = logging.getLogger(__name__)

WINDOWS = "windows"
SENTENCES = "sentences"
SIZES = {"conll2003": (1, 3, 5, 10, 20, 40), "wnut17": (1, 20), "uner_ewt": (1, 20)}
SIZES["btc_fixed"] = (1, 20)
WORDS = 600
DEV_SENTENCES = 3250  # of conll2003, so that its documents are sampled as its sentences are


@dataclass(frozen=True)
class Way:
    """One way of reading: in ``windows`` over everything, or in segments of ``sentences``."""

    kind: str
    reading: Reading

    @property
    def name(self) -> str:
        """What the record calls it: ``sentences 96+0``."""
        return f"{self.kind} {self.reading.length}+{self.reading.context}"


TODAY = Way(WINDOWS, Reading(510, 0))
WAYS = (
    TODAY,
    # With two special tokens each of these fills a length that batches are padded to.
    *(Way(WINDOWS, Reading(length, 0)) for length in (62, 94, 126)),
    *(Way(SENTENCES, Reading(length, 0)) for length in (46, 62, 78, 94, 126)),
    *(Way(SENTENCES, Reading(length, context)) for length in (62, 94) for context in (16, 32)),
)


class WindowsOnly(Model):
    """A model that reads each text in overlapping windows, whatever its sentences."""

    def segments(self, encoded: Any) -> list[tuple[Segment, ...]]:
        """One segment for each text."""
        lengths = [len(encoding) for encoding in encoded.encodings]
        return [
            (Segment(0, length, tuple(windows(0, length, self.reading.window))),) if length else ()
            for length in lengths
        ]


@dataclass(frozen=True)
class GoldSet:
    """A dev set, ``size`` sentences to a text; 0 for its own documents."""

    name: str
    size: int
    texts: Sequence[Annotated]

    @property
    def key(self) -> str:
        """What the record calls it: ``conll2003 20``."""
        return f"{self.name} {self.size or 'documents'}"


def tagger_of(model: Model, way: Way) -> OpenVinoTagger:
    """The same weights, read in another way."""
    kind = WindowsOnly if way.kind == WINDOWS else Model
    values = {field.name: getattr(model, field.name) for field in fields(model)}
    return OpenVinoTagger(kind(**{**values, "reading": way.reading}))


def gold_sets(data: Path, sentences: int) -> Iterator[GoldSet]:
    """Each dev set that is there by each size; ``sentences`` of each at most."""
    for name, sizes in SIZES.items():
        file = data / name / "dev.txt"
        if not file.is_file():
            continue
        gold = read_gold(file)[:sentences]
        for size in sizes:
            yield GoldSet(name, size, [join(part) for part in group(gold, size)])
    file = data / "conll2003" / "dev.docs.txt"
    if file.is_file():
        documents = as_documents(load_gold(file).documents)
        count = max(1, round(min(1.0, sentences / DEV_SENTENCES) * len(documents)))
        yield GoldSet("conll2003", 0, documents[:count])


def f1_of(tagger: OpenVinoTagger, gold: GoldSet) -> dict[str, float]:
    """Strict and exact F1, over the types that the set has."""
    labels = sorted({entity.label for text in gold.texts for entity in text.tagged.entities})
    found = tagger.tag_many([text.tagged.text for text in gold.texts])
    [scores] = score_predictions(gold.texts, found, labels=labels).sides
    return {"f1": round(scores.micro.f1, 5), "exact_f1": round(scores.exact.f1, 5)}


def seconds_of(taggers: dict[str, OpenVinoTagger], article: str, rounds: int) -> dict[str, float]:
    """The median seconds of each way for the article, ways in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in taggers}
    for turn in range(rounds + 3):
        for name, tagger in taggers.items():
            begin = perf_counter()
            tagger(article)
            if turn >= 3:  # the first ones prepare shapes
                seconds[name].append(perf_counter() - begin)
    return {name: median(values) for name, values in seconds.items()}


def measure(model: Model, sets: Sequence[GoldSet], rounds: int) -> list[Any]:
    """A row for each way: F1 by set, and seconds beside today's."""
    taggers = {way.name: tagger_of(model, way) for way in WAYS}
    rows: dict[str, Any] = {
        way.name: {"way": way.kind, **asdict(way.reading), "sets": {}} for way in WAYS
    }
    for gold in sets:
        for name, tagger in taggers.items():
            rows[name]["sets"][gold.key] = f1_of(tagger, gold)
            log.info("%s, %s: %s", gold.key, name, rows[name]["sets"][gold.key])
    texts = read_texts(gate_file(find_model("bundled")))
    article = " ".join(" ".join(texts).split()[:WORDS])
    seconds = seconds_of(taggers, article, rounds)
    for name, row in rows.items():
        row["seconds"] = round(seconds[name], 4)
        row["relative_seconds"] = round(seconds[name] / seconds[TODAY.name], 3)
        log.info("%s: %s s, %s of today's", name, row["seconds"], row["relative_seconds"])
    return list(rows.values())


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--side", choices=("left", "right"), default="left", help="left: original")
    parser.add_argument("--sentences", type=int, default=1000, help="of each set at most")
    parser.add_argument("--rounds", type=int, default=15, help="timed turns")
    asked = parser.parse_args()
    options = [f"--{name} {getattr(asked, name)}" for name in ("side", "sentences", "rounds")]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sides = open_sides(*default_sides(find_model("bundled")))
    model = sides.both[asked.side == "right"].tagger.model
    rows = measure(model, list(gold_sets(asked.data, asked.sentences)), asked.rounds)
    made = made_by(" ".join(["record_segments.py data", *options]))
    write(RESULTS / "segments.json", {"model": "bundled", "rows": rows, **made})


if __name__ == "__main__":
    main()
