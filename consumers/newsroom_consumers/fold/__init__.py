"""A batch of records folded in memory, before anything is stored."""
