//! Layers and modules made in a line, for the tests of the settings.

use windtunnel_core::suite::{LoadSpec, Module, TolerancesSpec};

use crate::settings::layer::{Layer, Origin, Sourced};

/// A layer of flags.
pub(crate) fn layer(pairs: &[(&str, &str)]) -> Layer {
    let sourced = |(key, value): &(&str, &str)| {
        let from = Origin::Flag(format!("--{key}"));
        ((*key).to_owned(), Sourced { value: (*value).to_owned(), from })
    };
    pairs.iter().map(sourced).collect()
}

/// A module that says nothing.
pub(crate) fn module(name: &str) -> Module {
    Module {
        name: name.to_owned(),
        path: format!("models/{name}.toml").into(),
        root: ".".into(),
        members: Vec::new(),
        description: None,
        baseline: None,
        tables: Vec::new(),
        variables: Vec::new(),
        users: Vec::new(),
        load: LoadSpec::default(),
        sim: LoadSpec::default(),
        tolerances: TolerancesSpec::default(),
        limits: Vec::new(),
    }
}
