# machine.Timer: single and repeated callbacks in every kind of waiting, stopping, starting anew.
import gc
import time
from machine import Timer, disable_irq, enable_irq


def fails(exception, function, *args, **kw):
    try:
        function(*args, **kw)
    except exception:
        return
    assert False, (function, args, kw)


def wait(condition):
    while not condition():
        time.sleep_ms(1)


# Once, in a busy loop; the callback gets the timer.
ran = []
timer = Timer(-1, mode=Timer.ONE_SHOT, period=2, callback=ran.append)
while not ran:
    pass
assert ran == [timer]
time.sleep_ms(10)
assert len(ran) == 1

# Not before its time.
start = time.ticks_us()
timer.init(mode=Timer.ONE_SHOT, period=20, callback=lambda t: ran.append(time.ticks_us()))
wait(lambda: len(ran) == 2)
assert time.ticks_diff(ran[1], start) >= 20000

# Again and again, in a sleep; stopped from its own callback.
count = 0


def step(t):
    global count
    count += 1
    if count == 5:
        t.deinit()


Timer(period=1, callback=step)
gc.collect()
time.sleep_ms(5)
wait(lambda: count == 5)
time.sleep_ms(10)
assert count == 5
# Starting anew replaces the old setting.
count = -1000
timer.init(freq=500, callback=step)
timer.init(period=1, callback=step, mode=Timer.PERIODIC, tick_hz=2000, hard=False)
wait(lambda: count > -990)
timer.deinit()
timer.deinit()
stopped = count
time.sleep_ms(10)
assert count == stopped

# Several; what one raises (it is printed) does not stop the others.
a, b, c = [], [], []


def bad(t):
    a.append(1)
    if len(a) == 2:
        raise ValueError("on purpose")


timers = [Timer(0), Timer(1), Timer(2)]
for timer, callback in zip(timers, (bad, b.append, c.append)):
    timer.init(period=1, callback=callback)
wait(lambda: min(len(a), len(b), len(c)) > 3)
for timer in timers:
    timer.deinit()

# More than the scheduler's queue holds at once: none is lost.
many = []
timers = [Timer(mode=Timer.ONE_SHOT, period=1, callback=many.append) for i in range(40)]
time.sleep_us(3000)
wait(lambda: len(many) == 40)
assert set(many) == set(timers)

# Held back while interrupts are off, and without a callback.
held = []
state = disable_irq()
Timer(mode=Timer.ONE_SHOT, period=1, callback=held.append)
time.sleep_ms(10)
assert held == []
enable_irq(state)
wait(lambda: held)
quiet = Timer(period=1)
time.sleep_ms(5)
quiet.deinit()

# Far in the future, and arguments that are not possible.
Timer(period=1 << 60, callback=held.append).deinit()
Timer(period=float("inf"), callback=held.append).deinit()
timer = Timer()
fails(ValueError, timer.init)
for period in (0, -5, 0.0001, float("nan")):
    fails(ValueError, timer.init, period=period)
fails(ValueError, timer.init, mode=7, period=1)
fails(TypeError, timer.init, period="x")
fails(TypeError, timer.init, speed=1)
fails(TypeError, Timer, "x")

print("ok")
