//! `GET /article?lang=&title=&num_beams=`: the article-descriptions deployment that is no KServe server.

use serde_json::json;

use crate::content;
use crate::reply::{Api, Reply};
use crate::route::{self, Verb};
use crate::server::Server;

const API: Api = Api::KServe;
/// The model whose workers and times these requests share.
const MODEL: &str = "article-descriptions";
/// Most descriptions in one answer.
const MAX_BEAMS: u32 = 20;

/// Answers a request for descriptions of an article; `query` is what stands behind the `?`.
pub(crate) async fn answer(server: &Server, query: &str) -> Result<Reply, Reply> {
    let lang = parameter(query, "lang").ok_or_else(|| missing("lang"))?;
    let title = parameter(query, "title").ok_or_else(|| missing("title"))?;
    let beams = parameter(query, "num_beams").map_or(Some(1), |text| text.parse().ok());
    let Some(beams) = beams.filter(|beams| (1..=MAX_BEAMS).contains(beams)) else {
        return Err(API.bad_request(&format!("`num_beams` must be a number from 1 to {MAX_BEAMS}")));
    };
    let mut random = server.serve(API, MODEL, Verb::Predict).await?.random;
    let descriptions: Vec<String> = (0..beams).map(|_| content::words(5, &mut random)).collect();
    Ok(Reply::ok(&json!({
        "lang": lang,
        "title": title,
        "num_beams": beams,
        "blp": false,
        "prediction": descriptions,
    })))
}

fn missing(name: &str) -> Reply {
    API.bad_request(&format!("the query has no `{name}`"))
}

/// The value of a query parameter, decoded, `+` being a space; empty ones count as missing.
fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| route::decode(&value.replace('+', " ")).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = "lang=en&title=Rosa+Parks%20%2B&num_beams=&title=second";
        assert_eq!(parameter(query, "lang").as_deref(), Some("en"));
        assert_eq!(parameter(query, "title").as_deref(), Some("Rosa Parks +"));
        assert_eq!(parameter(query, "num_beams"), None);
        assert_eq!(parameter(query, "beams"), None);
        assert_eq!(parameter("", "lang"), None);
    }
}
