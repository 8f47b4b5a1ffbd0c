"""How long something takes, measured against the machine on which it runs."""

import time


def yardsticks(call):
    """Return the processor's time that `call` takes, in runs of a plain loop of the same machine.

    The loop takes some 50 ms where nothing else runs, and as much longer elsewhere as everything
    does: a limit in these holds on a busy machine, and still catches what grows without bounds.
    """
    began = time.process_time()
    sum(number * number for number in range(700_000))
    loop = time.process_time() - began
    began = time.process_time()
    call()
    return (time.process_time() - began) / loop
