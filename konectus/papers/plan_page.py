"""The public page of a Plan version as it is kept with it (Terms 2: "as described on the website at the time")."""

from datetime import datetime
from html import escape

from konectus import i18n
from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.plans import Interval, Offer
from konectus.i18n import format_datetime, format_money, gettext, ngettext


def html(offer: Offer, connectors: int, published_at: datetime) -> str:
    """A page that stands alone: Spanish, which prevails, and English below. The same facts give the same bytes."""
    parts = []
    for locale in i18n.LOCALES:
        with i18n.use(locale):
            parts.append(_section(offer, connectors, published_at))
    head = f'<!doctype html>\n<html lang="es-MX"><meta charset="utf-8"><title>{escape(offer.name)}</title>\n'
    return head + "\n".join(parts) + "\n</html>\n"


def _section(offer: Offer, connectors: int, published_at: datetime) -> str:
    rows = [
        _price(offer),
        ngettext("{n} seat", "{n} seats", offer.seats),
        _more_seats(offer),
        ngettext("{n} Connector", "{n} Connectors", connectors),
        gettext("Prices in Mexican pesos, before tax, paid in advance."),
    ]
    listed = "".join(f"<li>{escape(row)}</li>" for row in rows)
    of = gettext(
        "Version {n}, published on {when}", n=offer.version, when=format_datetime(published_at, LEGAL_ZONE, "full")
    )
    return f'<section lang="{i18n.tag()}"><h1>{escape(offer.name)}</h1><ul>{listed}</ul><p>{escape(of)}</p></section>'


def _price(offer: Offer) -> str:
    price = format_money(offer.price_cents)
    if offer.interval is Interval.YEAR:
        return gettext("{price} a year", price=price)
    return gettext("{price} a month", price=price)


def _more_seats(offer: Offer) -> str:
    if offer.extra_seat_cents is None:
        return gettext("More seats with a larger Plan")
    return gettext("{price} for each further seat and period", price=format_money(offer.extra_seat_cents))
