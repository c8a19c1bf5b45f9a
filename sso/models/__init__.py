"""Tables of the SSO app, one subject per module."""

from sso.models.activity import ConnectionHealth, LoginCount, LoginRecord
from sso.models.attributes import SeenAttributes
from sso.models.connection import Connection, GroupRule, Revision, RevisionTest, RoleRule
from sso.models.expiry import CertificateUse, ExpiryWarning
from sso.models.hand_over import HandOver
from sso.models.keys import AnnouncedCertificate, KeyPair, MetadataCheck
from sso.models.login import ConsumedMessage, HeldPost, LinkedIdentity, LoginAttempt
from sso.models.policy import LinkReminder, ReportedBlock, SSOPolicy
from sso.models.recovery import RecoveryCode, RecoveryCodeSet, RecoveryGrant, RecoveryTry
from sso.models.session import LogoutAttempt, SSOSession
from sso.models.trace import RefusalTrace

__all__ = [
    "AnnouncedCertificate",
    "CertificateUse",
    "Connection",
    "ConnectionHealth",
    "ConsumedMessage",
    "ExpiryWarning",
    "GroupRule",
    "HandOver",
    "HeldPost",
    "KeyPair",
    "LinkReminder",
    "LinkedIdentity",
    "LoginAttempt",
    "LoginCount",
    "LoginRecord",
    "LogoutAttempt",
    "MetadataCheck",
    "RecoveryCode",
    "RecoveryCodeSet",
    "RecoveryGrant",
    "RecoveryTry",
    "RefusalTrace",
    "ReportedBlock",
    "Revision",
    "RevisionTest",
    "RoleRule",
    "SSOPolicy",
    "SSOSession",
    "SeenAttributes",
]
