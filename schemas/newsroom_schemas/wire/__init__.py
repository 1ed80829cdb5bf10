"""Events as bytes: the codec, and the schemas of every release."""

FINGERPRINT = "[0-9a-f]{16}"
"""Pattern of a schema's fingerprint, as in the header ``schema`` of a record."""
