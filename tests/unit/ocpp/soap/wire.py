"""Envelopes as stations write them, for the tests of SOAP."""

from services.ocpp.soap.envelope import CS, SOAP, WSA_2005
from services.ocpp.wire.faults import V16S

CS16 = CS[V16S]


def written(
    header: str, body: str = "<heartbeatRequest/>", soap: str = SOAP, space: str = CS16, addressing: str = WSA_2005
) -> bytes:
    """An envelope whose header and body are given; prefixes `e` and `a`, no prefix for OCPP."""
    return (
        f'<e:Envelope xmlns:e="{soap}" xmlns:a="{addressing}" xmlns="{space}"><e:Header>{header}</e:Header>'
        f"<e:Body>{body}</e:Body></e:Envelope>"
    ).encode()


IDENTITY = "<chargeBoxIdentity>CP1</chargeBoxIdentity>"
USUAL = (
    f'{IDENTITY}<a:Action e:mustUnderstand="true">/Heartbeat</a:Action><a:MessageID>urn:uuid:1</a:MessageID>'
    "<a:From><a:Address>http://198.51.100.7:8080/cp</a:Address></a:From>"
    "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
    "<a:To>http://csms/ocpp</a:To>"
)
