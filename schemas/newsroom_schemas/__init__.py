"""The contract: what events look like on the wire and what they mean. It imports no other part of the newsroom."""
