"""What partners send, made sense of; pure."""
