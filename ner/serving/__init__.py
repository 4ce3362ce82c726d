"""The HTTP guard: what it bounds, refuses, counts and logs, whatever the app behind it does.

It knows no view and no model, and nothing of ``ner`` but its errors.
"""
