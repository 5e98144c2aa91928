"""How far a partner has come: `Partner.registration`."""

from typing import Final

INVITED: Final = "INVITED"
"""Its token is for registering only (CREDENTIALS_TOKEN_A)."""
REGISTERED: Final = "REGISTERED"
"""Its token is good for everything that its party may see."""
ENDED: Final = "ENDED"
"""It has taken its credentials back; no token is good."""
