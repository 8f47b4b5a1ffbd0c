"""How allauth behaves here: neutral mails, links from SITE_URL, consent at sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Accounts known by an e-mail address."""


class MFAAdapter(DefaultMFAAdapter):
    """Second factors."""
