"""`konectus events`: the life of one webhook body, without its content."""

from typing import Annotated

import typer

from konectus.cli.console import say, table
from konectus.cli.database import opened
from konectus.errors import NotFound
from konectus.store.queries import overview
from konectus.store.roles import Role

commands = typer.Typer(help="Webhook events.", no_args_is_help=True)


class NoSuchEvent(NotFound):
    code = "no_such_event"


@commands.callback()
def _group() -> None:
    """Webhook events."""


@commands.command()
def show(event_id: Annotated[int, typer.Argument(metavar="ID", help="id of ops.webhook_event")]) -> None:
    """When an event came, and what became of each item in it."""
    with opened() as installation, installation.database.session(Role.OPERATOR) as session:
        life = overview.event_life(session, event_id)
    if life is None:
        raise NoSuchEvent(f"no event {event_id}: unknown, or older than the seven days of the log")
    say(f"{life.received_at:%Y-%m-%d %H:%M:%S.%f} received by {life.door}")
    say(f"{life.processed_at:%Y-%m-%d %H:%M:%S.%f} processed" if life.processed_at else "waiting for a worker")
    rows = [(i.item, i.channel, i.account, i.kind, i.outcome, i.error) for i in life.items]
    table(("item", "channel", "account", "kind", "outcome", "error"), rows)
