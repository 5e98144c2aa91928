import pytest

from services.domain.signed_meter.curves import BY_OID, CURVES


@pytest.mark.parametrize("name", CURVES)
class TestCurves:
    def test_have_their_generator_on_them(self, name: str) -> None:
        slow = CURVES[name].slow
        assert slow.curve.contains_point(slow.generator.x(), slow.generator.y())

    def test_have_a_generator_of_the_stated_order(self, name: str) -> None:
        curve = CURVES[name]
        prime = curve.slow.curve.p()
        almost = curve.slow.generator * (curve.order - 1)
        assert (almost.x(), almost.y()) == (curve.slow.generator.x(), prime - curve.slow.generator.y())

    def test_are_found_by_object_identifier(self, name: str) -> None:
        assert BY_OID[CURVES[name].oid] is CURVES[name]

    def test_agree_with_openssl_about_their_size(self, name: str) -> None:
        curve = CURVES[name]
        if curve.openssl is not None:
            assert curve.openssl.key_size == curve.slow.curve.p().bit_length()


def test_the_two_koblitz_curves_without_openssl_binding_are_known() -> None:
    missing = [name for name, curve in CURVES.items() if curve.openssl is None]
    assert {"secp192k1", "secp224k1"} <= set(missing)
    assert CURVES["secp192k1"].oid == "1.3.132.0.31"
    assert CURVES["secp224k1"].oid == "1.3.132.0.32"
