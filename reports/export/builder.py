"""Builds one archive: stage by stage, a sealed segment at a time, so that a killed process loses seconds of work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from konectus.clock import monotonic
from konectus.errors import KonectusError
from konectus.files.opening import open_files
from konectus.files.port import Files
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.services import archives, exports
from konectus.services.archives import Mark, Notes
from konectus.services.exports import Built, Claimed, ClaimLost
from konectus.services.installation import Installation
from konectus.services.work import SYSTEM
from konectus.store.queries import archive, archive_pages, profiles
from konectus.store.roles import Role
from reports.export import closing, leafing, papers, stages
from reports.export.closing import Closing
from reports.export.leafing import First, House
from reports.export.segments import SegmentWriter
from reports.export.stages import Batch, Source, Stage

# A step ends at whichever comes first. Pages of a conversation are a few kilobytes, a film is twenty megabytes.
SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_SECONDS = 10.0
BEAT_SECONDS = 5.0


class Stopped(KonectusError):
    """The process is asked to end; somebody goes on from the last step."""

    code = "stopped"


@dataclass
class Build:
    """One claim on one archive."""

    installation: Installation
    claimed: Claimed
    files: Files
    is_stopping: Callable[[], bool] = lambda: False
    done: int = 0
    total: int = 0
    _mark: Mark | None = None
    _notes: Notes = field(default_factory=Notes)
    _beaten: float = field(default_factory=monotonic)

    @property
    def keys(self) -> ClientKeys:
        return self.installation.keys.of(self.claimed.client_id)

    def run(self) -> Built:
        """Raises Stopped or ClaimLost, or whatever went wrong; what was finished stays for the next claim."""
        self._resume()
        house = self._house()
        todo = self._stages(house)
        self._rows(todo, house)
        counts = dict(self._notes.place["counts"])
        self._close(house, counts)
        assert self._mark is not None, "closing is a step"
        sha256 = closing.digest(self.files, self.keys, self._notes.segments, self._beat)
        return Built(self._mark, sha256, self._notes.size, counts)

    def _resume(self) -> None:
        mark, before = self.claimed.mark, self.claimed.before
        if before is not None:
            archives.drop_unfinished(self.files, self.claimed.client_id, before, mark)
        if mark is None:
            with self.installation.database.session(Role.APP, self.claimed.client_id) as session:
                counts = {name: archive.count(session, self.claimed.client_id, name) for name in archive.names()}
                media = archive_pages.count_files(session, self.claimed.client_id)
            # Messages are written twice: as data and on pages.
            self.total = sum(counts.values()) + counts["messages"] + media
            self._notes = Notes(place={"stage": 0, "at": {}, "counts": {}, "done": 0})
        else:
            self._mark, self._notes = mark, archives.read_notes(self.files, self.keys, mark)
            self.total, self.done = self.claimed.total, self._notes.place["done"]
        self._say()

    def _house(self) -> House:
        with self.installation.database.session(Role.APP, self.claimed.client_id) as session:
            found = profiles.house(session, self.claimed.client_id)
        return House(found.trade_name, found.zone, self.claimed.requested_at)

    def _stages(self, house: House) -> Sequence[tuple[str, Stage]]:
        data = [(name, stages.Data(name)) for name in archive.names()]
        pages = (leafing.Conversations(house), leafing.Lists(house))
        files = (("letters", stages.letters), ("media", stages.media), ("pages", pages[0]), ("lists", pages[1]))
        # New ones at the end: what an older release began goes on where it stood.
        kept = (("invoices", papers.Invoices(house)), ("terms", papers.terms), ("authority", papers.authority))
        return (*data, *files, *kept)

    def _rows(self, todo: Sequence[tuple[str, Stage]], house: House) -> None:
        """Every stage that is left, in steps."""
        while (number := self._notes.place["stage"]) < len(todo):
            writer, began = self._writer(house), monotonic()
            place, counts = self._notes.place["at"], dict(self._notes.place["counts"])
            while number < len(todo):
                batch = self._batch(todo[number][1], place)
                _take(writer, batch, counts)
                self.done += batch.rows
                number, place = (number, batch.place) if batch.place is not None else (number + 1, {})
                if writer.size >= SEGMENT_BYTES or monotonic() - began >= SEGMENT_SECONDS:
                    break
                self._beat()
            stage = todo[min(number, len(todo) - 1)][0]
            self._finish_step(writer, stage, {"stage": number, "at": place, "counts": counts, "done": self.done})

    def _batch(self, stage: Stage, place: stages.Place) -> Batch:
        pay_to = self.installation.settings.pay_to
        with self.installation.works.tenant(self.claimed.client_id, SYSTEM) as work:
            return stage(Source(work, self.keys, self.files, self._beat, pay_to), place)

    def _close(self, house: House, counts: dict[str, int]) -> None:
        """The first page, then the manifest and the directory. Done already where only the last look was missing."""
        if self._notes.place.get("closed"):
            return
        if not self._notes.place.get("fronted"):
            writer = self._writer(house)
            parts = [(name, counts.get(name, 0), counts.get(f"{name} parts", 0)) for name in archive.names()]
            noted = archives.all_notes(self.files, self.keys, self._notes.segments)
            troubles = sum(len(notes.members["trouble"]) for notes in noted)
            with self.installation.works.tenant(self.claimed.client_id, SYSTEM) as work:
                texts = papers.texts(work.session, self.claimed.client_id)
            for content in leafing.first_page(house, First(counts, parts, texts, troubles)):
                writer.add(content)
            self._finish_step(writer, "first page", self._notes.place | {"fronted": True})
        writer = self._writer(house)
        now = self.installation.clock.now()
        head = closing.manifest_head(house.name, self.claimed.client_id, (self.claimed.requested_at, now), counts)
        Closing(self.files, self.keys, self._notes.segments, head, self._beat).write(writer)
        self._finish_step(writer, "closed", self._notes.place | {"closed": True})

    def _writer(self, house: House) -> SegmentWriter:
        number = len(self._notes.segments) + 1
        return SegmentWriter(self.files, self.keys, self.claimed.claim, number, house.made_at)

    def _finish_step(self, writer: SegmentWriter, stage: str, place: stages.Place) -> None:
        """Bytes first, then the notes on them, then the row that counts: whoever dies between loses this step alone."""
        segment = writer.close()
        mark = Mark(segment.number, self.claimed.claim, stage)
        notes = Notes((*self._notes.segments, segment), writer.told(), place)
        archives.write_notes(self.files, self.keys, mark, notes)
        self._say(step=str(mark))
        self._mark, self._notes = mark, notes
        self._stop_if_asked()

    def _beat(self) -> None:
        """Stay the builder, and say how far it is."""
        if monotonic() - self._beaten >= BEAT_SECONDS:
            self._say()
            self._stop_if_asked()

    def _say(self, **values: object) -> None:
        done = min(self.done, self.total)
        with self.installation.database.session(Role.WORKER) as session:
            now = self.installation.clock.now()
            exports.progress(session, self.claimed, now, done=done, total=self.total, **values)
        self._beaten = monotonic()

    def _stop_if_asked(self) -> None:
        if self.is_stopping():
            raise Stopped


def build(installation: Installation, job_id: UUID, is_stopping: Callable[[], bool] = lambda: False) -> str:
    """Take one request and build its archive; what became of it in a word."""
    works = installation.works
    with works.system() as work:
        claimed = exports.claim(work, job_id, uuid7(work.now))
    if claimed is None:
        return "nothing to do"
    files = open_files(installation.settings.data_dir, installation.settings.files_url)
    try:
        built = Build(installation, claimed, files, is_stopping).run()
        with works.system() as work:
            exports.finish(work, claimed, built)
    except ClaimLost:
        return "lost"
    except Stopped:
        with works.system() as work:
            exports.give_back(work, claimed)
        return "handed back"
    except Exception as trouble:
        with works.system() as work:
            exports.stumble(work, claimed, trouble)
        raise
    return "ready"


def _take(writer: SegmentWriter, batch: Batch, counts: dict[str, int]) -> None:
    for content in batch.files:
        writer.add(content)
    writer.trouble += batch.trouble
    for name, number in batch.counts.items():
        counts[name] = counts.get(name, 0) + number
