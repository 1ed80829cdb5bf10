"""The tables of a generation, and all of its SQL: queries, and the one transaction that stores a batch."""
