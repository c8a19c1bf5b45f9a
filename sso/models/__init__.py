"""Tables of the SSO app, one subject per module."""

from sso.models.connection import Connection, GroupRule, Revision, RevisionTest, RoleRule
from sso.models.keys import AnnouncedCertificate, KeyPair, MetadataCheck
from sso.models.login import ConsumedMessage, HeldPost, LinkedIdentity, LoginAttempt
from sso.models.policy import ReportedBlock, SSOPolicy
from sso.models.session import LogoutAttempt, RecoveryGrant, RecoveryTry, SSOSession
from sso.models.trace import RefusalTrace

__all__ = [
    "AnnouncedCertificate",
    "Connection",
    "ConsumedMessage",
    "GroupRule",
    "HeldPost",
    "KeyPair",
    "LinkedIdentity",
    "LoginAttempt",
    "LogoutAttempt",
    "MetadataCheck",
    "RecoveryGrant",
    "RecoveryTry",
    "RefusalTrace",
    "ReportedBlock",
    "Revision",
    "RevisionTest",
    "RoleRule",
    "SSOPolicy",
    "SSOSession",
]
