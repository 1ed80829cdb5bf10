"""What is kept of a generation: its private tables and the one transaction that moves it."""
