"""Workers are restarted under load: nothing is lost. restarts.py does more of it."""

import random

import restarts


def test_thirty_restarts(redis):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    done = restarts.run(redis, 30, seed)
    assert done["tasks"] > 100
