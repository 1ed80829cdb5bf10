"""The history of one article: every event, and what it changed, word by word."""
