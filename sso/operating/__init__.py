"""What operators ask of the portal from its command line: check-ups, and who or what a command names."""
