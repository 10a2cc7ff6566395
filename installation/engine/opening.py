"""Opens the pieces of a show one after another in a thread beside the running loop, which never waits for them."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from types import MappingProxyType

import numpy as np

from installation.core.backoff import Backoff
from installation.core.contracts import Accelerates, Compiles, Generator, Paced, Walk
from installation.core.disk_cache import DiskCache
from installation.core.errors import VernissageError
from installation.core.starved import Patience
from installation.engine.painter import Hung
from installation.networks.compile_apart import Form, compile_apart
from installation.showfile.load import Piece

log = logging.getLogger(__name__)

SLOW = 20.0
"""Seconds at one piece, besides those in which others had the processors, after which it is named as failed, and the
others are opened by another thread meanwhile."""

FIRST_RETRY, LONGEST_RETRY = 60.0, 600.0
"""Seconds until a piece that failed is opened again, doubling from try to try."""

SHARE = 0.2
"""Of the time, while the pace of walks is measured, that this takes: the painter goes on at nearly its full rate."""

Hang = Callable[[int, Hung], None]


class Opening:
    """Opens each piece's generator and walk and gives it to ``hang``, from the piece ``first`` on.

    A piece that does not open is named in ``failed`` and tried again later, like one that broke while it was painted;
    the others hang meanwhile. Where none opens, or all broke, ``stand_in`` makes what hangs in place of the first.
    What an earlier start has compiled paints with that from its first picture on. ``done`` is set when every piece was
    tried. Then each other generator that can looks for a faster way to paint (``accelerated``), and the pace of the
    walks whose model file has none is measured. Both are kept in ``cache``.
    What is ``opened`` already, by index, is left as it is, and so are the pieces ``later``, until they are asked for
    (``ask``); ``let_go`` closes one.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        device: str,
        seed: int,
        hang: Hang,
        stand_in: Callable[[], Hung],
        clock: Callable[[], float],
        cache: DiskCache,
        first: int = 0,
        opened: Mapping[int, Hung] = MappingProxyType({}),
        later: Collection[int] = (),
    ) -> None:
        self.pieces, self.device, self.seed = tuple(pieces), device, seed
        self.failed: dict[int, str] = {}
        self.done, self.accelerated = threading.Event(), threading.Event()
        self._hang, self._stand_in, self._clock, self._first = hang, stand_in, clock, first
        self._cache = cache
        self._opened: dict[int, Hung] = {}
        self._fast: set[int] = set()
        self._stands = bool(opened)
        self._retries: dict[int, tuple[float, Backoff]] = {}
        self.asked: int | None = None
        """The piece that was asked for last and is not open yet."""
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        for index in (*range(first, len(self.pieces)), *range(first)):
            if index not in opened and index not in later:
                self._waiting.put(partial(self._open, index))
        self._busy: tuple[int, float] | None = None
        self._patience = Patience()
        self._stands_in = False
        self._late: set[int] = set()
        self._worker = self._hire()

    def _hire(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="opening", daemon=True)

    def start(self) -> None:
        self._worker.start()

    def stop(self, kept: Collection[int] = ()) -> None:
        """Opens nothing more; of the pieces that are open only those that are ``kept`` are still improved."""
        for index in self._opened.keys() - set(kept):
            self._opened.pop(index, None)
        self._waiting.put(None)

    def ask(self, index: int) -> None:
        """Has a piece opened that is not."""
        self.asked = index
        self._waiting.put(partial(self._open, index))

    def let_go(self, index: int, forget: Callable[[int], None]) -> None:
        """Has a piece closed, by the thread that opens them, as no frame waits for that; ``forget`` is called first."""
        self._waiting.put(partial(_close, self._opened, index, self.pieces[index].name, forget))

    def hang_by(self, hang: Hang) -> None:
        """Gives to another from here on what is opened."""
        self._hang = hang

    def watch(self, now: float, broken: Mapping[int, str]) -> None:
        """To be called now and then: has the others opened beside a piece that takes long, and pieces tried again that
        failed or that the painter took off (``broken``, with the reasons)."""
        busy = self._busy
        if busy is None and not self.failed and not broken:
            return
        if self.done.is_set() and not self._stands_in and len({*self.failed, *broken}) == len(self.pieces):
            self.failed = {**broken, **self.failed}
            self._stand()
        if busy is not None and self._patience.taken(busy, now - busy[1], self._worker) > SLOW:
            self._busy = None
            self._late.add(busy[0])
            self._fail(busy[0], f"has been opening for {now - busy[1]:.0f} s")
            self._worker = self._hire()
            self._worker.start()
        troubled = {*self.failed, *broken} - self._late
        for index in (one for one in troubled if one < len(self.pieces)):  # beyond is a piece that is on its way out
            if index not in self._retries:
                backoff = Backoff(FIRST_RETRY, LONGEST_RETRY)
                self._retries[index] = (now + backoff.next(), backoff)
            due, backoff = self._retries[index]
            if now >= due and self.done.is_set():
                self._retries[index] = (now + backoff.next(), backoff)
                self._waiting.put(partial(self._open, index))

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while threading.current_thread() is self._worker:
            if self._waiting.empty() and not self.done.is_set():
                self._finish()
            work = self._waiting.get()
            if work is None:
                return
            work()

    def _open(self, index: int) -> None:
        piece = self.pieces[index]
        busy = self._busy = (index, self._clock())
        try:
            generator = piece.generator.open(self.device)
            hung = Hung(generator, piece.walk.open(generator, self.seed))
        except VernissageError as error:
            why = str(error)
        except BaseException as error:  # the thread's edge: an exception of a part fails its piece, not the show
            log.exception("%s does not open", piece.name)
            why = f"{type(error).__name__}: {error}"
        else:
            why = ""
        if self._busy is busy:
            self._busy = None
        self._late.discard(index)
        if why:
            self._fail(index, why)
            return
        self.failed.pop(index, None)
        self._stands_in = False
        self._opened[index] = hung
        recall_pace(hung, self._cache)
        change = self._fast.add if hastened(piece.name, generator, self._cache) else self._fast.discard
        change(index)
        self._hang(index, hung)
        self.asked = None if self.asked == index else self.asked
        log.info("%s is resident", piece.name)
        if self.done.is_set():
            threading.Thread(target=self._improve, args=((index,),), name="improving", daemon=True).start()

    def _fail(self, index: int, why: str) -> None:
        if self.failed.get(index) != why:
            log.warning("%s does not hang: %s; it is tried again later", self.pieces[index].name, why.removesuffix("."))
        self.failed[index] = why
        self.asked = None if self.asked == index else self.asked

    def _finish(self) -> None:
        """Every piece was tried once."""
        if not self._opened and not self._stands:
            self._stand()
        self.done.set()
        threading.Thread(target=self._improve, args=(tuple(self._opened),), name="improving", daemon=True).start()

    def _stand(self) -> None:
        """Hangs a procedural picture."""
        log.error("no piece of this show can be painted; a procedural picture hangs in their place")
        self._stands_in = True
        self._hang(self._first, self._stand_in())

    def _improve(self, opened: Sequence[int]) -> None:
        """Accelerates the generators, then measures the walks; in a thread of its own, as that may take minutes."""
        try:
            slow = [index for index in opened if index not in self._fast]
            accelerate_all(slow, lambda index: self._opened.get(index), self.pieces, self._cache)
        except Exception:  # the edge: without it the pieces go on as they are
            log.exception("not all pieces could be made faster")
        self.accelerated.set()
        for index in opened:
            hung, piece = self._opened.get(index), self.pieces[index]
            try:
                if hung is not None:
                    measure_pace(
                        hung.walk,
                        partial(piece.generator.open, self.device),
                        self._cache,
                        partial(_is_still, self._opened, index, hung),
                    )
            except Exception:  # the edge: a failed measurement must not stop the piece
                log.exception("%s goes on at an estimated pace", piece.name)


def _close(opened: dict[int, Hung], index: int, name: str, forget: Callable[[int], None]) -> None:
    forget(index)
    opened.pop(index, None)
    log.info("%s is let go until its next turn", name)


def _is_still(opened: Mapping[int, Hung], index: int, hung: Hung) -> bool:
    return opened.get(index) is hung


def pace_key(walk: Paced, generator: Generator) -> str:
    return f"{generator.space.digest} {walk.pace_name}"


def recall_pace(hung: Hung, cache: DiskCache) -> None:
    """A walk takes the pace that an earlier start has measured."""
    if isinstance(hung.walk, Paced) and not hung.walk.measured:
        kept = cache.get("pace", pace_key(hung.walk, hung.generator))
        if kept is not None:
            hung.walk.take(np.frombuffer(kept))


def measure_pace(
    walk: Walk, another: Callable[[], Generator], cache: DiskCache, wanted: Callable[[], bool] = lambda: True
) -> None:
    """Measures a walk's pace with ``another`` generator like its own, as the painter has that one, while it is
    ``wanted``. It pauses after each picture so that the painter keeps its rate."""
    if not isinstance(walk, Paced) or walk.measured:
        return
    generator = another()
    work = walk.measure(generator)
    while wanted():
        began = time.perf_counter()
        try:
            next(work)
        except StopIteration as done:
            walk.take(done.value)
            log.info("the pace of %s is measured", walk.pace_name)
            cache.put("pace", pace_key(walk, generator), done.value.tobytes())
            return
        time.sleep((time.perf_counter() - began) * (1.0 / SHARE - 1.0))


def to_compile(generator: Generator, cache: DiskCache) -> Form | None:
    """The model that has to be compiled before a generator paints faster."""
    form: Form | None = generator.to_compile(cache) if isinstance(generator, Compiles) else None
    return form


def is_compiled(generator: Generator, cache: DiskCache) -> bool:
    """Whether a generator can paint faster at once."""
    return isinstance(generator, Compiles) and generator.is_compiled(cache)


def hastened(name: str, generator: Generator, cache: DiskCache) -> bool:
    """Accelerates what an earlier start has compiled, and returns whether it has. To be called before its piece hangs:
    what a compiled network loads would hold up the painter, and with it a hand."""
    if not is_compiled(generator, cache):
        return False
    accelerate(name, generator, cache)
    return True


def accelerate(name: str, generator: Generator, cache: DiskCache) -> None:
    """A piece's generator paints as fast as it can from here on."""
    if isinstance(generator, Accelerates):
        try:
            generator.accelerate(cache)
        except Exception:  # the edge: a failed acceleration must not stop the piece
            log.exception("%s goes on as it is", name)
        log.info("%s is painted by %s", name, generator.runtime)


def accelerate_all(
    opened: Sequence[int], hung: Callable[[int], Hung | None], pieces: Sequence[Piece], cache: DiskCache
) -> None:
    """First those that can be at once, then the others, whose models are compiled one after another. ``hung`` is a
    piece by its index, None where it was let go since."""
    compiling: dict[Form, list[int]] = {}
    for index in opened:
        found = hung(index)
        model = None if found is None else to_compile(found.generator, cache)
        if model is not None:
            compiling.setdefault(model, []).append(index)
        elif found is not None:
            accelerate(pieces[index].name, found.generator, cache)
    for model, why in compile_apart(compiling, cache):
        for index in compiling[model]:
            if why:
                log.warning("%s goes on as it is: its model was not compiled: %s", pieces[index].name, why)
            elif (found := hung(index)) is not None:
                accelerate(pieces[index].name, found.generator, cache)
