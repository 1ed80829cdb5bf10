"""The archive: exports of the log into folders, their verification, and their import. See docs/archive.md."""
