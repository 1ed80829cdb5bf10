"""The comparison of two generations: rows that differ, and the articles, pages and entries that they belong to."""
