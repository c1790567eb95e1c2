//! One request on one connection; does not know that it is measured.
