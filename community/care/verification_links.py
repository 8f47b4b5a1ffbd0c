"""Links that open the question about one listing for its organizer, without an account."""

from facts.secret_links import SecretLinks, hash_of, make_secret

__all__ = ["hash_of", "make_secret", "make_token", "make_url", "read_token"]

_links = SecretLinks("community.verification_links", "listing-check")
make_token = _links.make_token
read_token = _links.read_token
make_url = _links.make_url
