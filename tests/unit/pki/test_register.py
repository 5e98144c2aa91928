from services.domain.events.certificate import CertificateRefused
from services.pki.register import PATIENCE_MS, Register, refused
from tests.unit.pki.requests import NOW, issued, ordered


def register(*events: object) -> Register:
    kept = Register()
    kept.take(events)
    return kept


class TestRegister:
    def test_has_each_order_signed_once(self) -> None:
        kept = register(ordered(), ordered())
        assert [order.order_id for order in kept.due(NOW)] == ["order-1"]
        kept.take([issued("order-1"), ordered()])
        assert kept.due(NOW) == []
        assert len(kept) == 0

    def test_knows_after_a_restart_what_was_refused(self) -> None:
        kept = register(ordered(), ordered(order_id="order-2"), refused(ordered(), "no", NOW))
        assert [order.order_id for order in kept.due(NOW)] == ["order-2"]

    def test_asks_a_ca_that_is_away_ever_more_rarely(self) -> None:
        kept, order = register(ordered()), ordered()
        assert kept.postpone(order, "away", NOW) is None
        assert kept.due(NOW + 999) == []
        assert kept.due(NOW + 1000) == [order]
        for _ in range(20):
            assert kept.postpone(order, "away", NOW) is None
        assert kept.due(NOW + 299_999) == []
        assert kept.due(NOW + 300_000) == [order]

    def test_gives_up_in_the_end(self) -> None:
        event = register(ordered()).postpone(ordered(), "away", NOW + PATIENCE_MS + 1)
        assert isinstance(event, CertificateRefused)
        assert "away" in event.reason

    def test_postpones_nothing_that_is_not_open(self) -> None:
        assert register().postpone(ordered(), "away", NOW) is None
