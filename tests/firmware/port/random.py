# Numbers of more than 32 bits, and seeds from the board.
import random, urandom

assert random is urandom
for stop in (1 << 33, 1 << 40, (1 << 62) - 1):
    numbers = [random.randrange(stop) for _ in range(50)]
    assert 0 <= min(numbers) and max(numbers) < stop and max(numbers) > stop // 4
    numbers = [random.randint(-stop, stop) for _ in range(50)]
    assert -stop <= min(numbers) < 0 < max(numbers) <= stop
lowest, highest = -(1 << 63) + 1, (1 << 63) - 1
numbers = [random.randint(lowest, highest) for _ in range(50)]
assert lowest <= min(numbers) < 0 < max(numbers) <= highest
numbers = [random.randrange(lowest, highest, 1 << 61) for _ in range(50)]
assert len(set(numbers)) > 3 and all((n - lowest) % (1 << 61) == 0 for n in numbers)
starts = set()
for _ in range(5):
    random.seed()
    starts.add(random.getrandbits(32))
assert len(starts) > 1
