"""The torch house: a checkpoint becomes a prepared folder, always in a process of its own.

Meets what serves in that folder alone; nothing that serves imports it, and it knows no face.
"""
