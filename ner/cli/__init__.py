"""``python -m ner``: the command line, and the only place that prints.

Exit code 0 is success, 2 bad usage or input (a message on standard error), 1 failure. With
``--json`` standard output holds JSON only. Each command imports what only it needs.
"""
