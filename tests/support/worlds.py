"""Invented months of many Clients in memory, as a release reads them: for what is shown over hundreds of worlds."""

import numpy as np

from konectus.domain.channels import Channel
from reports.anonymize import Vectors
from reports.metrics import ALL, TOTAL
from reports.sources import Label, Usage

PLANS = ("inicia", "crece", "escala")
STRENGTH = (1.0, 0.7, 0.35)  # of each channel beside the others


def usage(seed: int, clients: int) -> Usage:
    """A month: sizes are log-normal about 600 messages, on one to three channels, with one Plan each."""
    draw = np.random.default_rng([seed, clients])
    size = draw.lognormal(np.log(600), 1.1, clients)
    present = draw.random((clients, len(STRENGTH))) < (0.9, 0.6, 0.25)
    present[~present.any(axis=1), 0] = True
    share = present * np.array(STRENGTH) * draw.lognormal(0, 0.3, present.shape)
    messages = np.maximum(draw.poisson(size[:, None] * share / share.sum(axis=1, keepdims=True)), present)
    contacts = np.minimum(messages, draw.poisson(messages * 0.18))
    plan = np.eye(len(PLANS), dtype=np.int64)[draw.choice(len(PLANS), clients, p=(0.55, 0.33, 0.12))]
    rows: dict[tuple[str, str], Vectors] = {}
    for metric, cells in (("messages", messages.astype(np.int64)), ("contacts", contacts.astype(np.int64))):
        whole = cells.sum(axis=1, keepdims=True)
        rows |= {(metric, TOTAL): whole, (metric, "channel"): cells, (metric, "plan"): whole * plan}
    labels = {
        TOTAL: (Label(ALL, ""),),
        "channel": tuple(Label(channel.value, channel.value.capitalize()) for channel in Channel),
        "plan": tuple(Label(code, code.title()) for code in PLANS),
    }
    return Usage(labels, rows | {("clients", dim): rows["messages", dim] for dim in labels})


def planted(of: Usage) -> Usage:
    """The same month with one Client more, at its caps in all that is counted, on every channel."""
    most = 1 << 30
    rows: dict[tuple[str, str], Vectors] = {}
    for (metric, dim), found in of.rows.items():
        own = np.full((1, found.shape[1]), most if dim != "plan" else 0, dtype=np.int64)
        own[0, 0] = most
        rows[metric, dim] = np.vstack([found, own])
    return Usage(of.labels, rows)
