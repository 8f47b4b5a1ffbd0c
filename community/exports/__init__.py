"""Open data: what everybody can read of the groups, in formats of others. Never a way in."""
