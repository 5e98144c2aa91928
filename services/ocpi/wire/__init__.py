"""OCPI messages as the specification writes them; pure."""
