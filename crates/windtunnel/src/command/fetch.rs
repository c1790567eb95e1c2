//! `windtunnel fetch`: fresh input data from the MediaWiki API.
//!
//! The one command that asks a server which is not under test, and the one that goes through a proxy where
//! the environment names one.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::wire::Target;

use crate::args::{Fetch, RecentChangesArgs};
use crate::command::{Context, unwritable};
use crate::exit::Exit;

/// Of one answer of the API, which has at most 500 short entries.
const MAX_ANSWER_BYTES: u64 = 4 * 1024 * 1024;
/// An API that always says that there is more would be asked for ever.
const MAX_ANSWERS: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Wikimedia asks for a name that says who calls.
const USER_AGENT: &str =
    concat!("windtunnel/", env!("CARGO_PKG_VERSION"), " (load tests; fetches input data)");

/// Fetches what was asked for.
pub(super) fn fetch(what: &Fetch, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let Fetch::Recentchanges(args) = what;
    let changes = recent_changes(args)?;
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("data").join(format!("recentchanges_{}.tsv", args.wiki)));
    replace(&path, &table(&args.wiki, &changes)).map_err(|error| unwritable(&path, &error))?;
    context.console.info(format_args!("wrote {} rows to {}", changes.len(), path.display()));
    if changes.len() < usize::from(args.limit) {
        context.console.warning(format_args!("the wiki has only {} of {} edits", changes.len(), args.limit));
    }
    Ok(Exit::Success)
}

/// One edit.
#[derive(Debug, Deserialize)]
struct Change {
    revid: u64,
    title: String,
}

/// What the API answers, as far as it is read here.
#[derive(Debug, Deserialize)]
struct Answer {
    error: Option<ApiError>,
    query: Option<Query>,
    #[serde(rename = "continue")]
    more: Option<Continue>,
}

#[derive(Debug, Deserialize)]
struct ApiError {
    code: String,
    info: String,
}

#[derive(Debug, Deserialize)]
struct Query {
    recentchanges: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Continue {
    rccontinue: String,
}

fn recent_changes(args: &RecentChangesArgs) -> Result<Vec<Change>, Problem> {
    let is_language = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if args.wiki.is_empty() || !args.wiki.chars().all(is_language) {
        return Err(Problem::new(format!(
            "--wiki: expected a language code such as `en`, got `{}`",
            args.wiki
        )));
    }
    let url = api_url(args)?;
    let agent = agent();
    let wanted = usize::from(args.limit);
    let mut changes: Vec<Change> = Vec::new();
    let mut from: Option<String> = None;
    for _ in 0..MAX_ANSWERS {
        let answer = ask(&agent, &url, wanted - changes.len(), from.as_deref())?;
        changes.extend(answer.query.map(|query| query.recentchanges).unwrap_or_default());
        changes.truncate(wanted);
        from = answer.more.map(|more| more.rccontinue);
        if changes.len() == wanted || from.is_none() {
            break;
        }
    }
    if changes.is_empty() {
        return Err(Problem::new(format!("`{url}` has no recent edits; nothing was written")));
    }
    Ok(changes)
}

/// The address of the API: `/w/api.php` below the base URL, unless that names it.
fn api_url(args: &RecentChangesArgs) -> Result<String, Problem> {
    let base = args.base_url.clone().unwrap_or_else(|| format!("https://{}.wikipedia.org", args.wiki));
    let base = Target::parse(&base).map_err(|error| Problem::new(format!("--base-url: {error}")))?;
    let names_it = Path::new(&base.prefix).extension().is_some_and(|extension| extension == "php");
    Ok(if names_it { base.to_string() } else { format!("{base}/w/api.php") })
}

/// A client that trusts what the operating system trusts, and goes through the proxy of the environment.
fn agent() -> Agent {
    let roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .user_agent(USER_AGENT)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).build());
    config.build().new_agent()
}

fn ask(agent: &Agent, url: &str, limit: usize, from: Option<&str>) -> Result<Answer, Problem> {
    let mut request = agent
        .get(url)
        .query("action", "query")
        .query("format", "json")
        .query("list", "recentchanges")
        .query("rctype", "edit")
        .query("rcnamespace", "0")
        .query("rcprop", "title|ids")
        .query("rclimit", limit.to_string());
    if let Some(from) = from {
        request = request.query("rccontinue", from);
    }
    let unreachable = |error: ureq::Error| Problem::new(format!("cannot fetch from `{url}`: {error}"));
    let mut response = request.call().map_err(unreachable)?;
    let status = response.status();
    let body =
        response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec().map_err(unreachable)?;
    if !status.is_success() {
        return Err(Problem::new(format!("`{url}` answered with status {status}")));
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| {
        Problem::new(format!("`{url}` did not answer as the MediaWiki API does: {error}"))
    })?;
    match answer.error {
        Some(error) => {
            Err(Problem::new(format!("`{url}` answered with error {}: {}", error.code, error.info)))
        }
        None if answer.query.is_none() => {
            Err(Problem::new(format!("`{url}` did not answer as the MediaWiki API does: no `query`")))
        }
        None => Ok(answer),
    }
}

/// The file: a header row, then language, revision and title.
fn table(wiki: &str, changes: &[Change]) -> String {
    let mut text = String::from("lang\trev_id\ttitle\n");
    for change in changes {
        // A field of a TSV file can hold neither; MediaWiki's titles never do.
        let title = change.title.replace(['\t', '\n', '\r'], " ");
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{wiki}\t{}\t{title}", change.revid);
    }
    text
}

/// Writes beside the file and renames, so that a reader never sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error that is reported is that of the writing.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stay_in_their_field() {
        let changes = [Change { revid: 7, title: "A\tb\nc".to_owned() }];
        assert_eq!(table("en", &changes), "lang\trev_id\ttitle\nen\t7\tA b c\n");
    }

    #[test]
    fn the_api_is_found_below_a_base_url_or_named() {
        let url = |base: Option<&str>| {
            let base_url = base.map(str::to_owned);
            api_url(&RecentChangesArgs { wiki: "de".to_owned(), limit: 1, base_url, out: None }).unwrap()
        };
        assert_eq!(url(None), "https://de.wikipedia.org/w/api.php");
        assert_eq!(url(Some("http://127.0.0.1:1/")), "http://127.0.0.1:1/w/api.php");
        assert_eq!(url(Some("http://h/mediawiki/api.php")), "http://h/mediawiki/api.php");
    }
}
