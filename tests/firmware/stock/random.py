# Prints the same on stock MicroPython: a seed gives the same numbers.
import urandom as random


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(type(e).__name__, e.args)


for seed in (42, 0, 1, -1, (1 << 40) + 42):
    show(random.seed, seed)
    print([random.getrandbits(32) for _ in range(6)])
for n in (1, 5, 8, 16, 31, 32, 0, -1, 33, 64):
    show(random.getrandbits, n)
random.seed(1)
for n in (1, 2, 3, 7, 8, 9, 10, 255, 256, 257, 1 << 20, (1 << 30) - 1):
    print([random.randrange(n) for _ in range(8)])
for args in [(5, 1000), (-20, -10), (0, 100, 7), (100, 0, -7), (5, 6, 10), (6, 5, -10), (-(1 << 20), 1 << 20), (0, 1 << 30)]:
    print([random.randrange(*args) for _ in range(8)])
print([random.randint(1, 6) for _ in range(20)], random.randint(3, 3))
for sequence in ("abcdef", (5,), [1, 2, 3], range(10), b"abc", "\xe9"):
    print([random.choice(sequence) for _ in range(6)])
for args in [(0,), (-5,), (1, 1), (5, 1), (1, 5, 0), (1, 5, -1), (1.5,), ("a",), (), (1 << 70,)]:
    show(random.randrange, *args)
for args in [(1, 0), (1,), (1.5, 2)]:
    show(random.randint, *args)
for sequence in ([], 1, {1: 2}, ""):
    show(random.choice, sequence)
random.seed(7)
scale = 1 << 52
print([int(random.random() * scale) for _ in range(6)])
print([int(random.uniform(0, scale)) for _ in range(6)], [int(random.uniform(3, -1.5) * 1000000) for _ in range(6)])
show(random.uniform, 1)
show(random.uniform, "a", 1)
for args in [(), (None,), (1.5,), ("a",), (1, 2)]:
    show(random.seed, *args)
