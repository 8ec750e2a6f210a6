# time: the calendar against dates computed by CPython, tick arithmetic, sleeping.
import time

DATES = (
    (0, (1970, 1, 1, 0, 0, 0, 3, 1)),
    (-1, (1969, 12, 31, 23, 59, 59, 2, 365)),
    (1, (1970, 1, 1, 0, 0, 1, 3, 1)),
    (86399, (1970, 1, 1, 23, 59, 59, 3, 1)),
    (86400, (1970, 1, 2, 0, 0, 0, 4, 2)),
    (951782399, (2000, 2, 28, 23, 59, 59, 0, 59)),
    (951782400, (2000, 2, 29, 0, 0, 0, 1, 60)),
    (951868800, (2000, 3, 1, 0, 0, 0, 2, 61)),
    (946684800, (2000, 1, 1, 0, 0, 0, 5, 1)),
    (4107542399, (2100, 2, 28, 23, 59, 59, 6, 59)),
    (4107542400, (2100, 3, 1, 0, 0, 0, 0, 60)),
    (1709164800, (2024, 2, 29, 0, 0, 0, 3, 60)),
    (1709251199, (2024, 2, 29, 23, 59, 59, 3, 60)),
    (1709251200, (2024, 3, 1, 0, 0, 0, 4, 61)),
    (2147483647, (2038, 1, 19, 3, 14, 7, 1, 19)),
    (2147483648, (2038, 1, 19, 3, 14, 8, 1, 19)),
    (4294967296, (2106, 2, 7, 6, 28, 16, 6, 38)),
    (253402300799, (9999, 12, 31, 23, 59, 59, 4, 365)),
    (-2208988800, (1900, 1, 1, 0, 0, 0, 0, 1)),
    (-62135596800, (1, 1, 1, 0, 0, 0, 0, 1)),
    (1717117323, (2024, 5, 31, 1, 2, 3, 4, 152)),
)
for seconds, fields in DATES:
    assert time.gmtime(seconds) == fields, (seconds, time.gmtime(seconds))
    assert time.localtime(seconds) == fields
    assert time.mktime(fields) == seconds
    assert time.mktime(fields + (0,)) == seconds

# Fields beyond their range carry over.
assert time.mktime((2024, 13, 1, 0, 0, 0, 0, 0)) == time.mktime((2025, 1, 1, 0, 0, 0, 0, 0))
assert time.mktime((2024, 0, 1, 0, 0, 0, 0, 0)) == time.mktime((2023, 12, 1, 0, 0, 0, 0, 0))
assert time.mktime((2024, 3, 0, 0, 0, 0, 0, 0)) == time.mktime((2024, 2, 29, 0, 0, 0, 0, 0))
assert time.mktime((2024, 1, 1, 25, 61, -1, 0, 0)) == time.mktime((2024, 1, 2, 2, 0, 59, 0, 0))


def fails(exception, function, *args):
    try:
        function(*args)
    except exception:
        return
    assert False, (function, args)


fails(TypeError, time.mktime, (2024, 1, 1))
fails(TypeError, time.mktime, 5)
fails(OverflowError, time.mktime, (1 << 60, 1, 1, 0, 0, 0, 0, 0))
fails(OverflowError, time.gmtime, 1 << 62)
fails(OverflowError, time.gmtime, -(1 << 100))
fails(TypeError, time.gmtime, "1")

# The clock: its parts agree, and it is past the day when this was written.
assert time.time() > 1730000000
assert abs(time.time_ns() // 1000000000 - time.time()) <= 1
assert time.mktime(time.localtime()) - time.time() <= 1
assert isinstance(time.time(), int)

# Ticks: not negative, below the period, and differences right across the wrap-around.
last = time.ticks_add(0, -1)
assert last > 0 and last & (last + 1) == 0
assert time.ticks_add(last, 1) == 0
assert time.ticks_diff(0, last) == 1
assert time.ticks_diff(last, 0) == -1
assert time.ticks_diff(5, 3) == 2 and time.ticks_diff(3, 5) == -2
assert time.ticks_diff(time.ticks_add(7, 1000), 7) == 1000
half = (last + 1) // 2
assert time.ticks_diff(half - 1, 0) == half - 1
assert time.ticks_diff(half, 0) == -half
assert time.ticks_add(0, half - 1) == half - 1
fails(OverflowError, time.ticks_add, 0, half)
fails(OverflowError, time.ticks_add, 0, -half)
for ticks in (time.ticks_ms, time.ticks_us, time.ticks_cpu):
    first = ticks()
    assert 0 <= first <= last
    assert time.ticks_diff(ticks(), first) >= 0

# Sleeping takes at least as long as asked.
for sleep, amount, us in (
    (time.sleep, 0.01, 10000),
    (time.sleep, 0, 0),
    (time.sleep, -1, 0),
    (time.sleep_ms, 10, 10000),
    (time.sleep_ms, -5, 0),
    (time.sleep_us, 2500, 2500),
    (time.sleep_us, -5, 0),
):
    start = time.ticks_us()
    sleep(amount)
    assert time.ticks_diff(time.ticks_us(), start) >= us
fails(TypeError, time.sleep, "1")
fails(TypeError, time.sleep_ms, 1.5)

# Scheduled callbacks run while the program sleeps.
import micropython

ran = []
for i in range(3):
    micropython.schedule(ran.append, i)
time.sleep_ms(5)
assert ran == [0, 1, 2], ran

print("ok")
