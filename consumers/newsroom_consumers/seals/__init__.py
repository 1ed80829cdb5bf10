"""Seals of the log: written down now, checked against the log later."""
