"""The write side: the desk, its transport, importers."""
