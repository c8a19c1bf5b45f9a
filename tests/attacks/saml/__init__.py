"""The SAML catalogue: attacks on the ACS, with real keys, through the real addresses."""
