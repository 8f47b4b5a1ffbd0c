"""What readers looked for in vain, what they call things, and what staff do not need to see."""

from portal.admin import empty_searches, synonyms, without

__all__ = ["empty_searches", "synonyms", "without"]
