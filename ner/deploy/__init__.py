"""A Space's folder: only what serving needs, with prepared models inside; tried, then uploaded.

``python -m ner deploy`` is its command line. What belongs in the folder is not a list kept by hand:
it is what ``app.py`` imports (:mod:`ner.deploy.closure`).
"""
