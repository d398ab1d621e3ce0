"""Remarks on charts, saved views, reports by mail. Generated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261123_readers"
down_revision: str | None = "20261123_own_indexes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("words_es", sa.Text(), nullable=False),
        sa.Column("words_en", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(words_en) between 1 and 80", name=op.f("ck_annotation_words_en")),
        sa.CheckConstraint("char_length(words_es) between 1 and 80", name=op.f("ck_annotation_words_es")),
        sa.ForeignKeyConstraint(["staff_id"], ["ledger.staff.id"], name=op.f("fk_annotation_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
        schema="platform",
    )
    op.create_index(op.f("ix_annotation_day"), "annotation", ["day"], unique=False, schema="platform")
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(name) between 1 and 60", name=op.f("ck_saved_view_name")),
        sa.CheckConstraint("char_length(path) <= 60 and path !~ '[^a-z-]'", name=op.f("ck_saved_view_path")),
        sa.CheckConstraint("char_length(query) <= 200", name=op.f("ck_saved_view_query")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["ledger.staff.id"], name=op.f("fk_saved_view_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_view_staff_id_name")),
        schema="platform",
    )
    op.create_table(
        "report_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("forms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cardinality(forms) > 0 and forms <@ array['pdf', 'xlsx']", name=op.f("ck_report_subscription_forms")
        ),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_report_subscription_language")),
        sa.CheckConstraint("pace in ('week', 'month')", name=op.f("ck_report_subscription_pace")),
        sa.ForeignKeyConstraint(["staff_id"], ["ledger.staff.id"], name=op.f("fk_report_subscription_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_subscription")),
        schema="platform",
    )
    op.create_index(
        "uq_report_subscription_live",
        "report_subscription",
        ["staff_id", "pace"],
        unique=True,
        schema="platform",
        postgresql_where="stopped_at is null",
    )
    op.create_table(
        "report_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_report_mail_tries")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["platform.report_subscription.id"], name=op.f("fk_report_mail_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_mail")),
        sa.UniqueConstraint("release_id", "subscription_id", name=op.f("uq_report_mail_release_id_subscription_id")),
        schema="platform",
    )
    op.create_index(
        op.f("ix_report_mail_subscription_id"), "report_mail", ["subscription_id"], unique=False, schema="platform"
    )
    op.create_index(
        "ix_report_mail_waiting",
        "report_mail",
        ["next_try_at"],
        unique=False,
        schema="platform",
        postgresql_where="sent_at is null and given_up_at is null",
    )


def downgrade() -> None:
    for table in ("report_mail", "report_subscription", "saved_view", "annotation"):
        op.drop_table(table, schema="platform")
