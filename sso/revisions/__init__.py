"""What a connection's revision goes through: entered and corrected, handed over, tested, compared, on trial."""
