"""Distillation: a teacher's soft labels, from its pre-tokens to the student that learns them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_language import write_base, write_split, write_texts
from torch import nn
from transformers import MPNetConfig, MPNetForTokenClassification

from ner.errors import FileFormatError, InputError, ModelRefused
from ner.files.conll import annotate_tokens
from ner.train.card import card
from ner.train.data import IGNORED, Encoder, Text, tag_names
from ner.train.distil import NO_LABEL, SoftLabels, label
from ner.train.metrics import distilled_loss, masked_loss
from ner.train.pools import change_case, chunk_documents
from ner.train.run import train
from ner.train.settings import Arch, DataSource, TextSource, TrainProgress, TrainSettings
from ner.train.vocabulary import SPECIAL_PIECES, to_pretrained, wordpiece

TAGS = tag_names(("LOC", "PER"))
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-"


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tiny products gain nothing from a second thread, and lose much on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def soft_labels(*texts: str) -> SoftLabels:
    """Labels as if each word (parted by spaces) were a pre-token; row i is sure of tag i mod 5."""
    spans: list[tuple[int, int]] = []
    slices = {}
    for text in texts:
        first = len(spans)
        position = 0
        for word in text.split(" "):
            spans.append((position, position + len(word)))
            position += len(word) + 1
        slices[text] = (first, len(spans))
    rows = np.eye(len(TAGS), dtype=np.float16)[np.arange(len(spans)) % len(TAGS)]
    return SoftLabels(TAGS, rows, np.array(spans, np.int32), slices)


def letters_only() -> Encoder:
    """An encoder that knows letters alone, so that each word has several pieces."""
    pieces = [*SPECIAL_PIECES, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    return Encoder(to_pretrained(wordpiece(pieces), max_pieces=64), TAGS)


def aligned(text: Text, labels: SoftLabels) -> list[int]:
    """What the encoder notes for each piece of ``text``."""
    soft = letters_only().encode([text], frozenset(), labels)[0].soft
    assert soft is not None
    return soft.tolist()


# Alignment


def test_first_and_later_pieces_of_a_pre_token_learn_the_same_row() -> None:
    """Twice the row for a word's first piece, one more for the others, nothing for [CLS], [SEP]."""
    text = Text(annotate_tokens(["Ada", "is"], ["B-PER", "O"]), ("Ada is",))

    assert aligned(text, soft_labels("Ada is")) == [NO_LABEL, 0, 1, 1, 2, 3, NO_LABEL]


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_labels_stay_with_their_words_in_another_case(change: object) -> None:
    """The teacher read the text as written; its labels hold for the other case too."""
    sentence = annotate_tokens(["Ada", "is"], ["B-PER", "O"])
    changed = change_case(sentence, change)  # type: ignore[arg-type]
    assert changed is not None

    labels = soft_labels("Ada is")

    assert aligned(Text(changed, ("Ada is",)), labels) == aligned(
        Text(sentence, ("Ada is",)), labels
    )


def test_labels_of_joined_texts_stand_behind_one_another() -> None:
    """A chunk needs no reading of its own: its labels are those of its sentences, in its order."""
    first, second = (annotate_tokens(text.split(), ["O", "O"]) for text in ("a b", "cd e"))
    chunk = chunk_documents([[Text(second, ("cd e",)), Text(first, ("a b",))]], 12, seed=0)[0]

    assert chunk.sentence.tagged.text == "cd e a b"
    assert aligned(chunk, soft_labels("a b", "cd e")) == [
        NO_LABEL, 4, 5, 6, 0, 2, NO_LABEL,
    ]  # fmt: skip


def test_piece_beyond_what_the_teacher_read_has_no_label() -> None:
    """A teacher with a shorter longest input says nothing of the end of a long text."""
    labels = soft_labels("Ada")
    longer = replace(labels, slices={"Ada is": labels.slices["Ada"]})
    text = Text(annotate_tokens(["Ada", "is"], ["O", "O"]), ("Ada is",))

    assert aligned(text, longer) == [NO_LABEL, 0, 1, 1, NO_LABEL, NO_LABEL, NO_LABEL]


def test_text_that_no_teacher_was_asked_about_has_no_soft_labels() -> None:
    """Folders after the first, and sentences with other names, are learnt from gold alone."""
    text = Text(annotate_tokens(["Ada"], ["B-PER"]))

    assert letters_only().encode([text], frozenset({"PER"}), soft_labels("Ada"))[0].soft is None


def test_later_pieces_move_the_mass_of_b_to_i() -> None:
    """Every piece after an entity's first is I-: the rule of the gold labels."""
    rows = np.array([[0.1, 0.5, 0.2, 0.1, 0.1]], np.float16)
    labels = SoftLabels(TAGS, rows, np.array([[0, 3]], np.int32), {"Ada": (0, 1)})

    targets = labels.targets(np.array([0, 1, NO_LABEL], np.int32))

    np.testing.assert_allclose(
        targets,
        [[0.1, 0.5, 0.2, 0.1, 0.1], [0.1, 0.0, 0.7, 0.0, 0.2], [0.0] * 5],
        atol=1e-3,
    )


# Loss


def test_loss_without_soft_labels_is_the_masked_loss() -> None:
    """Batches of gold alone are learnt as they are without a teacher."""
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 4, 5), torch.tensor([[0, 1, IGNORED, 4], [2, 2, 0, IGNORED]])
    allowed = torch.tensor([[True] * 5, [True, True, True, False, False]])
    allowed[0, 4] = True

    mixed = distilled_loss(logits, labels, allowed, torch.zeros(2, 4, 5), 0.5)

    torch.testing.assert_close(mixed, masked_loss(logits, labels, allowed))


def test_loss_mixes_gold_and_teacher_where_both_speak() -> None:
    """(1 - w) gold + w teacher on a piece with both, all of the one that speaks elsewhere."""
    torch.manual_seed(0)
    logits = torch.randn(1, 4, 5)
    labels = torch.tensor([[1, 2, IGNORED, IGNORED]])
    soft = torch.softmax(torch.randn(1, 4, 5), -1)
    soft[0, 1] = soft[0, 3] = 0.0  # piece 0 has both, 1 gold, 2 teacher, 3 nothing

    loss = distilled_loss(logits, labels, torch.ones(1, 5, dtype=torch.bool), soft, 0.25)

    gold = nn.functional.cross_entropy(logits[0, :2], labels[0, :2], reduction="none")
    taught = nn.functional.cross_entropy(logits[0, [0, 2]], soft[0, [0, 2]], reduction="none")
    expected = (0.75 * gold[0] + 0.25 * taught[0] + gold[1] + taught[1]) / 3
    torch.testing.assert_close(loss, expected)


# The teacher


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny language as data, as unlabelled text, with a base and a trained teacher."""
    folder = tmp_path_factory.mktemp("distil")
    (folder / "letters").mkdir()
    write_split(folder / "letters/train.txt", 80, seed=1)
    write_split(folder / "letters/dev.txt", 30, seed=2)
    write_texts(folder / "plain.txt", 100, seed=3)
    (folder / "base").mkdir()
    write_base(folder / "base")
    train(replace(settings_in(folder), out=folder / "teacher"), report=lambda _: None)
    return folder


def settings_in(folder: Path) -> TrainSettings:
    """A run that learns the tiny language within seconds."""
    return TrainSettings(
        data=(DataSource(folder / "letters"),),
        out=folder / "student",
        base=str(folder / "base"),
        vocabulary_size=200,
        epochs=12,
        learning_rate=2e-3,
        embedding_learning_rate=5e-3,
        fresh_learning_rate=5e-3,
        token_budget=256,
        average_decay=0.9,
        patience=12,
    )


@pytest.fixture
def student(folder: Path, tmp_path: Path) -> TrainSettings:
    """The same run with the teacher and the unlabelled text, into a folder of its own."""
    return replace(
        settings_in(folder),
        out=tmp_path / "student",
        teachers=(folder / "teacher",),
        unlabelled=(TextSource(folder / "plain.txt"),),
    )


@pytest.mark.parametrize("arch", list(Arch), ids=str)
def test_student_without_any_gold_reaches_its_teacher(
    arch: Arch, student: TrainSettings, tmp_path: Path
) -> None:
    """With weight 1 and wrong gold the student tags as the teacher does, not as the gold says."""
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    source = student.data[0].folder
    gold = (source / "train.txt").read_text("utf-8")
    swapped = gold.replace("PER", "TMP").replace("LOC", "PER").replace("TMP", "LOC")
    (wrong / "train.txt").write_text(swapped, "utf-8")
    (wrong / "dev.txt").write_text((source / "dev.txt").read_text("utf-8"), "utf-8")

    result = train(
        replace(student, arch=arch, data=(DataSource(wrong),), distil_weight=1.0, epochs=16),
        report=lambda _: None,
    )

    assert result.dev["wrong"]["f1"] > 0.95


def test_record_and_card_tell_the_teacher_and_the_texts_without_a_path(
    student: TrainSettings, folder: Path
) -> None:
    """Whoever reads the card can see and repeat what the student learnt from."""
    train(replace(student, epochs=1, document_words=40, case_share=0.5), report=lambda _: None)

    record = (student.out / "metrics.json").read_text("utf-8")
    metrics = json.loads(record)
    text = card(metrics, "student")
    assert str(folder) not in record
    assert metrics["settings"]["teachers"] == ["teacher"]
    assert metrics["settings"]["unlabelled"] == ["plain.txt:1"]
    assert metrics["teachers"][0]["dev"]["letters"]["f1"] > 0.97
    assert {"letters documents", "plain lower", "plain documents", "plain documents upper"} <= {
        *metrics["pools"]
    }
    assert "--teacher teacher" in text
    assert "--unlabelled data/plain.txt:1" in text
    assert "| 1 | plain | unlabelled | 1 | the teacher's |" in text
    assert "| 1, teacher | letters |" in text
    assert "Teacher `teacher`" in text


def test_stopped_run_does_not_ask_the_teacher_again(student: TrainSettings) -> None:
    """What was labelled lies in the work folder; the same command goes on from there."""
    short = replace(student, epochs=2)
    seen: list[TrainProgress] = []

    class StopHere(Exception):
        """Somebody ends the run."""

    def stop_in_training(progress: TrainProgress) -> None:
        seen.append(progress)
        if not progress.labelling:
            raise StopHere

    with pytest.raises(StopHere):
        train(short, report=stop_in_training)
    resumed: list[TrainProgress] = []
    train(short, report=resumed.append)

    assert seen[0].labelling
    assert seen[0].step == seen[0].steps > 20
    assert not any(progress.labelling for progress in resumed)


def test_labels_that_were_kept_serve_another_run(student: TrainSettings, tmp_path: Path) -> None:
    """Students with other seeds and shares share one reading of the teacher's."""
    kept = replace(student, epochs=1, teacher_labels=tmp_path / "kept")
    train(kept, report=lambda _: None)
    seen: list[TrainProgress] = []

    other = replace(kept, out=tmp_path / "other", seed=14, document_words=30, case_share=0.2)
    train(other, report=seen.append)

    assert list((tmp_path / "kept").glob("soft-labels-*.npz"))
    assert not any(progress.labelling for progress in seen)


def test_probabilities_of_two_teachers_are_averaged(folder: Path, tmp_path: Path) -> None:
    """One teacher twice gives its own labels; another one moves them half way."""
    texts = ["Ada lives in Oslo .", "The train was late ."]
    second = train(
        replace(settings_in(folder), out=tmp_path / "second", epochs=0.5, seed=5),
        report=lambda _: None,
    ).folder
    first = folder / "teacher"

    def rows(*teachers: Path) -> np.ndarray:
        return label(texts, teachers, TAGS, tmp_path / "cache", lambda *_: None).rows

    np.testing.assert_array_equal(rows(first, first), rows(first))
    middle = (rows(first).astype(np.float32) + rows(second)) / 2
    np.testing.assert_allclose(rows(first, second), middle, atol=1e-3)


def test_teacher_of_another_architecture_labels_every_pre_token(tmp_path: Path) -> None:
    """Nothing about a teacher is BERT's own: an MPNet does as well, with its own order of tags."""
    teacher = tmp_path / "teacher"
    pieces = [*SPECIAL_PIECES, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    to_pretrained(wordpiece(pieces), max_pieces=62).save_pretrained(teacher)
    order = ("B-PER", "I-PER", "O", "B-LOC", "I-LOC")
    torch.manual_seed(0)
    model = MPNetForTokenClassification(
        MPNetConfig(
            vocab_size=len(pieces),
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

    labels = label(["Ada-B is", "x"], [teacher], TAGS, tmp_path / "cache", lambda *_: None)

    assert labels.spans.tolist() == [[0, 3], [3, 4], [4, 5], [6, 8], [0, 1]]
    assert labels.slices == {"Ada-B is": (0, 4), "x": (4, 5)}
    assert {TAGS[index] for index in labels.rows.argmax(-1)} == {"B-PER"}


# What is refused


def test_teacher_with_other_tags_is_refused(student: TrainSettings, tiny_checkpoint: Path) -> None:
    """Before anything is written, with both sets of tags named."""
    with pytest.raises(InputError, match=r"B-MISC.*the data has"):
        train(replace(student, teachers=(tiny_checkpoint,)), report=lambda _: None)

    assert list(student.out.parent.iterdir()) == []


def test_teacher_that_is_no_checkpoint_is_refused(student: TrainSettings, tmp_path: Path) -> None:
    """A folder without config.json is named back."""
    with pytest.raises(ModelRefused, match=r"has no config\.json"):
        train(replace(student, teachers=(tmp_path,)), report=lambda _: None)


def test_unlabelled_file_without_text_is_refused(student: TrainSettings, tmp_path: Path) -> None:
    """An empty file is more likely a mistake than a wish."""
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n", "utf-8")

    with pytest.raises(FileFormatError, match="holds no text"):
        train(replace(student, unlabelled=(TextSource(empty),)), report=lambda _: None)


def test_unlabelled_text_without_a_teacher_is_refused(folder: Path) -> None:
    """Nothing could be learnt from it."""
    with pytest.raises(InputError, match="needs a --teacher"):
        replace(settings_in(folder), unlabelled=(TextSource(folder / "plain.txt"),))


@pytest.mark.parametrize("weight", [0.0, -0.5, 1.5])
def test_distil_weight_outside_its_range_is_refused(folder: Path, weight: float) -> None:
    """A share is over 0 and at most 1."""
    with pytest.raises(InputError, match="distil-weight"):
        replace(settings_in(folder), distil_weight=weight)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a/b.txt", TextSource(Path("a/b.txt"))), ("a.txt:0.5", TextSource(Path("a.txt"), 0.5))],
)
def test_text_source_is_read_from_the_command_line(text: str, expected: TextSource) -> None:
    """File and weight, the latter optional; printing it reads back the same."""
    assert TextSource.parse(text) == expected
    assert TextSource.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["a.txt:much", "a.txt:0"])
def test_text_source_with_an_unusable_weight_is_refused(text: str) -> None:
    """The message repeats what was given."""
    with pytest.raises(InputError, match=r"a\.txt"):
        TextSource.parse(text)
