"""What begins and ends with somebody's rights, and what is kept of a device."""

from typing import Any

from allauth.core import context as allauth_context
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, pre_save

from community.accounts.devices import device_in_words
from community.accounts.preferences import take_over
from community.accounts.sessions import CONSENT_IS_DUE, begin, end_sessions
from community.models import Member
from community.models.drawn_numbers import drawn_number

RIGHTS = ("is_active", "is_staff", "is_superuser")
# allauth's column wants an address; nothing here needs one.
NO_ADDRESS = "0.0.0.0"  # noqa: S104


def _begin_session(request: Any, user: Any, **kwargs: Any) -> None:
    begin(request.session, is_staff=user.is_staff or user.is_superuser)
    if user.consents.is_asked_anew():
        request.session[CONSENT_IS_DUE] = True
    take_over(request, user)


def _has_other_rights(instance: Member, update_fields: Any = None, **kwargs: Any) -> None:
    """Sign out whoever gains or loses a right: an older session was not opened for it."""
    if instance.pk is None or (update_fields is not None and not {*RIGHTS} & {*update_fields}):
        return
    now = tuple(getattr(instance, name) for name in RIGHTS)
    before = Member.objects.filter(pk=instance.pk).values_list(*RIGHTS).first()
    if before not in {None, now}:
        _sign_out(instance)


def _has_other_roles(instance: Any, action: str, **kwargs: Any) -> None:
    is_change = action == "post_clear" or (
        action in {"post_add", "post_remove"} and kwargs["pk_set"]
    )
    if isinstance(instance, Member) and is_change:
        _sign_out(instance)


def _sign_out(member: Member) -> None:
    """End the sessions of `member`, but for the one in which this happens."""
    request = allauth_context.request
    is_own = request is not None and request.user == member
    end_sessions(member, but=request.session.session_key if is_own else None)


def _keep_no_address(instance: Any, **kwargs: Any) -> None:
    """Keep of a device what its owner knows it by, and neither address nor version."""
    instance.ip, instance.user_agent = NO_ADDRESS, device_in_words(instance.user_agent)


def _draw_number(instance: Any, **kwargs: Any) -> None:
    """Draw the number of a passkey: it stands in addresses, and would count all of them."""
    if instance.pk is None:
        instance.pk = drawn_number()


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    user_logged_in.connect(_begin_session, dispatch_uid="community_begin_session")
    pre_save.connect(
        _keep_no_address, sender="usersessions.UserSession", dispatch_uid="community_no_address"
    )
    pre_save.connect(_draw_number, sender="mfa.Authenticator", dispatch_uid="community_draw_number")
    pre_save.connect(_has_other_rights, sender=Member, dispatch_uid="community_other_rights")
    m2m_changed.connect(
        _has_other_roles, sender=Member.groups.through, dispatch_uid="community_other_roles"
    )
