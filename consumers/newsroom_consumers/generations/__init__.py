"""What people do with generations: open one, promote one, list them all, have parked records folded again."""
