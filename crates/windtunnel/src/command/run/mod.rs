//! `windtunnel run`: modules one after the other, each compared with its baseline.

mod announce;
mod machine;
mod places;
pub(super) mod prepare;

use windtunnel_core::engine::Options;

use crate::command::Context;

/// How load is generated, as the settings have it.
pub(super) fn generator(context: &Context<'_>) -> Options {
    let settings = &context.settings;
    Options {
        threads: settings.generator.threads,
        insecure: settings.target.insecure.is_some(),
        ca_file: settings.target.ca_file.clone(),
    }
}
