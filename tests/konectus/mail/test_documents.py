"""The list of notices that operators read is the list there is, with its clauses."""

import re
from pathlib import Path

from konectus.domain.notice_words import CATALOGUE

PAGE = Path(__file__).parents[3] / "docs/operate/notices.md"


def test_the_page_lists_every_notice_with_its_clause_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| .+? \| ([\d.()a]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {str(kind): words.clause for kind, words in CATALOGUE.items()}
    assert len(rows) == len(CATALOGUE)
