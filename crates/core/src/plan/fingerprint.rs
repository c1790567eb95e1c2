//! What makes two rows comparable.
