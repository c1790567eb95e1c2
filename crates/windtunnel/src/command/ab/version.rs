//! The two versions of the server: where their requests go, and what they carry.

use std::collections::BTreeMap;

use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::plan::{HeaderOverride, Plan};
use windtunnel_core::wire::Target;

use crate::args::AbArgs;
use crate::command::Context;
use crate::command::run::prepare::BaseUrls;

/// A version of the server.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// `A`, the old one, or `B`, the new one.
    pub(super) letter: char,
    /// Where its requests go, and the headers that tell it apart.
    pub(super) base_urls: BaseUrls,
}

/// Reads both versions.
pub(super) fn read(args: &AbArgs, context: &Context<'_>) -> Result<[Version; 2], Problems> {
    let mut problems = Problems::default();
    let a = Told::read('a', args.a.as_deref(), &args.header_a, &mut problems);
    let b = Told::read('b', args.b.as_deref(), &args.header_b, &mut problems);
    if problems.0.is_empty() && !context.settings.results.doubts.force {
        problems.0.extend(not_two(&a, &b));
    }
    problems.into_result()?;
    let version = |letter, told: Told| {
        let mut base_urls = BaseUrls::of(context, None);
        base_urls.instead = told.base_url.map(|target| target.to_string());
        base_urls.headers = told.headers.into_values().collect();
        Version { letter, base_urls }
    };
    Ok([version('A', a), version('B', b)])
}

/// What was said of a version.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    base_url: Option<Target>,
    /// By name.
    headers: BTreeMap<String, HeaderOverride>,
}

impl Told {
    fn read(letter: char, url: Option<&str>, headers: &[String], problems: &mut Problems) -> Self {
        let base_url = url.and_then(|url| {
            let wrong = |error| problems.0.push(Problem::new(format!("--{letter}: {error}")));
            Target::parse(url).map_err(wrong).ok()
        });
        let mut told = Self { base_url, headers: BTreeMap::new() };
        for text in headers {
            match HeaderOverride::parse(text) {
                Ok(header) => {
                    let name = header.name().to_owned();
                    if told.headers.insert(name.clone(), header).is_some() {
                        let message = format!("--header-{letter}: `{name}` is given twice");
                        problems.0.push(Problem::new(message));
                    }
                }
                Err(error) => problems.0.push(Problem::new(format!("--header-{letter}: {error}"))),
            }
        }
        told
    }
}

/// The mistake of comparing a thing with itself.
fn not_two(a: &Told, b: &Told) -> Option<Problem> {
    if a != b {
        return None;
    }
    let check = "--force compares one version with itself, to see how much its runs differ";
    Some(if a.base_url.is_none() && a.headers.is_empty() {
        let message = "there are no two versions to compare";
        let how =
            "say --a URL --b URL, or --header-a 'NAME: VALUE' --header-b 'NAME: VALUE' behind one gateway";
        Problem::new(message).help(format!("{how}; {check}"))
    } else {
        Problem::new("A and B are the same: base URL and headers").help(check)
    })
}

impl Version {
    /// Where it is, for people: base URLs and the headers that tell it apart, without values that may be secrets.
    pub(super) fn place(&self, plan: &Plan) -> String {
        let targets = match &self.base_urls.instead {
            Some(url) => url.clone(),
            None => plan.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let headers: Vec<String> = self.base_urls.headers.iter().map(ToString::to_string).collect();
        let headers = if headers.is_empty() { String::new() } else { format!(" ({})", headers.join(", ")) };
        plan.redact(&(targets + &headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str, headers: &[&str]) -> (Told, Problems) {
        let mut problems = Problems::default();
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        (Told::read('a', Some(url).filter(|url| !url.is_empty()), &headers, &mut problems), problems)
    }

    #[test]
    fn versions_that_differ_in_writing_alone_are_one() {
        let (one, _) = told("http://gateway:80", &["x: 1", "Host: a"]);
        let (other, _) = told("http://gateway/", &["host:a", "X:1"]);
        assert!(not_two(&one, &other).is_some());
        for (url, headers) in [("http://gateway", &["x: 1"][..]), ("http://other", &["x: 1", "Host: a"])] {
            assert!(not_two(&one, &told(url, headers).0).is_none());
        }
        let (nothing, _) = told("", &[]);
        assert!(not_two(&nothing, &nothing).unwrap().to_string().contains("say --a URL --b URL"));
        assert!(not_two(&nothing, &told("", &["x: 1"]).0).is_none());
    }

    #[test]
    fn all_mistakes_are_told_and_no_value_is() {
        let (_, problems) = told("gateway", &["s3cret", "x: 1", "X: s3cret", "te: s3cret"]);
        insta::assert_snapshot!(problems, @r"
        error: --a: `gateway` is not a URL; a base URL looks like `https://host:port`

        error: --header-a: expected `NAME: VALUE`, such as `Host: revision-2.example`

        error: --header-a: `x` is given twice

        error: --header-a: the header `te` is written by windtunnel itself
        ");
    }
}
