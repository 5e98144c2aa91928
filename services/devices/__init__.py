"""What stations are: variables, reports and monitors as state, and where they are not as wanted."""
