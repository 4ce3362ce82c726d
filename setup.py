"""The packages of the wheel: ``ner`` with its folders, and ``assets/`` as ``ner/assets/``.

All else is in pyproject.toml, which can find packages or map a folder, but not do both.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["ner", "ner.*"]), "ner.assets"],
    package_dir={"ner.assets": "assets"},
)
