"""Where requests to stations go, and where they never go."""

from ipaddress import ip_network

import pytest

from services.ocpp.soap.address import Forbidden, check, chosen, target

MOBILE = (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))
HOME = "http://198.51.100.7:8080/cp"


class TestTarget:
    @pytest.mark.parametrize(
        ("url", "plain"),
        [
            ("http://CP.example.org", "http://cp.example.org/"),
            (" HTTP://cp.example.org:80/a?b=c ", "http://cp.example.org/a?b=c"),
            ("https://cp.example.org.:443/x", "https://cp.example.org/x"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080/"),
            ("http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81/"),
        ],
    )
    def test_has_one_spelling(self, url: str, plain: str) -> None:
        assert target(url).url == plain

    @pytest.mark.parametrize(
        "url",
        ["", "cp", "//cp", "ftp://cp", "file:///etc/passwd", "gopher://cp", "http://", "http://:80", "http://cp:x",
         "http://cp:99999", "http://u:p@cp", "http://u@cp", "http://cp#f", "http://[::1", "http://é.example",
         "http://" + "c" * 600, "anonymous", "javascript:alert(1)"],
    )  # fmt: skip
    def test_is_plain_http_and_nothing_else(self, url: str) -> None:
        with pytest.raises(Forbidden):
            target(url)


class TestChosen:
    @pytest.mark.parametrize("announced", ["", HOME, "HTTP://198.51.100.7:8080/cp"])
    def test_is_where_the_station_is_registered(self, announced: str) -> None:
        assert chosen(HOME, announced, ()) == target(HOME)

    @pytest.mark.parametrize("announced", ["http://10.20.3.4:8080/cp", "https://[fd00::5]/x"])
    def test_is_where_it_says_in_a_network_that_is_allowed(self, announced: str) -> None:
        assert chosen(HOME, announced, MOBILE).url == announced

    @pytest.mark.parametrize(
        "announced",
        ["http://198.51.100.7:8081/cp", "http://198.51.100.7:8080/other", "https://198.51.100.7:8080/cp",
         "http://198.51.100.8:8080/cp", "http://10.21.0.1/", "http://169.254.169.254/latest", "http://127.0.0.1/",
         "http://name.example/", "ftp://10.20.0.1/"],
    )  # fmt: skip
    def test_is_nowhere_else(self, announced: str) -> None:
        with pytest.raises(Forbidden):
            chosen(HOME, announced, MOBILE)


class TestCheck:
    def test_gives_the_address_to_use(self) -> None:
        assert check("cp.example", ["93.184.216.34", "2606:4700::1"], ()) == "93.184.216.34"

    @pytest.mark.parametrize("address", ["10.1.1.1", "127.0.0.1", "192.168.1.1", "100.64.0.1"])
    def test_believes_a_registered_address_that_is_written_out(self, address: str) -> None:
        assert check(address, [address], ()) == address

    @pytest.mark.parametrize(
        "addresses",
        [["127.0.0.1"], ["10.0.0.1"], ["93.184.216.34", "192.168.0.1"], ["::1"], ["::ffff:127.0.0.1"],
         ["fe80::1%eth0"], ["169.254.169.254"], ["100.64.0.1"], ["224.0.0.1"], ["0.0.0.0"], []],
    )  # fmt: skip
    def test_believes_no_name_that_leads_inside(self, addresses: list[str]) -> None:
        with pytest.raises(Forbidden):
            check("cp.example", addresses, ())

    def test_lets_a_name_lead_into_an_allowed_network(self) -> None:
        assert check("cp.example", ["10.20.0.9"], MOBILE) == "10.20.0.9"

    @pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "[fe80::1]", "[::]"])
    def test_never_goes_where_no_station_can_be(self, address: str) -> None:
        host = target(f"http://{address}/").host
        with pytest.raises(Forbidden):
            check(host, [host], (ip_network("0.0.0.0/0"), ip_network("::/0")))
