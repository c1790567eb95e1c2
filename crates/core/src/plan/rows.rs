//! Drawing rows from tables.
