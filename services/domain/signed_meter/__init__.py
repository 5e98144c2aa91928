"""Signed meter data: is the signature true, and may the session be billed? Pure: bytes in, verdict out.

Read `record.py` (what goes in, what comes out), `findings.py` (all that can be wrong), `session.py` (the order of
questions), `formats.py` (the formats as data), then one format, e.g. `ocmf/`. `signature.py`, `curves.py` and
`keys.py` are the cryptography that all formats share.
"""
