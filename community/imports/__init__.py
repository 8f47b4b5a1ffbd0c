"""Listings out of files: read, compare with the directory, apply. See docs/moderating.md."""
