"""Copies the remarks of staff to `released`, where analysts read them: new ones appear, withdrawn ones go."""

from sqlalchemy import delete, insert, select

from konectus.services.installation import Installation
from konectus.store.models.readers import Annotation
from konectus.store.models.released import Annotation as Shown
from konectus.store.roles import Role


def copy(installation: Installation) -> int:
    """Make the shown remarks those that stand; how many differed. Only the day and the words leave main."""
    with installation.database.session(Role.RELEASER) as main:
        rows = main.execute(
            select(Annotation.id, Annotation.day, Annotation.words_es, Annotation.words_en).where(
                Annotation.withdrawn_at.is_(None)
            )
        )
        standing = {row["id"]: dict(row) for row in rows.mappings()}
    with installation.released.session(Role.RELEASER) as released:
        shown = set(released.scalars(select(Shown.id)))
        gone, new = shown - standing.keys(), standing.keys() - shown
        if gone:
            released.execute(delete(Shown).where(Shown.id.in_(gone)))
        if new:
            released.execute(insert(Shown), [standing[one] for one in sorted(new)])
    return len(gone) + len(new)
