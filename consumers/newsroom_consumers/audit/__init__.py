"""Audit: what proves that the published state is the fold of the log, and what shows how it came about."""
