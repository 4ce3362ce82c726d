"""Which way of shrinking a model to take: measure, draw, decide; knows nothing of faces."""
