"""What readers and editors can ask of a generation, and the answers."""
