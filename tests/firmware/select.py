# select: the console, streams written in Python, timeouts, one-shot entries.
import io
import select
import sys
import time


def fails(exception, function, *args):
    try:
        function(*args)
    except exception as e:
        return e
    assert False, (function, args)


class Stream(io.IOBase):
    # Becomes ready after some looks.
    def __init__(self, ready, after=0):
        self.ready = ready
        self.after = after
        self.asked = []

    def ioctl(self, request, arg):
        if request != 3:
            return -22
        self.asked.append(arg)
        if self.after:
            self.after -= 1
            return 0
        return self.ready & (arg | select.POLLERR | select.POLLHUP)


assert (select.POLLIN, select.POLLOUT, select.POLLERR, select.POLLHUP) == (1, 4, 8, 16)

# Timeouts.
poll = select.poll()
assert poll.poll(0) == []
start = time.ticks_ms()
assert poll.poll(20) == []
assert time.ticks_diff(time.ticks_ms(), start) >= 19
poll.register(sys.stdin, select.POLLIN)
assert poll.poll(0) == []
start = time.ticks_us()
assert poll.poll(20) == []
assert time.ticks_diff(time.ticks_us(), start) >= 20000
assert select.select([sys.stdin], [], [], 0) == ([], [], [])
start = time.ticks_us()
assert select.select([sys.stdin], [], [], 0.02) == ([], [], [])
assert time.ticks_diff(time.ticks_us(), start) >= 20000
# A negative timeout of select has passed already.
assert select.select([sys.stdin], [], [], -1) == ([], [], [])

# The console can always be written.
assert select.select([sys.stdin], [sys.stdout], []) == ([], [sys.stdout], [])
poll = select.poll()
poll.register(sys.stdout)
assert poll.poll() == [(sys.stdout, select.POLLOUT)]
poll.modify(sys.stdout, select.POLLIN)
assert poll.poll(0) == []
poll.register(sys.stdout, select.POLLOUT)
assert poll.poll(0, 1) == [(sys.stdout, select.POLLOUT)]
assert poll.poll(0) == []
poll.unregister(sys.stdout)
poll.unregister(sys.stdout)
assert fails(OSError, poll.modify, sys.stdout, 1).errno == 2
assert poll.poll(0) == []

# Streams written in Python.
poll = select.poll()
a, b, c = Stream(1), Stream(4, 3), Stream(0)
for s in (a, b, c):
    poll.register(s)
assert poll.poll(0) == [(a, 1)]
poll.unregister(a)
assert poll.poll(1000) == [(b, 4)]
assert a.asked == [5] and len(b.asked) == 4
poll.register(a, select.POLLIN)
assert poll.poll() == [(b, 4), (a, 1)]
assert list(poll.ipoll()) == [(b, 4), (a, 1)]
assert list(poll.ipoll(0, 1)) == [(b, 4), (a, 1)]
assert list(poll.ipoll(0)) == []
poll.modify(a, select.POLLIN)
assert [s for s, _ in poll.ipoll()] == [a]
for s, events in poll.ipoll():
    poll.unregister(s)
assert poll.poll(0) == []

# Errors and hang-ups come unasked, and select counts them as readable.
broken, gone = Stream(8), Stream(16)
assert select.select([broken, gone, c], [c], [c], 0) == ([broken, gone], [], [])
assert select.select([], [broken], [gone], 0) == ([], [broken], [gone])
both = Stream(5)
assert select.select((both,), (both,), (), 0) == ([both], [both], [])
assert select.select([both, both], [], []) == ([both, both], [], [])
assert select.select([a], [a], [], 0) == ([a], [], [])


# What a stream's own code raises comes out; an error number too.
class Bad(io.IOBase):
    def ioctl(self, request, arg):
        raise KeyError(5)


class Refusing(io.IOBase):
    def ioctl(self, request, arg):
        return -5


poll = select.poll()
poll.register(Bad())
fails(KeyError, poll.poll)
poll = select.poll()
poll.register(Refusing())
assert fails(OSError, poll.poll).errno == 5

# Only streams.
for thing in (5, "x", [], None):
    fails(OSError, select.poll().register, thing)
    fails(OSError, select.select, [thing], [], [])
fails(TypeError, select.select, 5, [], [])
fails(TypeError, select.poll().poll, "x")

# Scheduled callbacks run during the wait and may make a stream ready.
import micropython

late = Stream(1, 1 << 60)


def now(_):
    late.after = 0


poll = select.poll()
poll.register(late, select.POLLIN)
micropython.schedule(now, 0)
assert poll.poll(5000) == [(late, 1)]

print("ok")
