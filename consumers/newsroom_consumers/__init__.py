"""The read side: the loop that folds the log into a generation, the projections, and what readers can ask."""
