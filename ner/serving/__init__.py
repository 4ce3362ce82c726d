"""The HTTP guard: limits, rates, admission, uploads, probes, metrics and the request log.

It knows no view and no model, and nothing of ``ner`` but its errors.
"""
