"""How fast and how big a model's variants are here; knows nothing of accuracy against gold."""
