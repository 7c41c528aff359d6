//! The web client, embedded in the program and served as it was compressed when it was built.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist/browser"]
#[allow_missing = true]
struct Files;

/// A name with a hash in it never gets another content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Everything else is asked for again, and usually not sent again.
const REVALIDATE: &str = "no-cache";

/// Serves a file of the web client, or its start page for every address that the client itself understands.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") || path.starts_with("hubs/") {
        return not_found();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let name = if is_file { path } else { "index.html" };
    file(name, request.headers()).unwrap_or_else(|| {
        if is_file {
            not_found()
        } else {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The web client was not built into this program; see README.md. The API is at /docs.",
            )
                .into_response()
        }
    })
}

fn not_found() -> Response {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
    )
    .into_response()
}

fn file(name: &str, request: &HeaderMap) -> Option<Response> {
    let plain = Files::get(name)?;
    let accepted = request
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (file, encoding) = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(accepted, coding))
        .find_map(|(coding, ending)| Some((Files::get(&format!("{name}.{ending}"))?, Some(coding))))
        .unwrap_or((plain, None));
    let etag = etag(&file);
    let is_known = request
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == mime_guess::mime::TEXT {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    headers.insert(CONTENT_TYPE, HeaderValue::try_from(kind).ok()?);
    headers.insert(ETAG, HeaderValue::try_from(etag).ok()?);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let caching = if has_hash(name) {
        IMMUTABLE
    } else {
        REVALIDATE
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(coding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Some(response)
}

/// Whether a coding is accepted, as the header says it: listed, and not with a weight of zero.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let is_refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(coding) && !is_refused
    })
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let (half, _) = hash.split_first_chunk().expect("a hash of 32 bytes");
    format!("\"{:032x}\"", u128::from_be_bytes(*half))
}

/// Whether the build put a hash of the content into the name: `main-x7Kd_2aQ.js`. It does so for scripts, styles and what they
/// load from `media/`, and for nothing else.
fn has_hash(name: &str) -> bool {
    const HASH_LENGTH: usize = 8;
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_built = name.starts_with("media/") || matches!(ending, "js" | "css");
    is_built
        && stem.len() > HASH_LENGTH + 1
        && stem
            .bytes()
            .rev()
            .take(HASH_LENGTH)
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && stem.as_bytes()[stem.len() - HASH_LENGTH - 1] == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for name in [
            "main-x7Kd_2aQ.js",
            "chunk-a-b-c-d-.js",
            "styles-5INURTSO.css",
            "media/inter-latin-wght-normal-NRMW37G5.woff2",
        ] {
            assert!(has_hash(name), "{name}");
        }
        for name in [
            "index.html",
            "favicon.svg",
            "site-manifest.json",
            "main.js",
            "worker-short.js",
        ] {
            assert!(!has_hash(name), "{name}");
        }
    }

    #[test]
    fn a_coding_with_no_weight_is_refused() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "gzip"));
    }
}
