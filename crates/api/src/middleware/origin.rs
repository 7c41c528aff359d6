use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::problem::Problem;
use crate::state::App;

/// Refuses what a page of another site makes a browser send: to the hub always, to the API whenever it would change something.
/// Programs send no `Origin` and pass; they have no cookies that could be abused.
pub(crate) async fn same_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_hub = path
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("/hubs/"));
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if (is_hub || !is_read)
        && !is_own(
            request.headers(),
            app.config.server.public_origin().as_deref(),
        )
    {
        let code = if is_hub {
            "origin_not_allowed"
        } else {
            "csrf_failed"
        };
        return Problem::new(
            StatusCode::FORBIDDEN,
            code,
            "requests from pages of other sites are not allowed; is server.public_url set to the address in the browser?",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether the page that sent the request, if a page did, is one of ours: of the host that was asked, or of the public
/// address.
fn is_own(headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if public_origin.is_some_and(|own| own.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let asked = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    origin.parse::<Uri>().is_ok_and(|origin| {
        matches!(origin.scheme_str(), Some("http" | "https"))
            && origin.authority().is_some_and(|authority| {
                !authority.as_str().contains('@') && authority.as_str().eq_ignore_ascii_case(asked)
            })
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn own(origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        is_own(&headers, Some("https://chat.example.org"))
    }

    #[test]
    fn pages_of_this_host_and_of_the_public_address_may() {
        assert!(own("http://localhost:8080", "localhost:8080"));
        assert!(own("HTTP://LOCALHOST:8080", "localhost:8080"));
        assert!(own("https://chat.example.org", "10.0.0.7:8080"));
        assert!(is_own(&HeaderMap::new(), None), "a program");
    }

    #[test]
    fn pages_of_other_sites_may_not() {
        for origin in [
            "null",
            "https://chat.example.org.evil.test",
            "https://evil-chat.example.org",
            "https://chat.example.org:8443",
            "http://chat.example.org",
            "https://chat.example.org.",
            "https://user@localhost:8080",
            "http://localhost",
            "http://localhost:80801",
            "file://localhost:8080",
            "chrome-extension://localhost:8080",
            "",
            "https://xn--chat-9na.example.org",
        ] {
            assert!(!own(origin, "localhost:8080"), "{origin}");
        }
    }
}
