"""What of the portal belongs in a backup, and what would do harm in one."""

# Whoever was signed in, or on the way: a backup that is taken in again signs nobody in, unless it is asked to.
SESSIONS = frozenset(
    {
        "sessions.Session",
        "usersessions.UserSession",
        "sso.SSOSession",
        "sso.LoginAttempt",
        "sso.LogoutAttempt",
        "sso.HeldPost",
        "sso.RecoveryGrant",  # a code that was used since would be good again
    }
)
# Work that was done since would be done a second time.
NEVER = frozenset({"django_tasks_database.DBTaskResult", "jobs.PeriodicJob", "jobs.OutgoingLetter"})
