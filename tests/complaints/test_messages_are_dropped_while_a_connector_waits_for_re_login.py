"""Complaint of users elsewhere: messages are dropped while a connector waits for somebody to log in again."""

from konectus.domain.channels import Channel
from konectus.services import grants
from konectus.services.grants import Token
from tests.ingestion.harness import at_the_doors, page, said
from tests.support.connections import Bench, bench, simulator, world

__all__ = ["bench", "simulator", "world"]


def deliver(bench: Bench, account: str, mid: str, words: str) -> int:
    """The channel delivers at our doors; the answer."""
    body = page(account, said(account, mid, words))
    return at_the_doors(bench.installation, lambda door: door.meta(body))


def test_messages_are_stored_before_while_and_after_the_token_is_dead(bench: Bench) -> None:
    account = bench.page()
    connector = bench.connect(Channel.MESSENGER, account)
    assert deliver(bench, account["id"], "m1", "antes") == 200
    bench.simulator.post("tokens/expire", channel="messenger", account=account["id"])
    bench.check(connector)
    assert bench.state(connector) == ("degraded", "needs_reauth")
    assert deliver(bench, account["id"], "m2", "mientras espera") == 200
    bench.simulator.post("pages", name="Taller Lumbre", app="demo", id=account["id"], token="EAAfresh")
    bench.desk.wait(seconds=1)
    with bench.installation.works.system() as work:
        grants.renew(work, bench.desk.client_id, connector, Token(secret="EAAfresh"))
    assert deliver(bench, account["id"], "m3", "mientras se prueba la nueva llave") == 200
    bench.turn()
    assert bench.state(connector) == ("connected", None)
    assert deliver(bench, account["id"], "m4", "después") == 200
    bench.worked()
    told = {"antes", "mientras espera", "mientras se prueba la nueva llave", "después"}
    assert set(bench.stored.texts()) == told
    assert bench.desk.sql("select count(*) from platform.dropped_count") == 0
