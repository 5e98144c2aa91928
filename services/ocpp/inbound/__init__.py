"""Requests of stations to domain events and answers; one module per block of the OCPP 2.0.1 specification."""
