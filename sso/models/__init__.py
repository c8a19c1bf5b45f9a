"""Tables of the SSO app, one subject per module."""

from sso.models.connection import Connection, GroupRule, Revision, RevisionTest, RoleRule, SPKeyPair
from sso.models.login import ConsumedAssertion, HeldPost, LinkedIdentity, LoginAttempt
from sso.models.policy import ReportedBlock, SSOPolicy
from sso.models.session import RecoveryGrant, RecoveryTry, SSOSession
from sso.models.trace import RefusalTrace

__all__ = [
    "Connection",
    "ConsumedAssertion",
    "GroupRule",
    "HeldPost",
    "LinkedIdentity",
    "LoginAttempt",
    "RecoveryGrant",
    "RecoveryTry",
    "RefusalTrace",
    "ReportedBlock",
    "Revision",
    "RevisionTest",
    "RoleRule",
    "SPKeyPair",
    "SSOPolicy",
    "SSOSession",
]
