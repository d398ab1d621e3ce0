"""Writing SQL over whole columns: the rows of `store.arrays.columns` as a table in a statement. No query lives here."""

from sqlalchemy import TextClause, text


def unnested(alias: str, **types: str) -> str:
    """Columns, given as arrays under these names, as a table of that alias; its columns in the order given."""
    casts = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in types.items())
    return f"unnest({casts}) as {alias}({', '.join(types)})"


def statement(sql: str, **parts: str) -> TextClause:
    """The statement with our own parts in it; values are always parameters."""
    return text(sql.format(**parts))
