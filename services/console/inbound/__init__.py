"""Requests of operators to events. Pure."""
