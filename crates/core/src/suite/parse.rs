//! Reading a module file: TOML with the place of everything.
