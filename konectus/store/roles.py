"""The database roles by name. What each may do is generated in policies.py."""

import hashlib
import hmac
from enum import StrEnum


class Role(StrEnum):
    """Runtime logins (decisions.md, "Database roles"), one pool each; none is a member of the owner."""

    APP = "konectus_app"
    STAFF = "konectus_staff"
    WORKER = "konectus_worker"
    RELEASER = "konectus_releaser"
    OPERATOR = "konectus_operator"
    ANALYST = "konectus_analyst"


OWNER = "konectus_owner"
# Roles without login that own SECURITY DEFINER functions and nothing else.
AUTH = "konectus_auth"
SEARCH = "konectus_search"
WITHOUT_LOGIN = (AUTH, SEARCH)


def password(master_key: bytes, role: Role) -> str:
    """A runtime login's password, so that every machine that holds the master key can sign in."""
    return hmac.new(master_key, role.value.encode(), hashlib.sha256).hexdigest()
