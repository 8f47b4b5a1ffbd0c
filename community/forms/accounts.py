"""Forms of the account."""

from django import forms


class ConsentForm(forms.Form):
    """What sign-up asks for besides an address and a password."""

    def signup(self, request, user):
        """."""
