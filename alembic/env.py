"""Runs migrations over the connection that konectus.store.migrations hands in; nothing else drives Alembic."""

import re

from alembic import context

PARTITION = re.compile(r"_p(_default|\d{8})$")
attributes = context.config.attributes


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Schemas of this database, without the daily partitions: they come and go and are not in the models."""
    del parents
    if kind == "schema":
        return name in attributes["schemas"]
    return not (kind == "table" and PARTITION.search(name or ""))


context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    include_schemas=True,
    include_name=is_ours,
    version_table_schema=attributes["version_schema"],
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
