"""Why somebody was let in, blocked or refused: for members, and in detail for admins."""
