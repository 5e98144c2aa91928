"""Settings of the pki process."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from services.pki.authorities import Ca, Cas, EstCa, LocalCa, Signers
from services.pki.fold import Policy
from services.pki.issue import BadAuthority, Key, authority
from services.pki.ocsp import Answerer
from services.runtime.embedded.pki import PKI_FOLDER, Pki
from services.runtime.settings import BadSetting, setting
from services.runtime.streaming.settings import ProcessorSettings


@dataclass(frozen=True, slots=True)
class PkiSettings(ProcessorSettings):
    """What the pki process needs to know."""

    pki_metrics_port: int = setting(9115, "port of the pki process's metrics and health endpoints")
    sign_certificates: bool = setting(
        True, "stations' certificate signing requests are answered; false: they are rejected"
    )
    station_organisation: str = setting("", "organisation that stations' certificates must name; empty: any")
    station_ca_file: str = setting(
        "", "PEM file: certificate of the CA that signs stations', then those above it; empty: the test PKI's"
    )
    station_ca_key_file: str = setting("", "PEM file with its key")
    v2g_ca_file: str = setting(
        "", "the same for what stations show to EVs; empty: the test PKI's where the station CA is, else nobody"
    )
    v2g_ca_key_file: str = setting("", "PEM file with its key")
    station_ca_est_url: str = setting(
        "", "CA that is asked by EST instead, e.g. https://ca.example/.well-known/est; empty: none"
    )
    v2g_ca_est_url: str = setting("", "the same for what stations show to EVs")
    est_user: str = setting("", "user at both")
    est_password: str = setting("", "password at both")
    est_ca_file: str = setting("", "PEM file with the CAs of their servers; empty: the system's")
    certificate_days: int = setting(397, "how long certificates that are signed here are valid")
    certificates_per_hour: int = setting(10, "new signing requests of one station that are looked at in an hour")

    ocsp_host: str = setting("127.0.0.1", "address at which it is asked whether our certificates are good (OCSP)")
    ocsp_port: int = setting(0, "port of that; 0: nobody can ask")
    ocsp_url: str = setting(
        "", "how that is reached, which certificates signed here say; it must be in WATTLOG_OCSP_RESPONDERS too"
    )

    def answerers(self, cas: Cas) -> list[Answerer]:
        """Who answers for the CAs that are here; for the test PKI's root somebody whom it lets."""
        found = [
            Answerer(ca.authority.certificate, ca.authority.certificate, ca.authority.key)
            for ca in cas
            if isinstance(ca, LocalCa)
        ]
        if self.station_ca_file or self.station_ca_est_url:
            return found
        made = Pki(self.common.data_dir / PKI_FOLDER)
        (root,) = x509.load_pem_x509_certificates(made.v2g_root_file.read_bytes())
        below = x509.load_pem_x509_certificate(made.v2g_ca_file.read_bytes())
        by = made.v2g_ocsp_file.read_bytes()
        private = serialization.load_pem_private_key(by, None)
        assert isinstance(private, Key)
        good = frozenset({below.serial_number})
        return [*found, Answerer(root, x509.load_pem_x509_certificate(by), private, good)]

    def signers(self) -> Signers:
        """Both, as the files are now; BadSetting as `cas`."""
        cas = self.cas()
        return Signers(cas, self.answerers(cas))

    def ca_files(self) -> tuple[str, ...]:
        """The files of the CAs, those of the test PKI not among them: nobody changes them."""
        return (
            self.station_ca_file, self.station_ca_key_file,
            self.v2g_ca_file, self.v2g_ca_key_file, self.est_ca_file,
        )  # fmt: skip

    def policy(self) -> Policy:
        """What is signed at all."""
        return Policy(self.sign_certificates, self.station_organisation, self.certificates_per_hour)

    def cas(self) -> Cas:
        """Who signs; BadSetting when a file is not what it should be. Makes the test PKI if it is to sign."""
        station, v2g = self._est(self.station_ca_est_url), self._est(self.v2g_ca_est_url)
        if station is None and not self.station_ca_file:
            made = Pki(self.common.data_dir / PKI_FOLDER)
            v2g = v2g or self._local(self.v2g_ca_file, self.v2g_ca_key_file)
            return Cas(
                self._files(made.ca_file, made.key_file), v2g or self._files(made.v2g_ca_file, made.v2g_key_file)
            )
        station = station or self._local(self.station_ca_file, self.station_ca_key_file)
        assert station is not None
        return Cas(station, v2g or self._local(self.v2g_ca_file, self.v2g_ca_key_file))

    def _est(self, url: str) -> Ca | None:
        return EstCa(url, self.est_user, self.est_password, self.est_ca_file) if url else None

    def _local(self, certificate_file: str, key_file: str) -> Ca | None:
        return self._files(Path(certificate_file), Path(key_file)) if certificate_file else None

    def _files(self, certificate_file: Path, key_file: Path) -> Ca:
        try:
            made = authority(certificate_file.read_bytes(), key_file.read_bytes())
        except (OSError, BadAuthority) as error:
            raise BadSetting(f"CA in {certificate_file}, key in {key_file}: {error}") from error
        return LocalCa(made, self.certificate_days, self.station_organisation, self.ocsp_url)
