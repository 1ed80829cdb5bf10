"""Events as bytes: the codec, and the schemas of every release."""
