"""What others do with the same answers of an IdP, in an environment and processes of their own."""
