"""Finding a group: what somebody looks for, which groups fit, and what to offer if none does."""
