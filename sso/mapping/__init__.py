"""What an IdP's attributes count for: roles and resource groups, and what a change of that would do."""
