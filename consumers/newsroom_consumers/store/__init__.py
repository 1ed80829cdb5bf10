"""Where a generation is kept: its private tables, the one transaction that moves it, and the control database."""
