import pytest
from dataclasses import replace
from tests.integration.ocpi_case import *
from tests.unit.ocpi import facts
from services.ocpi.directory import TOPICS
from services.runtime.topics import create_topics
pytestmark = pytest.mark.integration

def test_it(own_kafka, tmp_path):
    create_topics(own_kafka, TOPICS)
    say(own_kafka, facts.partner(), facts.station(), facts.token(), facts.tariff())
    with warehouse(tmp_path) as (house, ch), running_edge(own_kafka, ch) as chosen, client_of(chosen) as client:
        house.put([facts.session(), facts.cdr()])
        for path in ["/ocpi/versions","/ocpi/2.2.1","/ocpi/2.2.1/credentials","/ocpi/2.2.1/sessions","/ocpi/2.2.1/cdrs/?limit=1","/ocpi/3.0","/ocpi/2.2.1/cdrs?limit=-1"]:
            a = client.get(path)
            print(path, a.status_code, dict(a.headers)); print(a.text)
        a = client.post("/ocpi/2.2.1/credentials"); print(a, a.text, a.headers)
