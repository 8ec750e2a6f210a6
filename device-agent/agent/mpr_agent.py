# The agent: moves files while it runs on the board, started and ended by the host from the raw REPL.
#
# docs/PROTOCOL.md describes the bytes. The same source is frozen into our firmware and sent to other boards, without
# comments and with short names. It needs sys.stdin.buffer, sys.stdout.buffer, binascii.crc32 and hashlib.sha256.
import sys, os
from binascii import crc32
from hashlib import sha256

# Also in lib.rs of this folder.
VERSION = 3


# What belongs to a run. As names of the module they take less memory than shared by functions within one: the module is
# of one run only.

# Eight bytes that the host begins anew with; bytes from one acknowledgement to the next; the largest payload of a frame.
token = unit = size = None
# Ways to the host; memory for a frame's parts, and for an acknowledgement.
fetch = write = head = keys = body = None
tick = bytearray(1)
# The next frame's number, and bytes of the stream in front of it; bytes to read before the next acknowledgement, and how
# many there were.
number = place = left = count = 0
# Where in the frame's memory what is there of the stream begins and ends; bytes that the inflater has still to give.
first = last = more = 0
# The request, and how many frames have answered it.
request = answers = 0
# The inflater, its source, and where that ends.
inflater = source = None
end = 0


def run(mark, window, most, wbits):
    # The token, the unit and the largest payload; the largest window for inflating, 0 to do without. Payload and window
    # shrink with the memory.
    global token, unit, size, fetch, write, head, keys, body, left, request, answers, inflater, source
    # It was imported for this run only.
    sys.modules.pop("mpr_agent", None)
    memory = free()
    if memory < 12288:
        # The host has ways that need less.
        raise MemoryError
    while most > 300 and most * 16 > memory:
        most //= 2
    while wbits > 8 and 1 << wbits + 3 > memory:
        wbits -= 1
    packs = 0
    if wbits > 8:
        packs = can_deflate()
    if not packs:
        wbits = 0
    token = mark
    left = unit = window
    size = most
    fetch = sys.stdin.buffer.readinto
    write = sys.stdout.buffer.write
    head = memoryview(bytearray(8))
    keys = memoryview(bytearray(size // 56 + 1))
    body = memoryview(bytearray(size))
    if wbits:
        import io, deflate

        source = io.BytesIO()
        inflater = deflate.DeflateIO(source, deflate.RAW, wbits)
    jobs = {76: look, 66: blocks, 71: get, 80: put, 72: heap}
    send(72, bytes(repr((VERSION, size, wbits, packs, memory, sys.platform)), "utf8") + token)
    while 1:
        job = integer(1)
        request = integer(1)
        answers = 0
        if job == 81:
            return send(69, b"", 0)
        try:
            data = jobs[job]()
            send(69, data, answers & 255)
        except Exception as e:
            if isinstance(e, EOFError) or job not in (66, 71, 72):
                # What belongs to the request was not read to its end: it must not be taken for other requests.
                raise
            send(88, trouble(e), answers & 255)


def receive(part):
    global left, count
    at = 0
    while at < len(part):
        n = fetch(part[at : at + left])
        if not n:
            raise EOFError
        at += n
        left -= n
        if not left:
            left = unit
            count = count + 1 & 127
            alive()


def alive():
    tick[0] = 128 | count
    write(tick)


def send(kind, data=b"", *fields):
    front = bytes((kind, request) + fields)
    n = len(front) + len(data)
    front = bytes((1, n & 255, n >> 8)) + front
    write(front)
    write(data)
    write((crc32(data, crc32(front)) & 0xFFFFFFFF).to_bytes(4, "little"))


def answer(data, kind=68):
    global answers
    send(kind, data, answers & 255)
    answers += 1


def frame():
    # Receives the next frame of the stream, again if it has to be. Returns its length.
    global number, place, left, count
    while 1:
        receive(head)
        n = head[1] & 127 | (head[2] & 63) << 7
        if min(head) > 127 and n <= size:
            step = 56 if head[7] & 64 else 224
            receive(keys[: -(-n // step)])
            payload = body[:n]
            receive(payload)
            for i in range(0, n, step):
                key = keys[i // step]
                if key:
                    part = bytes(payload[i : i + step])
                    for byte in b"\x02\x03\x04\r":
                        one = bytes((byte ^ key,))
                        at = part.find(one)
                        while at >= 0:
                            body[i + at] = byte
                            at = part.find(one, at + 1)
            # In parts, for ints of more than 30 bits take memory.
            total = 0
            for i in range(6, 2, -1):
                total = total << 7 | head[i] & 127
            part = crc32(payload, crc32(head[:3]))
            if part & 0xFFFFFFF == total and not (part >> 28 ^ head[7]) & 15 and head[0] & 127 == number:
                number = number + 1 & 127
                place = place + n - (head[2] >> 4 & 4) & 0x3FFFFFFF
                return n
        send(78, bytes((number,)))
        seen = b""
        one = bytearray(1)
        while seen != token:
            if not fetch(one):
                raise EOFError
            seen = (seen + one)[-8:]
        left = unit
        count = 0
        send(83, bytes((number,)) + place.to_bytes(4, "little"))


def some(n):
    # The next bytes of the stream, one at least, n at most. They are good until the next call.
    global first, last, more, end
    while first == last:
        first = 0
        if more:
            last = min(more, size)
            if inflater.readinto(body[:last]) != last:
                raise OSError(22)
            more -= last
        else:
            last = frame()
            if head[2] & 64:
                more = int.from_bytes(body[:4], "little")
                rest = source.read(end - source.tell())
                source.seek(0)
                source.write(rest)
                source.write(body[4:last])
                end = source.tell()
                source.seek(0)
                last = 0
    part = body[first : min(first + n, last)]
    first += len(part)
    return part


def take(n):
    data = b""
    while len(data) < n:
        data += bytes(some(n - len(data)))
    return data


def integer(n=4):
    return int.from_bytes(take(n), "little")


def path():
    return str(take(integer(2)), "utf8")


def digest(name):
    # Reads a file and tells the host now and then that this goes on.
    h = sha256()
    block = bytearray(512)
    n = 0
    with open(name, "rb") as f:
        while 1:
            k = f.readinto(block)
            if not k:
                return h.digest()
            h.update(block[:k] if k < 512 else block)
            n += 1
            if not n & 31:
                alive()


def kind(name):
    # What is there: 0 nothing, 1 a file, 2 a directory; and the size.
    try:
        s = os.stat(name)
    except OSError:
        return 0, 0
    return (2, 0) if s[0] & 0xF000 == 0x4000 else (1, s[6])


def trouble(e):
    # What an exception is to the host: a number and a text. Ours have numbers that no board gives: -3 a directory is in
    # the way, -4 there is no room.
    n = e.args[0] if isinstance(e, OSError) and e.args else 0
    n = n & 0xFFFFFFFF if isinstance(n, int) else 0
    return n.to_bytes(4, "little") + bytes(repr(e), "utf8")


def look():
    # Paths with sizes: what is there, and the digest of files of that size (or of any, or of none).
    length = integer(1)
    out = b""
    for _ in range(integer(2)):
        name = path()
        size = integer()
        is_a, n = kind(name)
        out += bytes((is_a,))
        if is_a == 1:
            out += n.to_bytes(4, "little")
            if size == 0xFFFFFFFF or size == n:
                try:
                    out += digest(name)[:length]
                except OSError:
                    out += bytes(length)
        if len(out) > 500:
            answer(out)
            out = b""
    return out


def blocks():
    # A sum for each block of a file.
    name = path()
    n = integer()
    out = b""
    block = memoryview(bytearray(n))
    with open(name, "rb") as f:
        while 1:
            k = f.readinto(block)
            if not k:
                return out
            out += (crc32(block[:k]) & 0xFFFFFFFF).to_bytes(4, "little")
            if not len(out) & 31:
                alive()
            if len(out) > 500:
                answer(out)
                out = b""


def get():
    # A part of a file, deflated if that is asked for and makes it shorter.
    name = path()
    at = integer()
    n = integer()
    step = integer(2)
    bits = integer(1)
    h = sha256()
    packer = None
    with open(name, "rb") as f:
        if at:
            f.seek(at)
        while n:
            k = f.readinto(body[: min(n, step)])
            if not k:
                break
            n -= k
            part = body[:k]
            h.update(part)
            if bits and not packer:
                # The first part decides.
                import io, deflate

                sink = io.BytesIO()
                packer = deflate.DeflateIO(sink, deflate.RAW, bits)
                packer.write(part)
                packer.close()
                packer = None
                if sink.tell() * 8 > k * 7:
                    bits = 0
                else:
                    sink = io.BytesIO()
                    packer = deflate.DeflateIO(sink, deflate.RAW, bits)
            if packer:
                packer.write(part)
                if sink.tell() * 2 > step:
                    drain(sink)
                else:
                    alive()
            else:
                answer(part)
    if packer:
        packer.close()
        drain(sink)
    return h.digest()


def drain(sink):
    n = sink.tell()
    sink.seek(0)
    answer(sink.read(n), 90)
    sink.seek(0)


def put():
    # Files and directories, one after the other; a status for each.
    while 1:
        op = integer(1)
        if op == 69:
            return b""
        name = path()
        status = bytes(4)
        if op == 77:
            try:
                os.mkdir(name)
            except OSError as e:
                if kind(name)[0] != 2:
                    status = trouble(e)
        else:
            status = store(name, integer(), "ab" if op == 65 else "wb")
        answer(status)


def store(name, total, mode):
    new = name + ".part"
    status = None
    f = old = None
    try:
        if kind(name)[0] == 2:
            raise OSError(-3)
        if total >> 12 and total != 0xFFFFFFFF and hasattr(os, "statvfs"):
            s = os.statvfs(name[: name.rfind("/") + 1] or ".")
            if s[3] * (s[1] or s[0]) < total:
                raise OSError(-4)
        f = open(new, mode)
    except Exception as e:
        status = trouble(e)
        answer(status, 87)
    try:
        while 1:
            op = integer(1)
            if op == 101:
                want = take(32)
                break
            if op == 120:
                want = None
                break
            n = integer(2)
            if op == 99:
                at = integer()
                old = old or open(name, "rb")
                old.seek(at)
            while n:
                if op == 99:
                    # A frame's memory serves as a buffer; what is there of the stream stays.
                    part = old.read(min(n, 512))
                    if not part:
                        break
                    if not n & 0x1FFF:
                        alive()
                else:
                    part = some(n)
                n -= len(part)
                if status is None:
                    try:
                        if f.write(part) not in (None, len(part)):
                            raise OSError(-4)
                    except Exception as e:
                        status = trouble(e)
                        answer(status, 87)
    finally:
        # Also after a Ctrl-C: what is there of the new file stays, for the host to go on with or to remove.
        try:
            if f:
                f.close()
            if old:
                old.close()
        except OSError as e:
            status = status or trouble(e)
    if status is None and want:
        try:
            if digest(new) == want:
                try:
                    os.rename(new, name)
                except OSError as e:
                    # A filesystem that does not replace.
                    if e.args[0] != 17:
                        raise
                    os.remove(name)
                    os.rename(new, name)
                return bytes(4)
            status = b"\xff\xff\xff\xff"
        except Exception as e:
            status = trouble(e)
    try:
        os.remove(new)
    except OSError:
        pass
    return status or b"\xfe\xff\xff\xff"


def heap():
    return free().to_bytes(4, "little")


def free():
    import gc

    gc.collect()
    return getattr(gc, "mem_free", int)() or 65536


def can_deflate():
    # 0: neither; 1: the board can inflate; 2: it can deflate, too.
    try:
        import io, deflate

        deflate.DeflateIO(io.BytesIO(), deflate.RAW, 5).write(b"")
        return 2
    except ImportError:
        return 0
    except OSError:
        return 1
