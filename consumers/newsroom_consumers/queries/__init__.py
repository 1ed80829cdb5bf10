"""What can be asked of a generation, by readers and by editors."""
