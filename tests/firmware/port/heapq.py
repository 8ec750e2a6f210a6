# Comparisons that raise or change the list: no item is lost or doubled.
import heapq, uheapq

assert heapq is uheapq


class Item:
    fuse = 0
    action = None

    def __init__(self, key):
        self.key = key

    def __lt__(self, other):
        Item.fuse -= 1
        if Item.fuse == 0:
            Item.action()
        return self.key < other.key


def fail():
    raise ValueError("fuse")


def ends(f, error):
    try:
        f()
        return False
    except error:
        return True


Item.action = fail
for fuse in range(1, 60):
    for operation in (lambda heap: heapq.heapify(heap), lambda heap: heapq.heappop(heap), lambda heap: heapq.heappush(heap, new)):
        new = Item(-1)
        items = [Item(i * 7 % 20) for i in range(20)]
        heap = list(items)
        Item.fuse = fuse
        raised = ends(lambda: operation(heap), ValueError)
        Item.fuse = 0
        if raised:
            assert set(id(i) for i in items) - set(id(i) for i in heap) == set()
            assert len(heap) - (new in heap) == 20
        heapq.heapify(heap)
        out = [heapq.heappop(heap).key for _ in range(len(heap))]
        assert out == sorted(out)

for change in (lambda: heap.clear(), lambda: heap.pop(), lambda: heap.append(Item(3)), lambda: heapq.heappop(heap)):
    for fuse in (1, 2, 5):
        for operation in (heapq.heapify, heapq.heappop, lambda heap: heapq.heappush(heap, Item(-1))):
            heap = [Item(i * 7 % 20) for i in range(20)]
            heapq.heapify(heap)
            Item.action = change
            Item.fuse = fuse
            raised = ends(lambda: operation(heap), RuntimeError)
            assert raised == (Item.fuse <= 0), (raised, Item.fuse)
            Item.fuse = 0
            heapq.heapify(heap)
            assert all(type(item) is Item for item in heap)
