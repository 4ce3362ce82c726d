"""Whole files: read, tagged row by row, written; knows no page and no command line."""
