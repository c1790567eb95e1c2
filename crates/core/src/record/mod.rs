//! A thread's own counters: filled by one thread, handed over at ticks. No lock, no clock, no formatting.
