"""Keeps stations' local authorization lists like the whitelist (OCPP 2.0.1 block D, 1.6 5.5 and 5.15)."""
