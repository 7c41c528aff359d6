//! The opening handshake, over HTTP/1.1 and HTTP/2.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;
use sha1::{Digest, Sha1};

/// The constant of RFC 6455.
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether a request wants to become a WebSocket.
pub(crate) fn is_upgrade(parts: &Parts) -> bool {
    if parts.method == Method::CONNECT {
        return parts
            .extensions
            .get::<hyper::ext::Protocol>()
            .is_some_and(|protocol| protocol.as_str() == "websocket");
    }
    parts.method == Method::GET
        && has_token(&parts.headers, header::CONNECTION, "upgrade")
        && has_token(&parts.headers, header::UPGRADE, "websocket")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// A valid opening handshake.
pub(crate) struct Upgrade {
    pub(crate) on_upgrade: OnUpgrade,
    pub(crate) response: Response,
}

impl Upgrade {
    /// Checks the opening handshake; the error is the answer to a bad one.
    pub(crate) fn accept(parts: &mut Parts) -> Result<Self, StatusCode> {
        let is_version_13 = parts
            .headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .is_some_and(|value| value == "13");
        if !is_version_13 {
            return Err(StatusCode::UPGRADE_REQUIRED);
        }
        let response = Response::builder();
        let response = if parts.version < Version::HTTP_2 {
            let key = parts
                .headers
                .get(header::SEC_WEBSOCKET_KEY)
                .ok_or(StatusCode::BAD_REQUEST)?;
            let digest = Sha1::new()
                .chain_update(key.as_bytes())
                .chain_update(ACCEPT_GUID)
                .finalize();
            response
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_ACCEPT, STANDARD.encode(digest))
        } else {
            response.status(StatusCode::OK)
        };
        let on_upgrade = parts
            .extensions
            .remove::<OnUpgrade>()
            .ok_or(StatusCode::UPGRADE_REQUIRED)?;
        Ok(Self {
            on_upgrade,
            response: response.body(Body::empty()).expect("the headers are valid"),
        })
    }
}
