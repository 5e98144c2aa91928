"""Operations of OCPP 2.0.1 told to stations of OCPP 1.6, a module per block."""
