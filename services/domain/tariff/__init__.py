"""What charging costs: OCPI tariffs read, sessions priced by them exactly.

`model` is a tariff, `session` what was used; `engine` prices by `lines`, `blocks` and `limits`. `ocpi_tariff` and
`ocpi_cdr` read OCPI JSON. `terms` are tariffs as events carry them, `costing` what periods cost under them.
"""

from services.domain.tariff.simple import checked

__all__ = ["checked"]
