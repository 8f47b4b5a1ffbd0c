"""How listings are kept true: suggestions, the question to organizers, and how fresh one is."""
