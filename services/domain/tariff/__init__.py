"""What charging costs: OCPI tariffs read, sessions priced by them exactly.

`model` is a tariff, `session` what was used; `engine` prices by `lines`, `blocks` and `limits`. `ocpi_tariff` and
`ocpi_cdr` read OCPI JSON; `simple` are the terms of so much per kWh, hour and session.
"""

from services.domain.tariff.simple import Costs, checked, price

__all__ = ["Costs", "checked", "price"]
