//! The paths of hubs in any case.

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use http::Uri;
use http::uri::PathAndQuery;

/// What a hub serves below its own path.
const BELOW: [&str; 2] = ["negotiate", "refresh"];

/// Lets clients write the paths of hubs in any case, as they may with ASP.NET Core: `/testHub` reaches `/testhub`.
///
/// `app` is the whole application and `paths` are those that were given to [`Hub::router`](crate::Hub::router) or
/// [`RawEndpoint::router`](crate::RawEndpoint::router). Other paths stay as they are. A router compares the paths of its routes to the letter,
/// and one that is merged into another never sees a path that matches none of them, so this has to come before the routing of all:
/// call it last, for what is passed to `axum::serve`.
///
/// ```
/// use axum::Router;
/// use signalr_hub::{Hub, match_any_case};
///
/// let hub = Hub::builder().build();
/// let app = match_any_case(Router::new().merge(hub.router("/hubs/talk")), &["/hubs/talk"]);
/// # let _: Router = app;
/// ```
///
/// Transport Protocols: the paths of all requests.
pub fn match_any_case(app: Router, paths: &[&str]) -> Router {
    let routes: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            let base = format!("/{}", path.trim_matches('/'));
            let below = BELOW.map(|name| format!("{}/{name}", base.trim_end_matches('/')));
            below.into_iter().chain([base])
        })
        .collect();
    let rewrite = move |mut request: Request| {
        let path = request.uri().path();
        let written = routes.iter().find_map(|route| as_written(route, path));
        if let Some(written) = written.filter(|written| written != path) {
            *request.uri_mut() = with_path(request.uri(), written);
        }
        std::future::ready(request)
    };
    // A fallback is all that this router has; the layer around it runs before the application's own routing.
    Router::new()
        .fallback_service(app)
        .layer(map_request(rewrite))
}

/// The path as the route has it, if they differ in nothing but case. Parameters of the route, `{name}`, keep the case of the path.
fn as_written(route: &str, path: &str) -> Option<String> {
    let mut given = path.split('/');
    let mut written = String::with_capacity(path.len());
    for (index, expected) in route.split('/').enumerate() {
        let given = given.next()?;
        let is_parameter = expected.starts_with('{') && !given.is_empty();
        if !is_parameter && !expected.eq_ignore_ascii_case(given) {
            return None;
        }
        if index > 0 {
            written.push('/');
        }
        written.push_str(if is_parameter { given } else { expected });
    }
    given.next().is_none().then_some(written)
}

fn with_path(uri: &Uri, mut path: String) -> Uri {
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query =
        Some(PathAndQuery::try_from(path).expect("a path in another case is a path"));
    Uri::from_parts(parts).expect("only the path has changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_case_may_differ() {
        let found = |path| as_written("/hubs/talk", path);
        assert_eq!(found("/Hubs/TALK").as_deref(), Some("/hubs/talk"));
        for other in ["/hubs", "/hubs/talks", "/hubs/talk/", "/hubs/talk/more"] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn parameters_keep_their_case() {
        let found = |path| as_written("/{tenant}/Talk", path);
        assert_eq!(found("/Acme/talk").as_deref(), Some("/Acme/Talk"));
        assert_eq!(found("//talk"), None);
    }

    #[test]
    fn the_rest_of_the_address_is_kept() {
        let uri = Uri::from_static("http://host/HUB?id=AbC");
        assert_eq!(
            with_path(&uri, "/hub".to_owned()),
            Uri::from_static("http://host/hub?id=AbC")
        );
    }
}
