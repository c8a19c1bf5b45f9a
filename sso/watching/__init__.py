"""How logins end, counted and listed for admins, and the alarm when they begin to fail."""
