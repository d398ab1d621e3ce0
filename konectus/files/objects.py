"""Files as objects of an S3-compatible store: PREFIX/<client id>/<last two digits>/<file id>. Sealed bytes alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from konectus.files.port import PATIENCE, FilesDown, NoSuchFile, known

_MEND = "KONECTUS_FILES_URL: give s3://bucket/prefix, optionally ?endpoint=https://host&region=name&allow_http=true"
_OPTIONS = frozenset({"endpoint", "region", "allow_http"})
# A page waits for a file, and a fetched one is asked for again later: better a clear no than a long wait.
# Of one try, and of all tries but the last.
_PATIENCE = PATIENCE / 2
_RETRIES = 2


@dataclass(frozen=True)
class ObjectFiles:
    """A bucket or a prefix in it. Credentials come from AWS_* or the machine's role, never the URL."""

    store: S3Store = field(repr=False)
    place: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises FilesDown with the accepted form; nothing is connected yet."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.scheme != "s3" or not parts.hostname or parts.username or not options.keys() <= _OPTIONS:
            raise FilesDown(_MEND)
        config: dict[str, str] = {"region": options.get("region", "us-east-1")} if "region" in options else {}
        if "endpoint" in options:
            config["endpoint"] = options["endpoint"]
        try:
            store = S3Store(
                parts.hostname,
                prefix=parts.path.strip("/") or None,
                config=config,  # type: ignore[arg-type]  # a TypedDict whose keys are all optional
                client_options={
                    "allow_http": options.get("allow_http") == "true",
                    "timeout": _PATIENCE,
                    "connect_timeout": timedelta(seconds=5),
                },
                retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE},
            )
        except (BaseError, ValueError):
            raise FilesDown(_MEND) from None
        return cls(store, f"s3://{parts.hostname}{parts.path}")

    def write(self, client_id: UUID, file_id: UUID, content: bytes) -> None:
        with self._reachable():
            # One request: a part of a broken upload would lie there, paid for and in nobody's listing.
            obstore.put(self.store, _key(client_id, file_id), content, use_multipart=False)

    def read(self, client_id: UUID, file_id: UUID) -> bytes:
        with self._reachable():
            return bytes(obstore.get(self.store, _key(client_id, file_id)).bytes())

    def delete(self, client_id: UUID, file_id: UUID) -> None:
        try:
            with self._reachable():
                obstore.delete(self.store, _key(client_id, file_id))
        except NoSuchFile:
            return

    def clients(self) -> set[UUID]:
        with self._reachable():
            found = obstore.list_with_delimiter(self.store)
        return known(str(place).rstrip("/").rpartition("/")[2] for place in found["common_prefixes"])

    def count(self, client_id: UUID) -> int:
        with self._reachable():
            return sum(len(page) for page in obstore.list(self.store, prefix=f"{client_id}/", chunk_size=1000))

    def delete_all(self, client_id: UUID) -> int:
        """Page by page along the listing, so that no Client is too large."""
        gone = 0
        with self._reachable():
            for page in obstore.list(self.store, prefix=f"{client_id}/", chunk_size=1000):
                obstore.delete(self.store, [str(found["path"]) for found in page])
                gone += len(page)
        return gone

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """Errors of the library quote requests and answers; ours name the place alone."""
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise FilesDown(f"the bucket of {self.place} does not exist") from None
            raise NoSuchFile from None
        except (BaseError, OSError) as error:
            raise FilesDown(f"the file store {self.place} does not work ({type(error).__name__})") from None


def _key(client_id: UUID, file_id: UUID) -> str:
    return f"{client_id}/{file_id.hex[-2:]}/{file_id}"
