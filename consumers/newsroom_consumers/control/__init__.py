"""The control database: the list of generations, which one is live, and requests to their workers."""
