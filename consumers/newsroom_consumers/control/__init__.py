"""The control database: which generations there are, which one is live, and what is asked of their workers."""
