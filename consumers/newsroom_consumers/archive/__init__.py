"""The archive: an export of the log into a folder, which proves by itself that it is whole. See docs/archive.md."""
