"""Whom a password lets in."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.http import HttpRequest

from community.accounts.adapters import look_up_once_more, unfinished_sign_ups
from community.models import Member
from facts.prepared import prepared


class AuthenticationBackend(AllauthBackend):
    """allauth's, for addresses that somebody has proved to be theirs.

    Whoever signs up with the address of another chooses a password. If it were taken before the
    address is proved, and refused where there is an account already, or from the moment on when
    the owner signs up, it would tell who is a member.
    """

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> Member | None:
        user = super().authenticate(request, **credentials)
        # Asked whatever came before: it is as much work for every address.
        address = str(credentials.get("email", "")).lower()
        look_up_once_more(address, is_proved=EmailAddress.objects.is_verified(address))
        if unfinished_sign_ups(address).exists():
            self.unstash_authenticated_user()
            return None
        return user  # type: ignore[return-value]

    def get_user(self, user_id: int) -> Member | None:
        """Return who is signed in: asked for every page that is not public."""
        user = next(iter(_members(user_id)), None)
        return user if user and self.user_can_authenticate(user) else None


@prepared
def _members(pk: int) -> QuerySet[Member]:
    return Member.objects.filter(pk=pk)
