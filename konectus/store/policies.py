"""Roles, grants and row-level policies, generated from the registry; applied at the end of every migration."""

from collections.abc import Iterator
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from konectus.store.bounds import BOUNDS, Bound
from konectus.store.columns import is_sealed
from konectus.store.planes import Entry
from konectus.store.registry import ENTRIES, ROLES_WITH_KEYS
from konectus.store.roles import OWNER, WITHOUT_LOGIN, Role, password

SCHEMAS = ("platform", "ledger", "tenant", "app", "ops")
# After one SET LOCAL the setting reads '' and not NULL on that connection (engine.md 1).
TENANT_RULE = "nullif(current_setting('konectus.client_id', true), '')::uuid"
_IS = "{column} = '{table}'::regclass"
VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
_MAY_USE = {
    Role.APP: SCHEMAS[:4],
    Role.STAFF: SCHEMAS,
    Role.WORKER: SCHEMAS,
    Role.RELEASER: ("platform", "ledger", "tenant"),
    Role.OPERATOR: ("platform", "ledger", "tenant", "ops"),
}

# Views run with the reader's own rights (security_invoker), so the policies of the tables hold in them too.
VIEWS = {
    "ledger.client_access": (Role.APP, Role.STAFF, Role.WORKER, Role.OPERATOR),
    "ledger.invoice_balance": (Role.APP, Role.STAFF, Role.WORKER),
    "platform.live_account": (Role.WORKER,),
    # Every process asks at its start whether it knows this schema.
    "platform.alembic_version": (Role.APP, Role.STAFF, Role.WORKER),
    **{
        f"ops.{view}": (Role.OPERATOR,)
        for view in (
            "webhook_event",
            "message",
            "conversation",
            "contact",
            "connector",
            "job",
            "backlog",
            "client_access",
        )
    },
}


def create_roles(conn: Connection, master_key: bytes) -> None:
    """Make the runtime logins where they are missing and set their passwords; cluster-wide, idempotent."""
    known = set(conn.execute(text("select rolname from pg_roles")).scalars())
    for role in Role:
        if role not in known:
            conn.execute(text(f"create role {role} login nosuperuser nocreatedb nocreaterole nobypassrls noinherit"))
        conn.exec_driver_sql(f"alter role {role} password {_verifier(conn, role, master_key)}")
        conn.execute(text(f"alter role {role} set search_path = pg_catalog"))
    conn.execute(text(f"alter role {Role.OPERATOR} set default_transaction_read_only = on"))
    conn.execute(text(f"alter role {Role.OPERATOR} set statement_timeout = '30s'"))
    conn.execute(text(f"alter role {Role.ANALYST} set default_transaction_read_only = on"))
    conn.execute(text(f"alter role {Role.ANALYST} set statement_timeout = '10s'"))
    for keeper in (name for name in WITHOUT_LOGIN if name not in known):
        conn.execute(text(f"create role {keeper} nologin nosuperuser nobypassrls noinherit"))
        # Only to hand functions over to it; the owner inherits nothing of it.
        conn.execute(text(f"grant {keeper} to {OWNER} with inherit false, set true"))


def _verifier(conn: Connection, role: Role, master_key: bytes) -> str:
    """Computed here, as a quoted literal: neither the server nor its log ever sees the password."""
    raw = cast("psycopg.Connection[Any]", conn.connection.driver_connection)
    secret = raw.pgconn.encrypt_password(password(master_key, role).encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(secret.decode()).as_string()


def apply(conn: Connection) -> None:
    """Bring grants and policies of the main database in line with the registry. Idempotent."""
    for statement in statements():
        conn.execute(text(statement))


def statements() -> Iterator[str]:
    """All of it as SQL, in order."""
    database = "(select current_database())"
    yield (
        "do $$ begin "
        f"execute format('revoke all on database %I from public', {database}); "
        + "".join(f"execute format('grant connect on database %I to {role}', {database}); " for role in _MAY_USE)
        # Days are counted out of a table that lasts as long as the counting (reports/hearing.py).
        + f"execute format('grant temporary on database %I to {Role.RELEASER}', {database}); end $$"
    )
    yield f"revoke all on schema {', '.join(SCHEMAS)}, public from public"
    for role, schemas in _MAY_USE.items():
        yield f"grant usage on schema {', '.join(schemas)} to {role}"
        yield f"revoke all on all tables in schema {', '.join(SCHEMAS)} from {role}"
    for entry in ENTRIES:
        yield from _of_table(entry)
    # FORCE binds the owner too; migrations keep the cause matrix and missing readings in line through this.
    for table in ("ledger.cause_policy", "ledger.reading"):
        yield f"do $do$ begin {_policy(table, OWNER, 'true')} end $do$"
    for view, readers in VIEWS.items():
        yield f"grant select on {view} to {', '.join(readers)}"


def _of_table(entry: Entry) -> Iterator[str]:
    """What is so already is left alone: each of these changes locks the table against all who read it (P35)."""
    is_it = _IS.format(column="oid", table=entry.name)
    force = f"alter table {entry.name} enable row level security; alter table {entry.name} force row level security;"
    bound = f"(select relrowsecurity and relforcerowsecurity from pg_class where {is_it})"  # noqa: S608 reason: names of our own registry
    steps = [f"if not {bound} then {force} end if;"]
    for role in Role:
        rule = _rule(entry, role) if role in entry.grants else None
        steps.append(_policy(entry.name, role, rule))
    narrowed = BOUNDS.get(entry.name, Bound())
    steps += [_bound(entry.name, "insert", narrowed.inserts), _bound(entry.name, "update", narrowed.updates)]
    yield f"do $do$ begin {' '.join(steps)} end $do$"
    for role, letters in entry.grants.items():
        yield from (f"grant {_verb(entry, role, letter)} on {entry.name} to {role}" for letter in letters)


def _policy(table: str, role: str, rule: str | None) -> str:
    """What a role may see and write at all."""
    return _made(table, role, rule, f"for all to {role} using ({rule}) with check ({rule})")


def _bound(table: str, verb: str, rule: str) -> str:
    """Restrictive: it narrows what the policy of the tenant lets a Client's people do."""
    # USING would hide the row from SELECT FOR UPDATE as well, and with it the reason of a refusal.
    how = f"with check ({rule})" if verb == "insert" else f"using (true) with check ({rule})"
    return _made(table, f"{Role.APP}_{verb}", rule or None, f"as restrictive for {verb} to {Role.APP} {how}")


def _made(table: str, name: str, rule: str | None, body: str) -> str:
    """Make a policy, or drop it; its comment remembers the rule it was made of."""
    mine = f"from pg_policy where {_IS.format(column='polrelid', table=table)} and polname = '{name}'"
    if rule is None:
        return f"if exists (select 1 {mine}) then drop policy {name} on {table}; end if;"
    made_of = f"(select obj_description(oid, 'pg_policy') {mine})"
    remember = f"comment on policy {name} on {table} is {_quoted(rule)};"
    again = f"drop policy if exists {name} on {table}; create policy {name} on {table} {body}; {remember}"
    return f"if {made_of} is distinct from {_quoted(rule)} then {again} end if;"


def _quoted(words: str) -> str:
    return sql.Literal(words).as_string()


def _verb(entry: Entry, role: Role, letter: str) -> str:
    verb = VERBS[letter]
    own = BOUNDS.get(entry.name, Bound()).changes
    if letter == "U" and role is Role.APP and own:
        return f"{verb} ({', '.join(own)})"
    if letter == "S" and role in entry.columns:
        return f"{verb} ({', '.join(entry.columns[role])})"
    if letter != "S" or role in ROLES_WITH_KEYS or not any(is_sealed(c) for c in entry.table.columns):
        return verb
    columns = ", ".join(c.name for c in entry.table.columns if not is_sealed(c))
    return f"{verb} ({columns})"


def _rule(entry: Entry, role: Role) -> str:
    if role is not Role.APP or entry.client_column not in entry.table.columns:
        return "true"
    return f"{entry.client_column} = {TENANT_RULE}"
