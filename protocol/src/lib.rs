//! Talks to MicroPython boards.
