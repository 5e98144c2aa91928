"""OCPP-J on the wire: frames, error codes, schemas."""
