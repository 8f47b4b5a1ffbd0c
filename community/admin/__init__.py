from community.admin.groups import SupportGroupAdmin
from community.admin.members import EventAdmin, MemberAdmin
from community.admin.services import ServiceAdmin
from community.admin.suggestions import SuggestionAdmin

__all__ = ["EventAdmin", "MemberAdmin", "ServiceAdmin", "SuggestionAdmin", "SupportGroupAdmin"]
