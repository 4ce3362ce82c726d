"""Measures a model's recipes and its peers on the same texts, and says which recipe to take."""
