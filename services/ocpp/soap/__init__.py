"""OCPP by SOAP (OCPP-S 1.6, OCPP 1.5): the messages of OCPP 1.6 in other clothes, for the same functions."""
