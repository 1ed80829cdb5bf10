"""What the bytes of an event are: the codec and the schemas of every release."""
