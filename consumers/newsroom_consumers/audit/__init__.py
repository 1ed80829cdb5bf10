"""Audit: proof that the published state is the fold of the log, the history of articles, and past states."""
