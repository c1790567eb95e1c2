//! Which endpoint a path names. Knows no bodies and no answers.

use std::borrow::Cow;

use crate::reply::Api;

/// Longest name of a model in a path, in bytes. Answers to a batch repeat it for every element.
pub(crate) const MAX_NAME_BYTES: usize = 256;

/// What a v1 request asks a model to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `:predict`, and all that counts as it.
    Predict,
    /// `:explain`.
    Explain,
}

/// A place that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// `/`.
    Alive,
    /// `/health`, `/healthz`.
    Health,
    /// `/metrics`.
    Metrics,
    /// `/v1/models`.
    Models,
    /// `/v1/models/X`.
    Model(Cow<'a, str>),
    /// `/v1/models/X:predict`, `/v1/models/X:explain`.
    Work(Verb, Cow<'a, str>),
    /// `/v2`.
    Server,
    /// `/v2/health/live`.
    Live,
    /// `/v2/health/ready`.
    Ready,
    /// `/v2/models`.
    ServerModels,
    /// `/v2/models/X`.
    Metadata(Cow<'a, str>),
    /// `/v2/models/X/ready`.
    ModelReady(Cow<'a, str>),
    /// `/v2/models/X/infer`.
    Infer(Cow<'a, str>),
    /// `/v2/models/X/versions/V...`.
    Version,
    /// `/openai/v1/models`.
    OpenAiModels,
    /// `/openai/v1/models/X`.
    OpenAiModel(Cow<'a, str>),
    /// `.../v1/completions`.
    Completions,
    /// `.../v1/chat/completions`.
    Chat,
    /// `.../v1/embeddings`.
    Embeddings,
    /// `/article`: the article-descriptions deployment outside KServe.
    Article,
}

impl Endpoint<'_> {
    /// Whose errors it gives.
    pub(crate) fn api(&self) -> Api {
        match self {
            Self::Completions | Self::Chat | Self::Embeddings => Api::OpenAi,
            _ => Api::KServe,
        }
    }

    /// The methods it answers to, as the `Allow` header lists them.
    pub(crate) fn allow(&self) -> &'static str {
        match self {
            Self::Work(..) | Self::Infer(_) | Self::Completions | Self::Chat | Self::Embeddings => "POST",
            Self::Version => "GET, HEAD, POST",
            _ => "GET, HEAD",
        }
    }
}

/// The endpoint at `path` (without query), if there is one. Names may be percent-encoded.
pub(crate) fn find(path: &str) -> Option<Endpoint<'_>> {
    if let Some(rest) = path.strip_prefix("/v2/models/") {
        return model_v2(rest);
    }
    if let Some(rest) = path.strip_prefix("/openai/v1/models/") {
        // Names of published models have slashes in them.
        return (!rest.is_empty()).then(|| Endpoint::OpenAiModel(decode(rest)));
    }
    if let Some(rest) = path.strip_prefix("/v1/models/") {
        return model_v1(rest);
    }
    Some(match path {
        "/" => Endpoint::Alive,
        "/health" | "/healthz" => Endpoint::Health,
        "/metrics" => Endpoint::Metrics,
        "/v1/models" => Endpoint::Models,
        "/v2" => Endpoint::Server,
        "/v2/health/live" => Endpoint::Live,
        "/v2/health/ready" => Endpoint::Ready,
        "/v2/models" => Endpoint::ServerModels,
        "/openai/v1/models" => Endpoint::OpenAiModels,
        "/openai/v1/completions" | "/v1/completions" => Endpoint::Completions,
        "/openai/v1/chat/completions" | "/v1/chat/completions" => Endpoint::Chat,
        "/openai/v1/embeddings" | "/v1/embeddings" => Endpoint::Embeddings,
        "/article" => Endpoint::Article,
        _ => return None,
    })
}

fn model_v1(rest: &str) -> Option<Endpoint<'_>> {
    if rest.contains('/') {
        return None;
    }
    let decoded = decode(rest);
    let endpoint = if let Some(name) = strip_verb(&decoded, ":predict") {
        Endpoint::Work(Verb::Predict, name)
    } else if let Some(name) = strip_verb(&decoded, ":explain") {
        Endpoint::Work(Verb::Explain, name)
    } else {
        Endpoint::Model(decoded)
    };
    match &endpoint {
        Endpoint::Work(_, name) | Endpoint::Model(name) if is_name(name) => Some(endpoint),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_BYTES
}

fn strip_verb<'a>(decoded: &Cow<'a, str>, verb: &str) -> Option<Cow<'a, str>> {
    match decoded {
        Cow::Borrowed(text) => text.strip_suffix(verb).map(Cow::Borrowed),
        Cow::Owned(text) => text.strip_suffix(verb).map(|name| Cow::Owned(name.to_owned())),
    }
}

fn model_v2(rest: &str) -> Option<Endpoint<'_>> {
    let (name, action) = rest.split_once('/').map_or((rest, None), |(name, action)| (name, Some(action)));
    let name = decode(name);
    if !is_name(&name) {
        return None;
    }
    match action {
        None => Some(Endpoint::Metadata(name)),
        Some("ready") => Some(Endpoint::ModelReady(name)),
        Some("infer") => Some(Endpoint::Infer(name)),
        Some(action) if action.starts_with("versions/") => Some(Endpoint::Version),
        Some(_) => None,
    }
}

/// Undoes percent-encoding; what is no valid escape stays, what is no UTF-8 becomes U+FFFD.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|pair| (pair, after)),
            _ => None,
        };
        rest = if let Some(((high, low), after)) = escaped {
            bytes.push(high << 4 | low);
            after
        } else {
            bytes.push(*first);
            tail
        };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    #[test]
    fn every_path_of_the_protocols_has_its_endpoint() {
        for (path, endpoint) in [
            ("/", Endpoint::Alive),
            ("/health", Endpoint::Health),
            ("/healthz", Endpoint::Health),
            ("/metrics", Endpoint::Metrics),
            ("/v1/models", Endpoint::Models),
            ("/v1/models/langid", Endpoint::Model(name("langid"))),
            ("/v1/models/langid:predict", Endpoint::Work(Verb::Predict, name("langid"))),
            ("/v1/models/langid:explain", Endpoint::Work(Verb::Explain, name("langid"))),
            ("/v2", Endpoint::Server),
            ("/v2/health/live", Endpoint::Live),
            ("/v2/health/ready", Endpoint::Ready),
            ("/v2/models", Endpoint::ServerModels),
            ("/v2/models/iris", Endpoint::Metadata(name("iris"))),
            ("/v2/models/iris/ready", Endpoint::ModelReady(name("iris"))),
            ("/v2/models/iris/infer", Endpoint::Infer(name("iris"))),
            ("/v2/models/iris/versions/2/infer", Endpoint::Version),
            ("/openai/v1/models", Endpoint::OpenAiModels),
            ("/openai/v1/models/google/gemma-2", Endpoint::OpenAiModel(name("google/gemma-2"))),
            ("/openai/v1/completions", Endpoint::Completions),
            ("/v1/completions", Endpoint::Completions),
            ("/openai/v1/chat/completions", Endpoint::Chat),
            ("/v1/chat/completions", Endpoint::Chat),
            ("/openai/v1/embeddings", Endpoint::Embeddings),
            ("/v1/embeddings", Endpoint::Embeddings),
            ("/article", Endpoint::Article),
        ] {
            assert_eq!(find(path), Some(endpoint), "{path}");
        }
    }

    #[test]
    fn any_other_path_has_none() {
        for path in [
            "",
            "*",
            "/nowhere",
            "/v1",
            "/v1/models/",
            "/v1/models/:predict",
            "/v1/models/a/b:predict",
            "/v2/models/",
            "/v2/models/iris/load",
            "/openai/v1/models/",
            "/openai/completions",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_beyond_the_bound_is_no_model() {
        let path = |length| format!("/v1/models/{}:predict", "x".repeat(length));
        assert!(find(&path(MAX_NAME_BYTES)).is_some());
        assert_eq!(find(&path(MAX_NAME_BYTES + 1)), None);
        assert_eq!(find(&format!("/v2/models/{}/infer", "x".repeat(MAX_NAME_BYTES + 1))), None);
    }

    #[test]
    fn a_verb_is_only_what_stands_at_the_end() {
        assert_eq!(find("/v1/models/llama:8b"), Some(Endpoint::Model(name("llama:8b"))));
        assert_eq!(
            find("/v1/models/llama:8b:predict"),
            Some(Endpoint::Work(Verb::Predict, name("llama:8b")))
        );
    }

    #[test]
    fn names_are_percent_decoded() {
        assert_eq!(find("/v1/models/a%20b%3Apredict"), Some(Endpoint::Work(Verb::Predict, name("a b"))));
        assert_eq!(decode("%e6%84%9b"), "愛");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in any::<String>()) {
            let encoded: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let encoded = encoded.concat();
            prop_assert_eq!(decode(&encoded), text);
        }

        #[test]
        fn any_path_is_an_endpoint_or_none(path in "(/|/v1/models/|/v2/models/|/openai/v1/)?.*") {
            if let Some(endpoint) = find(&path) {
                prop_assert!(!endpoint.allow().is_empty());
            }
        }
    }
}
