//! What one run knows about one row: estimates and their spread, from time batches.
