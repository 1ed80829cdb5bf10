"""What moves a generation along the log: the loop, live and in replay."""
