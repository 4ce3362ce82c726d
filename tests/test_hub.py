"""Models of the Hub, from a Hub on loopback that is slow, broken, private or malicious."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_of_models import COMMIT, HubOfModels, running
from test_cli import run

from ner.errors import ModelRefused, PrepareFailed
from ner.models.child import ensure_prepared
from ner.models.folder import Manifest, Prepared, build_for, fetched, prepared_folder, prepared_root
from ner.models.names import find_model, resolve
from ner.models.open import open_sides
from ner.models.recipes import default_sides
from ner.preparing.hub import obtain

ROOT = Path(__file__).parent.parent
TOKEN = "hf_secretOfTheOwner"
SPEC = find_model("hub:tester/tiny")


@pytest.fixture(scope="module")
def files(tiny_checkpoint: Path) -> dict[str, bytes]:
    """What the tiny checkpoint's repository holds."""
    return {file.name: file.read_bytes() for file in tiny_checkpoint.iterdir()}


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[HubOfModels]:
    """A Hub with the tiny model, well behaved until told otherwise; the owner has a token."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("ner.preparing.hub._PAUSE", 0.0)
    with running(HubOfModels(dict(files))) as hub:
        # For this process, and for those that it starts.
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def with_config(hub: HubOfModels, file: str = "config.json", **changes: Any) -> None:
    """Change what a JSON file of the repository says."""
    hub.files[file] = json.dumps(json.loads(hub.files[file]) | changes).encode()


def test_a_model_is_fetched_at_one_commit(hub: HubOfModels, tmp_path: Path) -> None:
    """The listing is asked for once; its commit holds, though a branch may move meanwhile.

    No token is sent, though the owner's stands in the environment.
    """
    assert (tmp_path, COMMIT) == obtain(SPEC, tmp_path)
    assert hub.asked[0].startswith("/api/models/tester/tiny")
    assert all(f"/tester/tiny/resolve/{COMMIT}/" in path for path in hub.asked[1:])
    assert "model.safetensors" == hub.fetched[-1]
    assert hub.files["model.safetensors"] == (tmp_path / "model.safetensors").read_bytes()
    assert not any("authorization" in headers for _, headers in hub.requests)
    assert TOKEN not in str(hub.requests)


def test_only_the_files_of_a_closed_list_are_fetched(hub: HubOfModels, tmp_path: Path) -> None:
    """No code, no pickle, no IR of theirs, no name that leads elsewhere."""
    for name in (
        "openvino_model.xml",
        "openvino/openvino_model.bin",
        "pytorch_model.bin",
        "modeling_evil.py",
        "../../escaped.json",
        "/etc/evil",
        "config.json/../../x",
    ):
        hub.files[name] = b"evil"
    obtain(SPEC, tmp_path)

    assert {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"} == set(
        hub.fetched
    )
    assert {file.name for file in tmp_path.iterdir()} == set(hub.fetched)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("config.json", {"auto_map": {"AutoConfig": "evil.Config"}}, "code of its own"),
        ("config.json", {"_attn_implementation_internal": "evil/kernel"}, "code of its own"),
        ("config.json", {"text_config": {"x": [{"auto_map": {}}]}}, "code of its own"),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": "evil"}}, "code of its own"),
        ("config.json", {"architectures": ["BertForMaskedLM"]}, "not a token classifier"),
        ("config.json", {"architectures": "ForTokenClassification"}, "not a token classifier"),
        ("config.json", {"architectures": None}, "not a token classifier"),
        ("config.json", {"id2label": None}, "names no labels"),
        ("config.json", {"id2label": {str(n): "O" for n in range(1001)}}, "at most 1,000 names"),
        ("config.json", {"id2label": {"0": ["O"]}}, "at most 1,000 names"),
        ("config.json", {"id2label": {"0": "x" * 101}}, "of at most 100 characters"),
        ("config.json", {"num_hidden_layers": 10**9}, "at most 200 are taken"),
        ("config.json", {"model_type": "evil"}, "no token classifier of this config.json: The"),
        ("config.json", {"model_type": "fnet"}, "don't read input_ids and attention_mask"),
        ("config.json", {"hidden_size": 7}, "no token classifier of this config.json: The hidden"),
        # Before memory is taken for it.
        ("config.json", {"hidden_size": 120_000, "vocab_size": 10**6}, r"describes [\d,]{15,} we"),
        ("config.json", {"max_position_embeddings": -1}, "no usable max_position_embeddings"),
        ("config.json", {"max_position_embeddings": "x"}, "no usable max_position_embeddings"),
        # Empty, of another kind, broken off, no text, too deep.
        *(
            ("config.json", content, r"config\.json")
            for content in (b"", b"[]", b"{", b"\xff", b"[" * 100_000)
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_configuration_is_refused_before_the_weights_are_fetched(
    hub: HubOfModels, tmp_path: Path, file: str, changes: dict[str, Any] | bytes, message: str
) -> None:
    """It costs no more than itself, and nothing of it is run."""
    if isinstance(changes, bytes):
        hub.files[file] = changes
    else:
        with_config(hub, file, **changes)

    with pytest.raises(ModelRefused, match=message):
        obtain(SPEC, tmp_path)
    assert "model.safetensors" not in hub.fetched


@pytest.mark.parametrize(
    ("gone", "stated", "message"),
    [
        ("model.safetensors", {}, r"no model\.safetensors"),
        ("tokenizer.json", {}, r"no tokenizer\.json"),
        ("", {"model.safetensors": 3_000_000_000}, "at most 2 GB"),
        ("", {"tokenizer.json": 60_000_000}, "60 MB beside its weights"),
        ("", {"tokenizer.json": -1}, "not one"),
        ("", {"model.safetensors": 1_900_000_000}, "needs .* MB of free disk"),
    ],
)
def test_what_the_listing_shows_is_refused_before_the_first_byte(
    hub: HubOfModels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
    stated: dict[str, int],
    message: str,
) -> None:
    """Pickled weights alone, no tokenizer, a size that is too large or none, too little disk."""
    hub.files["pytorch_model.bin"] = pickle.dumps("anything")
    hub.files.pop(gone, None)
    hub.stated |= stated
    # Three times the model's size is needed.
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**10, 5 * 10**9, 5 * 10**9)
    )

    with pytest.raises((ModelRefused, PrepareFailed), match=message):
        obtain(SPEC, tmp_path)
    assert 1 == len(hub.asked)


def resize(hub: HubOfModels, difference: int) -> None:
    """Have the listing state another size for a file than it has."""
    hub.stated["tokenizer.json"] = len(hub.files["tokenizer.json"]) + difference


@pytest.mark.parametrize(
    "change",
    [
        lambda hub: resize(hub, 1),
        lambda hub: resize(hub, -1),
        lambda hub: hub.sha256.update({"model.safetensors": "0" * 64}),
        lambda hub: setattr(hub, "listing", b" " * 6_000_000),
    ],
    ids=["shorter", "longer", "another checksum", "a listing without end"],
)
def test_what_differs_from_what_was_promised_is_refused(
    hub: HubOfModels, tmp_path: Path, change: Callable[[HubOfModels], None]
) -> None:
    """More is not read to its end, of a listing some megabytes; large files have a checksum."""
    change(hub)

    with pytest.raises(PrepareFailed, match="not of the size or checksum"):
        obtain(SPEC, tmp_path)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("at", ["listing", "file"])
def test_private_gated_and_gone_are_not_available(
    hub: HubOfModels, tmp_path: Path, status: int, at: str
) -> None:
    """One sentence for all of them, without trying again; a gated one has a public listing."""
    if at == "listing":
        hub.statuses = [status]
    else:
        hub.status_of["config.json"] = status

    with pytest.raises(ModelRefused, match="not available from the Hub: it is private") as refusal:
        obtain(SPEC, tmp_path)
    assert (1 if at == "listing" else 2) == len(hub.asked)
    assert TOKEN not in str(refusal.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_three_times(hub: HubOfModels, tmp_path: Path, status: int) -> None:
    """Then it is told, with the status; and one refusal alone costs nothing."""
    hub.statuses = [status]
    obtain(SPEC, tmp_path / "second try")
    hub.requests.clear()
    hub.statuses = [status] * 9

    with pytest.raises(PrepareFailed, match=f"answers {status}; try again later"):
        obtain(SPEC, tmp_path / "never")
    assert 3 == len(hub.asked)


def test_ten_bytes_a_second_are_given_up_in_time(
    hub: HubOfModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for the whole answer, so that a drip does not renew it."""
    hub.drip = True
    monkeypatch.setattr("ner.preparing.hub._SECONDS", 0.5)
    monkeypatch.setattr("ner.preparing.hub._BYTES_PER_SECOND", 1e7)
    begun = time.monotonic()

    with pytest.raises(PrepareFailed, match=r"too slow: tester/tiny did not come within 1 s"):
        obtain(SPEC, tmp_path)
    # Far less than the minute and more that the listing would take.
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "listing",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"sha": "main", "siblings": []}',
        b'{"sha": "../../x", "siblings": []}',
        b'{"sha": null, "siblings": []}',
        b'{"sha": "%s", "siblings": null}' % COMMIT.encode(),
        b'{"sha": "%s", "siblings": [{}]}' % COMMIT.encode(),
        b'{"sha": "%s", "siblings": [{"rfilename": 1, "size": "x"}]}' % COMMIT.encode(),
        b"[" * 100_000,
    ],
    ids=lambda value: ascii(value[:40]),
)
def test_a_listing_that_is_none_is_refused(
    hub: HubOfModels, tmp_path: Path, listing: bytes
) -> None:
    """Whatever it is: a sentence of ours."""
    hub.listing = listing

    with pytest.raises(PrepareFailed, match="The Hub's answer about tester/tiny is not one"):
        obtain(SPEC, tmp_path)


NOT_IDS = (
    "|name|/name|owner/|owner/name/more|../x|..|./x|owner/..|owner/a..b|owner/a--b|owner/name.git"
    "|owner/name.|-owner/name|owner/-name|https://example.org/model|hub:owner/name|owner/na me"
    "|owner/name\n|owner/näme|owner/name\x00|owner/name?x=1|owner/name#x|owner\\name|%2e%2e/x"
    "|<script>/x"
)


@pytest.mark.parametrize("repo_id", [*NOT_IDS.split("|"), "o/" + 95 * "x"], ids=ascii)
def test_what_is_no_id_is_refused_by_its_pattern(repo_id: str) -> None:
    """Nothing is asked of the Hub, and no path is looked at."""
    with pytest.raises(ModelRefused, match="is not the id of a model on the Hub"):
        find_model(f"hub:{repo_id}")


@pytest.mark.parametrize(
    "repo_id", ["dslim/bert-base-NER", "a/b", "elastic/x_y.z-1", "o/" + 94 * "x"]
)
def test_ids_of_the_hub_are_taken(repo_id: str) -> None:
    """With 96 characters at most."""
    assert repo_id == find_model(f"hub:{repo_id}").repo_id


@pytest.mark.parametrize("setting", [None, "0"])
@pytest.mark.parametrize("name", ["assets/model", "hub:assets/model", "hub:../x", "hub:a/b", "a/b"])
def test_visitors_have_no_models_of_the_hub_unless_allowed(
    name: str, setting: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By NER_ALLOW_HUB=1 alone. Nor is what they type ever a path, as of a folder that is there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("NER_ALLOW_HUB", raising=False)
    if setting is not None:
        monkeypatch.setenv("NER_ALLOW_HUB", setting)

    with pytest.raises(ModelRefused, match="There is no model called"):
        find_model(name, visitor=True)


def test_an_id_that_is_also_a_folder_is_the_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where visitors may name models of the Hub, ``assets/model`` is one, and no folder."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NER_ALLOW_HUB", "1")

    with pytest.raises(ModelRefused, match="assets/model has not been fetched"):
        resolve("hub:assets/model", visitor=True)
    assert find_model("hub:assets/model").folder is None


def test_a_model_of_the_hub_is_prepared_and_kept(
    hub: HubOfModels,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In a process of its own; its commit is in the manifest, and later uses ask for nothing."""
    monkeypatch.setenv("NER_ALLOW_HUB", "1")
    # Bounded, whatever it says.
    with_config(hub, "tokenizer_config.json", model_max_length=10**30)
    # Their own conversion of it, were it read, would not load.
    hub.files["openvino_model.xml"] = hub.files["openvino_model.bin"] = b"evil"
    sides = open_sides(*default_sides(SPEC))
    asked = len(hub.asked)

    assert COMMIT == ensure_prepared(default_sides(SPEC)[1]).manifest.revision
    assert sides.left.tagger("My name is Wolfgang").entities
    assert not any("openvino" in path for path in hub.asked)
    assert not any("authorization" in headers for _, headers in hub.requests)
    hub.commit = COMMIT[::-1]
    assert COMMIT == ensure_prepared(default_sides(SPEC)[1]).manifest.revision
    assert SPEC == find_model("hub:tester/tiny", visitor=True)
    assert asked == len(hub.asked)
    written = [file for file in home.rglob("*") if file.is_file()]
    assert written and not any(TOKEN.encode() in file.read_bytes() for file in written)
    assert TOKEN not in caplog.text


def test_a_tokenizer_that_transformers_cannot_make_fast_is_refused(
    hub: HubOfModels, home: Path
) -> None:
    """A slow one gives no offsets."""
    del hub.files["tokenizer.json"]
    hub.files["vocab.txt"] = b"a\nb\n"
    with_config(hub, "tokenizer_config.json", tokenizer_class="EvilTokenizer")

    with pytest.raises(ModelRefused, match=r"slow tokenizer only|no fast tokenizer"):
        open_sides(*default_sides(SPEC))


def test_the_command_line_tells_what_the_hub_said(hub: HubOfModels, home: Path) -> None:
    """Exit code 2 and a sentence; no trace, no token."""
    hub.statuses = [404]
    done = run("prepare", "--model", "hub:tester/tiny")

    assert 2 == done.returncode
    assert "private, gated or gone" in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr + done.stdout


def pretend_fetched(repo_id: str, age: int) -> Prepared:
    """A prepared model of the Hub that was last used ``age`` seconds after 1970."""
    spec = find_model(f"hub:{repo_id}")
    original = default_sides(spec)[0]
    folder = prepared_folder(original)
    folder.mkdir(parents=True)
    for end in ("xml", "bin"):
        (folder / f"openvino_model.{end}").write_bytes(bytes(2000))
    manifest = Manifest(spec.name, "original", build_for(original), COMMIT, ("PER",), {})
    (folder / "manifest.json").write_text(manifest.dump())
    os.utime(folder / "manifest.json", (age, age))
    return Prepared(folder, manifest)


def test_models_of_the_hub_are_few_on_disk(
    tiny_prepared: Prepared, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were not used for longest are removed; others than the Hub's are left alone."""
    from ner.preparing import prepare

    kept = prepared_root() / tiny_prepared.folder.name
    shutil.copytree(tiny_prepared.folder, kept)
    made = [pretend_fetched(f"owner/model{age}", age) for age in (3, 1, 2)]
    made[1].mark_used()
    monkeypatch.setattr(prepare, "_MAX_FETCHED", 5000)

    prepare.keep_few(made[0].folder)

    assert ["hub:owner/model1", "hub:owner/model3"] == list(fetched())
    assert kept.is_dir()
