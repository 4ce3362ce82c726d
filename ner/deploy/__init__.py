"""What leaves: a Space's folder, only what serving needs; or a variant as other programs load it.

``python -m ner deploy`` and ``python -m ner export`` are their command lines; it knows no tab. What
belongs in a Space's folder is not a list kept by hand: it is what ``app.py`` imports
(:mod:`ner.deploy.closure`).
"""
