"""What operators are shown. Pure."""
