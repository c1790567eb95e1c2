//! Writes results: one file a format. Never computes a statistic, never decides anything.
