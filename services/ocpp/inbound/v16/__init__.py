"""OCPP 1.6: converters to the same domain events; what is alike in 2.0.1 is used from there."""
