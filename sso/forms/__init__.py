"""What admins type into the SSO settings. Forms check shapes; rules are in the domain functions they feed."""
