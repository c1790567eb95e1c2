//! The load tests of this repository, copied into working directories of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use windtunnel_core::plan::{Asked, Load, Plan, SelectedModule, compile};
use windtunnel_core::suite::{Selection, Selector, Suite, resolve_variables};

use crate::sandbox::Sandbox;

/// The variables without which `huggingface` does not run.
pub(crate) const HUGGINGFACE: [(&str, &str); 2] = [("MODEL_NAME", "gemma2"), ("HOST", "gemma2-27b-it")];

/// A port of the loopback interface on which nothing listens.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";

/// The folder of the workspace.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the class `ArticleDescriptionsCloudVPS` sends its requests.
pub(crate) const CLOUD_VPS: &str = "https://ml-article-description-api.wmcloud.org";

/// A working directory with modules, data and settings, and without any baseline.
///
/// The one base URL that goes before `--host` is replaced: whatever a test does, nothing leaves this machine.
pub(crate) fn working_copy() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["models", "data", "windtunnel.toml"] {
        sandbox.copy(&repository().join(name), name);
    }
    let descriptions = "models/article_descriptions.toml";
    sandbox.write(descriptions, &sandbox.read(descriptions).replace(CLOUD_VPS, NOWHERE));
    sandbox
}

/// The selected modules of a working copy, with these variables in the environment.
pub(crate) fn selected(sandbox: &Sandbox, names: &str, variables: &[(&str, &str)]) -> Vec<SelectedModule> {
    let suite = Suite::open(&sandbox.path("models")).unwrap();
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let selections = suite.select(&Selector::parse_list(names)).unwrap();
    let with_variables = |Selection { module, users, .. }| {
        let variables = resolve_variables(&module.variables, &lookup).unwrap();
        SelectedModule { module, users, variables }
    };
    selections.into_iter().map(with_variables).collect()
}

/// What would be done with these modules side by side.
pub(crate) fn plan(modules: Vec<SelectedModule>) -> Plan {
    let load = Load {
        users: 1,
        spawn_rate: 1.0,
        run_time: Some(Duration::from_secs(1)),
        stop_timeout: Duration::from_secs(1),
    };
    let asked = Asked {
        modules,
        base_url: Some(NOWHERE.to_owned()),
        base_url_override: None,
        headers: Vec::new(),
        load,
        seed: 1,
        tags: Vec::new(),
        exclude_tags: Vec::new(),
    };
    compile(&asked).unwrap_or_else(|problems| panic!("{problems}"))
}
