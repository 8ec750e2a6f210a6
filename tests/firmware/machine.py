# machine: memory, clocks, identity; resets are tested over the console.
import machine
import time


def fails(exception, function, *args):
    try:
        function(*args)
    except exception:
        return
    assert False, (function, args)


def store(memory, address):
    memory[address] = 0


# Emulated memory: 64 KB from 0x20000000, little-endian.
BASE = 0x20000000
machine.mem32[BASE] = 0x12345678
assert machine.mem8[BASE] == 0x78 and machine.mem8[BASE + 3] == 0x12
assert machine.mem16[BASE] == 0x5678 and machine.mem16[BASE + 2] == 0x1234
machine.mem8[BASE + 1] = 0x1FF
assert machine.mem32[BASE] == 0x1234FF78
machine.mem16[BASE + 2] = 0xFFFF8001
assert machine.mem32[BASE] == 0x8001FF78
machine.mem32[BASE] = -1
assert machine.mem32[BASE] == 0xFFFFFFFF
machine.mem32[BASE] = (1 << 70) + 5
assert machine.mem32[BASE] == 5
machine.mem32[BASE + 0xFFFC] = 7
assert machine.mem8[BASE + 0xFFFC] == 7
for memory in (machine.mem8, machine.mem16, machine.mem32):
    for address in (0, BASE - 4, BASE + 0x10000, -4, 1 << 63, (1 << 64) - 4):
        fails(ValueError, lambda: memory[address])
        fails(ValueError, store, memory, address)
for memory, address in ((machine.mem16, BASE + 1), (machine.mem32, BASE + 2), (machine.mem32, BASE + 1)):
    try:
        memory[address] = 1
        assert False
    except ValueError as e:
        assert "aligned" in str(e)
fails(TypeError, lambda: machine.mem8["x"])
try:
    del machine.mem8[BASE]
    assert False
except TypeError:
    pass
assert hasattr(machine, "mem8") and str(machine.mem8).startswith("<mem")

# Identity and clocks.
assert len(machine.unique_id()) == 8 and machine.unique_id() == machine.unique_id()
before = machine.freq()
machine.freq(48000000)
assert machine.freq() == 48000000
fails(ValueError, machine.freq, 0)
fails(ValueError, machine.freq, -1)
assert machine.freq() == 48000000
machine.freq(before)

# The real-time clock: what is set is what time sees; the weekday follows from the date.
rtc = machine.RTC()
assert rtc is machine.RTC()
now = time.time()
at = rtc.datetime()
assert abs(time.mktime(at[:3] + at[4:7] + (0, 0)) - now) <= 1
assert at[3] == time.localtime(now)[6] or at[2] != time.localtime(now)[2]
assert 0 <= at[7] < 1000000
rtc.datetime((2031, 2, 3, 6, 4, 5, 6, 250000))
at = rtc.datetime()
assert at[:6] == (2031, 2, 3, 0, 4, 5) and at[6] >= 6, at
assert time.localtime()[:5] == (2031, 2, 3, 4, 5)
rtc.init((2024, 2, 29, 0, 23, 59, 58, 0))
assert rtc.datetime()[:4] == (2024, 2, 29, 3)
fails(ValueError, rtc.datetime, (2024, 1, 1))
fails(TypeError, rtc.datetime, 5)
fails(ValueError, rtc.datetime, (1960, 1, 1, 0, 0, 0, 0, 0))
fails(ValueError, rtc.datetime, (2024, 1, 1, 0, 0, 0, 0, -1))
fails(ValueError, rtc.datetime, (1 << 40, 1, 1, 0, 0, 0, 0, 0))
fails(TypeError, rtc.init)

# Reset causes are distinct; light sleep takes its time; callbacks wait while interrupts are off.
causes = {machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET, machine.DEEPSLEEP_RESET, machine.SOFT_RESET}
assert len(causes) == 5 and machine.reset_cause() in causes
start = time.ticks_us()
machine.lightsleep(10)
assert time.ticks_diff(time.ticks_us(), start) >= 10000
machine.idle()

import micropython

ran = []
state = machine.disable_irq()
inner = machine.disable_irq()
micropython.schedule(ran.append, 1)
time.sleep_ms(2)
assert ran == []
machine.enable_irq(inner)
time.sleep_ms(2)
assert ran == []
machine.enable_irq(state)
time.sleep_ms(2)
assert ran == [1]

print("ok")
