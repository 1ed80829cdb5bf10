"""Importers: lines of JSON, events or stories of other systems, become events in the log."""
