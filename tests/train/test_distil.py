"""Distillation: a teacher's soft labels, from its pre-tokens to the student that learns them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import annotate_tokens
from hypothesis import given
from hypothesis import strategies as st
from tiny_language import settings_for, silent, tokenizer_of, write_texts
from transformers import MPNetConfig, MPNetForTokenClassification

from ner.errors import FileFormatError, InputError, ModelRefused
from ner.train.data import Encoder, Text, tag_names
from ner.train.distil import SoftLabels, soft_labels
from ner.train.pools import change_case
from ner.train.run import train
from ner.train.settings import Arch, Source, TrainSettings

pytestmark = pytest.mark.slow

TAGS = tag_names(("LOC", "PER"))
TEXTS = ("Ada is in Oslo", "Lima", "Boris left", "a long train")


def word_spans(text: str) -> list[tuple[int, int]]:
    """Each word, parted by blanks, as if it were a pre-token."""
    ends = [i for i, char in enumerate(text) if char == " "] + [len(text)]
    return list(zip([0, *(end + 1 for end in ends)], ends, strict=False))


def labels_of(*texts: str) -> SoftLabels:
    """Labels of each word; row i is sure of tag i mod 5."""
    spans: list[tuple[int, int]] = []
    slices = {}
    for text in texts:
        first = len(spans)
        spans += word_spans(text)
        slices[text] = (first, len(spans))
    rows = np.eye(len(TAGS), dtype=np.float16)[np.arange(len(spans)) % len(TAGS)]
    return SoftLabels(TAGS, rows, np.array(spans, np.int32), slices)


def write_labels(folder: Path, texts: Sequence[str]) -> Path:
    """The labels of each word as others may write them: compact numbers, tags in any order."""
    labels = labels_of(*texts)
    folder.mkdir(exist_ok=True)
    np.savez_compressed(
        folder / "labels.npz",
        counts=np.array([end - begin for begin, end in labels.slices.values()], np.uint16),
        spans=labels.spans.astype(np.uint16),
        rows=labels.rows[:, ::-1],
    )
    about = {
        "tags": TAGS[::-1],
        "sources": {"made up": len(texts)},
        "distinct": len(texts),
        "sha256 of the texts, joined by NUL": hashlib.sha256("\0".join(texts).encode()).hexdigest(),
    }
    (folder / "texts.json").write_text(json.dumps(about), "utf-8")
    return folder


def aligned(text: Text, labels: SoftLabels) -> list[int]:
    """What the encoder notes for each piece of ``text``, by a tokenizer that knows letters only."""
    soft = Encoder(tokenizer_of(), TAGS, labels)([text], frozenset())[0].soft
    assert soft is not None
    return soft.tolist()


# Alignment

WORD = st.text("abcdefgh", min_size=1, max_size=4)
SENTENCE = st.lists(WORD, min_size=1, max_size=4)


@given(st.lists(SENTENCE, min_size=1, max_size=3), st.sampled_from([str, str.upper]))
def test_each_piece_learns_the_row_of_its_word(
    sentences: list[list[str]], change: Callable[[str], str]
) -> None:
    """Twice the row for a word's first letter, one more for the others, -1 for [CLS] and [SEP].

    The teacher read each text once, as written; its labels hold for other cases and for texts that
    are joined. A word that it did not read has none.
    """
    originals = tuple(map(" ".join, sentences))
    words = [word for sentence in sentences for word in sentence]
    labels = labels_of(*dict.fromkeys(originals))
    # The teacher's longest input ends before the last word of the first text.
    begin, end = labels.slices[originals[0]]
    labels.slices[originals[0]] = (begin, end - 1)
    unread = {originals[0]: [None]}
    rows = [
        row for text in originals for row in (*range(*labels.slices[text]), *unread.get(text, []))
    ]
    text = change_case(Text(annotate_tokens(words, ["O"] * len(words)), originals), change)

    assert text is not None
    assert aligned(text, labels) == [
        -1,
        *(
            -1 if row is None else 2 * row + bool(at)
            for word, row in zip(words, rows, strict=True)
            for at in range(len(word))
        ),
        -1,
    ]


def test_text_that_no_teacher_was_asked_about_has_no_soft_labels() -> None:
    """Folders after the first are learnt from gold alone."""
    text = Text(annotate_tokens(["Ada"], ["B-PER"]))

    assert aligned(text, labels_of("Ada")) == [-1] * 5


def test_later_pieces_move_the_mass_of_b_to_i() -> None:
    """Every piece after an entity's first is I-: the rule of the gold labels."""
    rows = np.array([[0.1, 0.5, 0.2, 0.1, 0.1]], np.float16)
    labels = SoftLabels(TAGS, rows, np.array([[0, 3]], np.int32), {"Ada": (0, 1)})

    targets = labels.targets(np.array([0, 1, -1], np.int32))

    np.testing.assert_allclose(
        targets,
        [[0.1, 0.5, 0.2, 0.1, 0.1], [0.1, 0.0, 0.7, 0.0, 0.2], [0.0] * 5],
        atol=1e-3,
    )


# Labels on disk


def read(texts: Sequence[str], folder: Path, tags: Sequence[str] = TAGS) -> SoftLabels:
    """The labels of ``texts`` there, without a teacher."""
    return soft_labels(texts, tags, folder, None, silent)


def test_labels_of_somebody_elses_teacher_are_read(tmp_path: Path) -> None:
    """Each distinct text once, in order; the teacher's order of tags does not matter."""
    folder = write_labels(tmp_path / "labels", TEXTS)

    found, expected = read([*TEXTS, TEXTS[0]], folder), labels_of(*TEXTS)

    assert found.slices == expected.slices
    assert found.spans.tolist() == expected.spans.tolist()
    assert found.rows.tolist() == expected.rows.tolist()
    # The first folder alone, say, where unlabelled files come after it.
    assert set(read(TEXTS[:2], folder).slices) == set(TEXTS[:2])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ((*TEXTS, "One more ."), r"no labels of 'One more \.'.*asks for 5 texts.*holds 4"),
        ((*TEXTS[:2], "New one", *TEXTS[2:]), "'New one' is not the next one"),
        ((*TEXTS[:3], "a lame train"), "one of them is another"),
        (TEXTS[1:], "'Lima' is not the next one"),
        (("Ada", "Lima"), "'Ada' is not the next one"),
    ],
    ids=["one more", "one inserted", "one of the same shape", "one less", "another one"],
)
def test_a_text_without_labels_is_named(texts: Sequence[str], message: str, tmp_path: Path) -> None:
    """Nothing is learnt from the labels of another text."""
    with pytest.raises(InputError, match=message):
        read(texts, write_labels(tmp_path / "labels", TEXTS))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("texts.json", b"{}", "must hold labels.npz and texts.json"),
        ("labels.npz", b"torn", "must hold labels.npz and texts.json"),
        ("texts.json", None, r"must hold .* \(FileNotFoundError\)"),
        (None, None, r"tags B-LOC, B-PER.*data has B-LOC, I-LOC, O"),
    ],
)
def test_a_folder_that_holds_other_labels_or_none_is_refused(
    name: str | None, content: bytes | None, message: str, tmp_path: Path
) -> None:
    """With what should be there, and of other tags with both sets."""
    folder = write_labels(tmp_path / "labels", TEXTS)
    if name and content is None:
        (folder / name).unlink()
    elif name and content:
        (folder / name).write_bytes(content)

    with pytest.raises(InputError, match=message):
        read(TEXTS, folder, TAGS if name else tag_names(("LOC",)))


# The teacher


@pytest.fixture(scope="module")
def teacher(data: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that knows the tiny language."""
    out = tmp_path_factory.mktemp("teacher") / "teacher"
    train(settings_for(data, base, out), report=silent)
    return out


@pytest.fixture
def student(settings: TrainSettings, teacher: Path, tmp_path: Path) -> TrainSettings:
    """A run with the teacher and unlabelled text."""
    plain = write_texts(tmp_path / "plain.txt", 100, seed=3)
    return replace(settings, teacher=teacher, unlabelled=(Source(plain),))


@pytest.mark.parametrize("arch", list(Arch), ids=str)
def test_student_without_any_gold_reaches_its_teacher(
    arch: Arch, student: TrainSettings, tmp_path: Path
) -> None:
    """With weight 1 and wrong gold the student tags as the teacher does, not as the gold says."""
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    source = student.data[0].path
    gold = (source / "train.txt").read_text("utf-8")
    swapped = gold.replace("PER", "TMP").replace("LOC", "PER").replace("TMP", "LOC")
    (wrong / "train.txt").write_text(swapped, "utf-8")
    (wrong / "dev.txt").write_text((source / "dev.txt").read_text("utf-8"), "utf-8")

    dev = train(
        replace(student, arch=arch, data=(Source(wrong),), distil_weight=1.0, epochs=16),
        report=silent,
    )

    assert dev["wrong"]["f1"] > 0.95


def test_labels_serve_a_run_that_was_stopped_and_others(
    student: TrainSettings, tmp_path: Path
) -> None:
    """The teacher is asked once; card and record tell what was learnt, without a path."""
    first = replace(student, epochs=1, teacher_labels=tmp_path / "labels")
    seen: list[str] = []

    class StopHere(Exception):
        """Somebody ends the run."""

    def stop_in_training(progress: str) -> None:
        seen.append(progress)
        if progress.startswith("step"):
            raise StopHere

    with pytest.raises(StopHere):
        train(first, report=stop_in_training)
    assert re.fullmatch(r"teacher: (\d\d+) of \1 texts", seen[0])
    seen.clear()
    train(first, report=seen.append)
    second = replace(
        first, teacher=None, out=tmp_path / "2", seed=14, document_words=40, case_share=0.5
    )
    train(second, report=seen.append)

    assert {file.name for file in (tmp_path / "labels").iterdir()} == {"labels.npz", "texts.json"}
    assert all(progress.startswith("step") for progress in seen)
    record = (first.out / "metrics.json").read_text("utf-8")
    metrics, card = json.loads(record), (first.out / "README.md").read_text("utf-8")
    assert str(tmp_path) not in record
    assert metrics["settings"]["unlabelled"] == ["plain.txt:1"]
    assert "--teacher teacher" in card
    assert "--unlabelled data/plain.txt:1" in card
    assert re.search("teacher `teacher` \\(from .*; dev F1: letters ", card)
    assert {"letters documents", "plain lower", "plain documents", "plain documents upper"} <= {
        *json.loads((second.out / "metrics.json").read_text("utf-8"))["pools"]
    }


def test_teacher_goes_on_where_its_labels_end(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed while labelling keeps what was saved; another teacher is told apart."""
    monkeypatch.setattr("ner.train.distil._SAVED", 2)
    folder, whole = tmp_path / "labels", tmp_path / "whole"
    reports: list[str] = []

    def ask(texts: Sequence[str], where: Path) -> SoftLabels:
        return soft_labels(texts, TAGS, where, teacher, reports.append)

    ask(TEXTS[:2], folder)
    found, expected = ask(TEXTS, folder), ask(TEXTS, whole)

    done = [f"teacher: {done} of {texts} texts" for done, texts in ((2, 2), (4, 4), (2, 4), (4, 4))]
    assert reports == done
    assert found.slices == expected.slices
    np.testing.assert_allclose(found.rows, expected.rows, atol=1e-2)
    about = json.loads((folder / "texts.json").read_text("utf-8"))
    (folder / "texts.json").write_text(json.dumps({**about, "teacher": "another"}), "utf-8")
    with pytest.raises(InputError, match="another teacher"):
        ask(TEXTS, folder)


def test_teacher_of_another_architecture_labels_every_pre_token(tmp_path: Path) -> None:
    """Nothing about a teacher is BERT's own: an MPNet does as well, with its own order of tags."""
    teacher = tmp_path / "teacher"
    tokenizer = tokenizer_of(max_pieces=62)
    tokenizer.save_pretrained(teacher)
    order = ("B-PER", "I-PER", "O", "B-LOC", "I-LOC")
    model = MPNetForTokenClassification(
        MPNetConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=64,
            id2label=dict(enumerate(order)),
            label2id={tag: index for index, tag in enumerate(order)},
        )
    )
    torch.nn.init.zeros_(model.classifier.weight)
    model.classifier.bias.data = torch.tensor([9.0, 0.0, 0.0, 0.0, 0.0])  # always B-PER
    model.save_pretrained(teacher)

    labels = soft_labels(["Ada-B is", "x"], TAGS, tmp_path / "labels", teacher, silent)

    assert labels.spans.tolist() == [[0, 3], [3, 4], [4, 5], [6, 8], [0, 1]]
    assert labels.slices == {"Ada-B is": (0, 4), "x": (4, 5)}
    assert {TAGS[index] for index in labels.rows.argmax(-1)} == {"B-PER"}


# What is refused


def test_a_teacher_that_does_not_fit_is_refused(
    student: TrainSettings, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Before anything is written: other tags, with both named; no checkpoint; no text for it."""
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n", "utf-8")

    with pytest.raises(InputError, match=r"B-MISC.*the data has"):
        train(replace(student, teacher=tiny_checkpoint), report=silent)
    with pytest.raises(ModelRefused, match=r"has no config\.json"):
        train(replace(student, teacher=tmp_path), report=silent)
    with pytest.raises(FileFormatError, match="holds no text"):
        train(replace(student, unlabelled=(Source(empty),)), report=silent)
    others = write_labels(tmp_path / "others", TEXTS)
    with pytest.raises(InputError, match="is not the next one"):
        train(replace(student, teacher=None, teacher_labels=others), report=silent)

    assert not student.out.with_name(".model.training").exists()
