# time: dates from 1970 to 2099, fields beyond their range, tick arithmetic.
import time


def show(function, *args):
    try:
        result = function(*args)
    except Exception as e:
        result = type(e).__name__
    print(args, result)


seconds = 1
while seconds < 4102444800:
    fields = time.gmtime(seconds)
    print(seconds, fields, time.localtime(seconds) == fields, time.mktime(fields) == seconds)
    seconds = seconds + seconds // 7 + 86399

for month in range(-14, 28, 3):
    for day in (-400, -31, 0, 1, 29, 31, 32, 366, 1000):
        show(time.mktime, (2024, month, day, 12, 30, 15, 0, 0))
for clock in ((0, 0, -1), (0, 0, 60), (0, -1, 0), (0, 60, 0), (-1, 0, 0), (24, 0, 0), (23, 59, 59), (100, 100, 100)):
    show(time.mktime, (2024, 2, 29) + clock + (0, 0))
    show(time.mktime, (2001, 1, 1) + clock + (9, 9, 9))
show(time.mktime, (2024, 1, 1))
show(time.mktime, [2024, 1, 1, 0, 0, 0, 0, 0])
show(time.mktime, None)
show(time.mktime, ("a",) * 8)
show(time.gmtime, "x")

for a, b in ((0, 0), (5, 3), (3, 5), (1000000, 1), (0, 500000000)):
    print(time.ticks_diff(a, b), time.ticks_add(a, b), time.ticks_add(a, -b) == time.ticks_add(0, a - b))
print(time.ticks_diff(time.ticks_add(0, -1), 0), time.ticks_add(time.ticks_add(0, -5), 9))

print(time.sleep(0), time.sleep_ms(0), time.sleep_us(0), time.sleep_ms(-1))
show(time.sleep, "x")
show(time.sleep_ms, None)
show(time.ticks_add, 0)
print(type(time.time_ns()), len(time.localtime()), time.gmtime(None)[0] >= 2024)
