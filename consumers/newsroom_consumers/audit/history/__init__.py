"""The history of one article: every event, what it changed, word by word."""
