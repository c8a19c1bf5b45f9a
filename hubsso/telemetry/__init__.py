"""What an operator sees of a running portal: metrics, traces, error reports, readiness. None of it names a person."""
