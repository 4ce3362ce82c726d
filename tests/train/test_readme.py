"""What ner/train/README.md says is so, and so are the worked examples in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiny_language import settings_for, silent, write_base, write_split, write_texts
from typer.testing import CliRunner

from ner.cli.main import app
from ner.train.run import train

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "ner/train"
README = (FOLDER / "README.md").read_text("utf-8")
COMMANDS = [
    command.replace("\\\n", " ").split()[3:]
    for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    for command in re.findall(r"^python -m ner .+?(?<!\\)$", block, flags=re.MULTILINE | re.DOTALL)
]


def test_the_commands_run_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command as it stands, on a tiny language, from a tiny base and for a tiny time."""
    monkeypatch.chdir(tmp_path)
    for name in ("news", "tweets"):
        Path("data", name).mkdir(parents=True)
        write_split(Path("data", name, "train.txt"), 30, seed=1)
        write_split(Path("data", name, "dev.txt"), 10, seed=2)
    tweets = Path("data/tweets/train.txt")
    tweets.write_text(tweets.read_text("utf-8").replace("LOC", "ORG"), "utf-8")
    news = Path("data/news/train.txt")
    news.write_text(news.read_text("utf-8") + "Acme\tB-ORG\n\n", "utf-8")
    write_texts(Path("data/plain.txt"), 30, seed=3)
    Path("base").mkdir()
    write_base(Path("base"))
    train(settings_for(Path("data/news"), Path("base"), Path("large")), report=silent)

    for command in COMMANDS:
        small = ["--base", "base"] if command[0] == "train" and "--base" not in command else []
        result = CliRunner().invoke(app, [*command, *small])
        assert result.exit_code == 0, (command, result.output, result.exception)
        assert (Path(command[-1]) / "config.json").is_file()


def test_the_commands_show_all_that_training_offers() -> None:
    """Training, averaging, distilling."""
    assert [command[0] for command in COMMANDS] == ["train"] * 3 + ["average", "train", "train"]
