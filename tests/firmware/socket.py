# socket: TCP and UDP over the loopback, timeouts, polling, names, errors.
import gc
import select
import socket
import time

ETIMEDOUT, EAGAIN, EBADF, EINVAL, EINPROGRESS, ECONNREFUSED = 110, 11, 9, 22, 115, 111


def errno_of(function, *args):
    try:
        function(*args)
    except OSError as e:
        return e.errno
    assert False, (function, args)


def fails(exception, function, *args):
    try:
        function(*args)
    except exception:
        return
    assert False, (function, args)


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s


def serve():
    # There is no getsockname, so try ports until one is free.
    global port
    while True:
        port += 1
        s = socket.socket()
        try:
            s.bind(("127.0.0.1", port))
            s.listen(4)
            return s
        except OSError as e:
            assert e.errno == 98, e
            s.close()


port = 20000 + time.ticks_us() % 10000
server = serve()
address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
assert address == ("127.0.0.1", port)


def pair():
    client = socket.socket()
    client.connect(address)
    other, source = server.accept()
    assert source[0] == "127.0.0.1" and source[1] != port
    return client, other


# Both directions, in every way of sending and receiving.
a, b = pair()
assert a.send(b"hello") == 5
assert b.recv(100) == b"hello"
b.sendall(b"x" * 1000)
got = b""
while len(got) < 1000:
    got += a.recv(300)
assert got == b"x" * 1000
assert a.write(b"line one\nline two\nrest") == 22
assert b.readline() == b"line one\n"
assert b.readline() == b"line two\n"
assert b.read(4) == b"rest"
buffer = bytearray(6)
a.send(b"123456789")
assert b.readinto(buffer) == 6 and buffer == b"123456"
assert b.recv_into(buffer) == 3 and buffer == b"789456"
a.send(b"abcdef")
assert b.recv_into(buffer, 2) == 2 and buffer == b"ab9456"
assert b.readinto(buffer, 4) == 4 and buffer == b"cdef56"
assert a.send(bytearray(b"y")) == 1 and a.send(memoryview(b"z")) == 1
assert b.recvfrom(10)[0] in (b"yz", b"y")
assert b.recv(0) == b""
assert a.makefile("rwb") is a
a.write("text\n")
f = b.makefile()
line = next(iter(f))
assert line in (b"text\n", b"ztext\n"), line

# End of the stream.
a.close()
assert b.recv(10) == b"" and b.read(10) == b"" and b.readline() == b"" and b.read() == b""
b.close()
a, b = pair()
a.send(b"all of it")
a.close()
assert b.read() == b"all of it"
b.close()
b.close()

# Closed sockets, also by `with`.
for operation in (b.recv, b.read, b.listen):
    assert errno_of(operation, 1) == EBADF
assert errno_of(b.send, b"1") == EBADF
assert errno_of(b.connect, address) == EBADF
assert errno_of(b.accept) == EBADF
with pair()[0] as c:
    pass
assert errno_of(c.send, b"1") == EBADF
p = select.poll()
p.register(c)
assert p.poll(0) == [(c, 0x20)]

# Timeouts and sockets that don't wait.
a, b = pair()
a.setblocking(False)
assert errno_of(a.recv, 1) == EAGAIN
assert a.read(1) is None and a.read() is None and a.readline() is None
a.settimeout(0.02)
start = time.ticks_us()
assert errno_of(a.recv, 1) == ETIMEDOUT
assert time.ticks_diff(time.ticks_us(), start) >= 20000
assert errno_of(a.read, 1) == ETIMEDOUT
server.settimeout(0.02)
assert errno_of(server.accept) == ETIMEDOUT
server.setblocking(False)
assert errno_of(server.accept) == EAGAIN
server.settimeout(None)
a.settimeout(0)


# A connection takes only so much; then each way of sending says so.
def until_full(send):
    while True:
        try:
            if send(b"f" * 4096) is None and send != a.sendall:
                return None
        except OSError as e:
            return e.errno


assert until_full(a.send) == EAGAIN
assert until_full(a.sendall) == EAGAIN
assert until_full(a.write) is None
a.settimeout(0.01)
assert until_full(a.send) == ETIMEDOUT
assert until_full(a.sendall) == ETIMEDOUT
assert until_full(a.write) == ETIMEDOUT
a.setblocking(False)
p = select.poll()
p.register(a, select.POLLOUT)
while not p.poll(0):
    if select.select([b], [], [], 0.01)[0]:
        assert b.recv(8192)
assert p.poll() == [(a, select.POLLOUT)]
# Take the rest: what is sent last comes last.
a.setblocking(True)
a.settimeout(None)
a.send(b"end")
while not b.recv(8192).endswith(b"end"):
    pass
a.setblocking(True)
fails(ValueError, a.settimeout, -1)
fails(TypeError, a.settimeout, "1")

# Polling: readable, writable, both, hung up.
p = select.poll()
p.register(b)
assert p.poll() == [(b, select.POLLOUT)]
a.send(b"1")
while p.poll() != [(b, select.POLLIN | select.POLLOUT)]:
    pass
p.modify(b, select.POLLIN)
assert p.poll() == [(b, select.POLLIN)]
b.recv(10)
assert p.poll(0) == []
start = time.ticks_us()
assert p.poll(20) == []
assert time.ticks_diff(time.ticks_us(), start) >= 20000
assert select.select([a, b], [a], [], 0) == ([], [a], [])
a.close()
((s, events),) = p.poll()
assert s is b and events & select.POLLIN
assert select.select([b], [], []) == ([b], [], [])
p.unregister(b)
p.register(server, select.POLLIN)
assert p.poll(0) == []
c = socket.socket()
c.connect(address)
assert p.poll() == [(server, select.POLLIN)]
server.accept()[0].close()
c.close()
b.close()

# Connecting without waiting.
c = socket.socket()
c.setblocking(False)
try:
    c.connect(address)
except OSError as e:
    assert e.errno == EINPROGRESS, e
p = select.poll()
p.register(c, select.POLLOUT)
assert p.poll() == [(c, select.POLLOUT)]
other, _ = server.accept()
other.send(b"in")
p.modify(c, select.POLLIN)
p.poll()
assert c.recv(5) == b"in"
c.close()
other.close()

# Refused, in use, not there.
server.close()
c = socket.socket()
assert errno_of(c.connect, address) == ECONNREFUSED
c.close()
server = serve()
other = socket.socket()
assert errno_of(other.bind, ("127.0.0.1", port)) == 98
other.close()
# A port can be had again at once: closing is done when it returns.
for i in range(20):
    server.settimeout(0)
    p = select.poll()
    p.register(server, select.POLLIN)
    p.poll(1)
    server.close()
    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen(1)
address = ("127.0.0.1", port)

# Options.
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, b"\x01\x00\x00\x00")
server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
assert errno_of(server.setsockopt, 99, 99, 1) == 95
assert errno_of(server.setsockopt, 0, socket.IP_ADD_MEMBERSHIP, b"short") == EINVAL

# UDP.
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    port += 1
    try:
        u.bind(("127.0.0.1", port))
        break
    except OSError as e:
        assert e.errno == 98
v = udp()
assert v.sendto(b"datagram", ("127.0.0.1", port)) == 8
data, source = u.recvfrom(100)
assert data == b"datagram" and source[0] == "127.0.0.1"
assert u.sendto(b"back", source) == 4
assert v.recvfrom(2) == (b"ba", ("127.0.0.1", port))
v.connect(("127.0.0.1", port))
assert v.send(b"") == 0 and v.send(b"connected") == 9
assert u.recv(10) == b"" and u.recvfrom(20)[0] == b"connected"
v.sendto(b"", 0, ("127.0.0.1", port))
assert u.recv(10) == b""
v.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
u.settimeout(0.01)
assert errno_of(u.recvfrom, 10) == ETIMEDOUT
u.close()
v.close()

# Names and addresses.
infos = socket.getaddrinfo("localhost", 80)
assert infos[0] == (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)), infos
assert socket.getaddrinfo("::1", 80) == [(socket.AF_INET6, 1, 0, "", ("::1", 80, 0, 0))]
assert socket.getaddrinfo("0.0.0.0", 53, 0, socket.SOCK_DGRAM, 17)[0][1:3] == (2, 17)
assert socket.getaddrinfo("", 1)[0][-1] == ("0.0.0.0", 1)
assert errno_of(socket.getaddrinfo, "::1", 80, socket.AF_INET) == -2
assert errno_of(socket.getaddrinfo, "no-such-host.invalid", 80) == -2
fails(ValueError, socket.getaddrinfo, "127.0.0.1", 65536)
fails(ValueError, socket.getaddrinfo, "127.0.0.1", -1)
fails(TypeError, socket.getaddrinfo, "127.0.0.1", "http")
c = socket.socket()
fails(ValueError, c.connect, ("127.0.0.1",))
fails(TypeError, c.connect, 5)
fails(TypeError, c.connect, (5, 5))
c.connect(("localhost", address[1]))
c.close()

# Arguments.
assert errno_of(socket.socket, 99) == EINVAL
assert errno_of(socket.socket, socket.AF_INET, 99) == EINVAL
fails(TypeError, socket.socket, "x")
fails(ValueError, c.recv, -1)
s = socket.socket(proto=socket.IPPROTO_TCP, type=socket.SOCK_STREAM, af=socket.AF_INET)
fails(TypeError, s.send, 5)
fails(TypeError, s.send, 5.5)
fails(MemoryError, s.recv, 1 << 40)
fails(MemoryError, s.recv, (1 << 62) - 1)
s.close()


# A class of its own, and more sockets than the system would give: lost ones are closed by a collection.
class Mine(socket.socket):
    def twice(self, data):
        return self.send(data) + self.send(data)


m = Mine()
m.connect(address)
assert m.twice(b"ab") == 4
p = select.poll()
p.register(m, select.POLLOUT)
assert p.poll() == [(m, select.POLLOUT)]
m.close()
for i in range(3000):
    lost = udp()
del lost
gc.collect()

# Callbacks run while a socket waits, and may close it.
import micropython

u = udp()
ran = []


def callback(_):
    ran.append(1)
    u.close()


micropython.schedule(callback, 0)
assert errno_of(u.recv, 1) == EBADF and ran == [1]

# Option 20: a function is called when something comes in, also while a program computes, and again until it says False.
server.close()
server = serve()
address = ("127.0.0.1", port)
for answer in (None, False):
    client, other = pair()
    got = []

    def came(s):
        got.append((s is other, s.recv(1)))
        return answer

    other.setsockopt(socket.SOL_SOCKET, 20, came)
    client.send(b"abc")
    end = time.ticks_add(time.ticks_ms(), 5000 if answer is None else 100)
    while len(got) < 3 and time.ticks_diff(end, time.ticks_ms()) > 0:
        pass
    assert got == [(True, bytes([c])) for c in (b"abc" if answer is None else b"a")], got
    other.setsockopt(socket.SOL_SOCKET, 20, None)
    client.send(b"d")
    time.sleep_ms(20)
    assert got[-1][1] != b"d"
    client.close()
    other.close()
assert errno_of(other.setsockopt, socket.SOL_SOCKET, 20, came) == EBADF
server.close()
print("ok")
