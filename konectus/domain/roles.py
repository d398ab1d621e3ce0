"""Roles of people: the staff's and those of a Client's Authorized Users."""

from enum import StrEnum


class StaffRole(StrEnum):
    ADMIN = "admin"
    SUPPORT = "support"
    BILLING = "billing"
    TRUST = "trust"
    LEGAL = "legal"
    PRIVACY = "privacy"
    ANALYST = "analyst"


class UserRole(StrEnum):
    OWNER = "owner"
    SUPERVISOR = "supervisor"
    AGENT = "agent"


class UserRelation(StrEnum):
    """What an Authorized User is to the Client (Terms 2)."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"
    AGENT = "agent"


# lifecycle.md 6: who may suspend for which cause is decided in services.suspensions by these.
MAY_SUSPEND = frozenset({StaffRole.ADMIN, StaffRole.TRUST, StaffRole.LEGAL})
