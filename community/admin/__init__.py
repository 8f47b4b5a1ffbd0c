from community.admin.groups import SupportGroupAdmin
from community.admin.members import MemberAdmin
from community.admin.services import ServiceAdmin

__all__ = ["MemberAdmin", "ServiceAdmin", "SupportGroupAdmin"]
