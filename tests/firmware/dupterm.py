# os.dupterm: a second stream beside the console gets what is printed and gives input.
import io
import os
import select
import sys


def fails(exception, function, *args):
    try:
        function(*args)
    except exception:
        return
    assert False, (function, args)


class Term(io.IOBase):
    def __init__(self, given=b""):
        self.given = given
        self.out = b""
        self.closed = False

    def readinto(self, buffer):
        if not self.given:
            return None
        buffer[0] = self.given[0]
        self.given = self.given[1:]
        return 1

    def write(self, data):
        self.out += bytes(data)
        return len(data)

    def ioctl(self, request, arg):
        if request == 3:
            return arg & (1 if self.given else 0)
        if request == 4:
            self.closed = True
        return 0


assert os.dupterm(None) is None
term = Term()
assert os.dupterm(term) is None
print("both", 5)
sys.stdout.buffer.write(b"raw\n")
assert os.dupterm(None, 0) is term
print("console only")
assert term.out == b"both 5\r\nraw\n", term.out

# Input, and polling for it.
term = Term(b"ab\rline\n")
os.dupterm(term)
assert sys.stdin.read(1) == "a"
p = select.poll()
p.register(sys.stdin, select.POLLIN)
assert p.poll(0) == [(sys.stdin, 1)]
assert select.select([sys.stdin], [], []) == ([sys.stdin], [], [])
assert sys.stdin.buffer.read(2) == b"b\r"
assert sys.stdin.readline() == "line\n"
assert p.poll(0) == []
assert p.poll(5) == []
other = Term(b"xyz")
assert os.dupterm(other) is term
# Input can also be handed over at once.
os.dupterm_notify(other)
assert other.given == b"" and p.poll(0) == [(sys.stdin, 1)]
assert sys.stdin.read(3) == "xyz"
# The interrupt character is not input.
other.given = b"1\x032"
caught = False
try:
    os.dupterm_notify(other)
    while True:
        pass
except KeyboardInterrupt:
    caught = True
assert caught and sys.stdin.read(2) == "12"
assert os.dupterm(None) is other


# A stream that fails or ends is dropped, and the console goes on.
class Failing(Term):
    def write(self, data):
        raise ValueError("on purpose")


class Ending(Term):
    def readinto(self, buffer):
        return 0


failing = Failing()
os.dupterm(failing)
print("this goes on")
assert os.dupterm(None) is None and failing.closed
ending = Ending()
os.dupterm(ending)
os.dupterm_notify(ending)
assert os.dupterm(None) is None and ending.closed


# One that prints itself ends with too deep a recursion, not with the board.
class Loud(Term):
    def write(self, data):
        print("loud")
        return len(data)


loud = Loud()
os.dupterm(loud)
print("x")
assert os.dupterm(None) is None

# Only streams, only one.
fails(OSError, os.dupterm, 5)
fails(ValueError, os.dupterm, term, 1)
fails(TypeError, os.dupterm)

print("ok")
