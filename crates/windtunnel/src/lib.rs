//! The program, and the face for Rust users.
