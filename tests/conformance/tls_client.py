"""A station's side of TLS."""

import ssl
from base64 import b64encode
from pathlib import Path

from websockets.asyncio.client import connect

from services.runtime.embedded.pki import Pki
from tests.conformance.stations import Csms


def context(pki: Pki, folder: Path, name: str = "", issuer: Pki | None = None) -> ssl.SSLContext:
    """Trusts our CA; shows a certificate for `name`, by this CA or another, if there is a name."""
    made = ssl.create_default_context(cafile=str(pki.ca_file))
    if name:
        issued = (issuer or pki).issue(name)
        file = folder / f"{name}.pem"
        file.write_bytes(issued.certificate + issued.key)
        made.load_cert_chain(file)
    return made


def connection(csms: Csms, name: str, protocol: str, tls: ssl.SSLContext, password: str = "") -> connect:
    """A WebSocket over TLS, with Basic authentication if there is a password."""
    headers = {}
    if password:
        headers["Authorization"] = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return connect(
        f"wss://localhost:{csms.edge.tls_port}/ocpp/{name}",
        subprotocols=[protocol],  # type: ignore[list-item]
        additional_headers=headers,
        ssl=tls,
        compression=None,
    )
