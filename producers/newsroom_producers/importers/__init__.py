"""Importers: stories of other systems as events."""
