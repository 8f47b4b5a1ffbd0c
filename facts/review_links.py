"""Links that open one text for one clinician, without an account."""

from facts.secret_links import SecretLinks, hash_of, make_secret

__all__ = ["hash_of", "make_secret", "make_token", "make_url", "read_token"]

_links = SecretLinks("facts.review_links", "clinical-review")
make_token = _links.make_token
read_token = _links.read_token
make_url = _links.make_url
