"""What events mean: the pure fold of articles and of the tag catalogue."""
