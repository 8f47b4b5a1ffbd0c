"""Reading lists: what is saved and shown, what has changed since, and what is taken along."""
