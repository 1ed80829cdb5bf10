"""The composition root: builds the parts of the newsroom from the settings."""
