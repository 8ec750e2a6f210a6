# Prints the same on stock MicroPython: also which of several equal items comes first.
import uheapq as heapq
import urandom as random


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(type(e).__name__, e.args)


class Item:
    def __init__(self, key, name):
        self.key, self.name = key, name

    def __lt__(self, other):
        return self.key < other.key

    def __repr__(self):
        return "%d%s" % (self.key, self.name)


random.seed(5)
for n in (0, 1, 2, 3, 10, 40):
    items = [Item(random.randrange(8), chr(97 + i % 26)) for i in range(n)]
    pushed = []
    for item in items:
        heapq.heappush(pushed, item)
    print(pushed)
    heapq.heapify(items)
    print(items)
    out = []
    while items:
        out.append(heapq.heappop(items))
        if items and random.randrange(4) == 0:
            heapq.heappush(items, out.pop())
    print(out)
show(heapq.heappop, [])
show(heapq.heappush, 1, 2)
show(heapq.heappop, ())
show(heapq.heapify, (1,))
show(heapq.heapify, [])
show(heapq.heapify, [1, "a"])
show(heapq.heappush)


class Sub(list):
    pass


show(heapq.heapify, Sub([2, 1]))
numbers = [random.getrandbits(10) for _ in range(100)]
heap = list(numbers)
heapq.heapify(heap)
assert [heapq.heappop(heap) for _ in range(100)] == sorted(numbers)
