"""The fair lock between threads: first come, first served, and nobody who gave up is waited for."""

import threading
import time

import pytest

from domain.kernel.refusal import InvariantBroken
from services.event_store.failures import Unavailable
from services.event_store.locks import FairLock


def test_serves_in_the_order_of_coming() -> None:
    lock, order = FairLock("varend"), list[int]()

    def wait(number: int) -> None:
        with lock.holding(10):
            order.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    with lock.holding(1):
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(lock._waiting) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_forgets_who_gave_up() -> None:
    lock = FairLock("varend")
    refused: list[Unavailable] = []

    def give_up() -> None:
        try:
            with lock.holding(0.01):
                raise AssertionError
        except Unavailable as failure:
            refused.append(failure)

    with lock.holding(1):
        thread = threading.Thread(target=give_up)
        thread.start()
        thread.join()
    assert len(refused) == 1
    with lock.holding(0):
        pass


def test_is_not_left_behind_by_an_interrupted_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = FairLock("varend")

    def interrupted(_: threading.Event, __: float) -> bool:
        raise KeyboardInterrupt

    lock._held = True  # by another thread
    monkeypatch.setattr(threading.Event, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt), lock.holding(1):
        pass
    lock._release()
    with lock.holding(0):
        pass


def test_is_not_taken_twice_by_one_thread() -> None:
    lock = FairLock("varend")
    with lock.holding(1), pytest.raises(InvariantBroken), lock.holding(1):
        pass
