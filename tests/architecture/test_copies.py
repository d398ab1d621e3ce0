"""The corpus and the Terms are copies of what was given to us: nobody edits them to make a test green."""

import hashlib

from tests.architecture.sources import PROJECT

CORPUS = "52bf72531ceb73e6751c25a87f92935498cc88d29e3cf37993c3218270bc67bd"
TERMS = "745e0f1c5c065fd972175a2bc0a4719f0f278c265be5d87793f98e3f3f1d4761"


def test_corpus_is_the_one_that_was_given() -> None:
    digest = hashlib.sha256()
    corpus = PROJECT / "tests" / "corpus"
    for path in sorted(corpus.rglob("*")):
        # The runner that reads the corpus is ours and may stand beside it.
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            digest.update(f"{path.relative_to(corpus).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    assert digest.hexdigest() == CORPUS


def test_terms_are_the_ones_that_were_signed() -> None:
    assert hashlib.sha256((PROJECT / "docs/terms/terms.txt").read_bytes()).hexdigest() == TERMS
