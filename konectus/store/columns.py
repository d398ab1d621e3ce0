"""Column types and constraints that several tables share."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, LargeBinary, Uuid
from sqlalchemy.orm import mapped_column

SEALED = "sealed"

Id = Annotated[UUID, mapped_column(Uuid, primary_key=True)]
ClientKey = Annotated[UUID, mapped_column(Uuid, primary_key=True, sort_order=-10)]
Ref = Annotated[UUID, mapped_column(Uuid)]
KeyedHash = Annotated[bytes, mapped_column(LargeBinary)]
# Ciphertext. No role without keys gets SELECT on it (policies.py reads this mark), so it is never loaded by accident.
Sealed = Annotated[bytes, mapped_column(LargeBinary, info={SEALED: True}, deferred=True, deferred_raiseload=True)]


def one_of(column: str, values: Iterable[str], *, name: str | None = None) -> CheckConstraint:
    """Text with a closed list of values: readable in SQL, and a new value is a cheap migration."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=name or column)


def to_tenant_row(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A composite foreign key: a row can only point at a row of its own Client."""
    return ForeignKeyConstraint(["client_id", column], [f"{table}.client_id", f"{table}.id"], ondelete=ondelete)


def is_sealed(column: Column[Any]) -> bool:
    return bool(column.info.get(SEALED))
