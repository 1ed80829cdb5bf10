"""What people do with a generation: open it, promote it, list them all, fold parked records again."""
