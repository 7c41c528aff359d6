//! What is remembered of the request that opened a connection.

use std::net::SocketAddr;

use http::request::Parts;

use crate::auth;
use crate::options::TransportKind;

/// The request that opened a connection, kept in as few bytes as possible. One with more than 32 KiB of headers is refused with 431.
///
/// Credentials are left out: neither the `Authorization` header nor the query's `access_token` is in it. What a hub needs of them belongs
/// into the [`User`](crate::User).
///
/// Transport Protocols: the request that opens each transport.
#[derive(Debug)]
pub struct RequestSnapshot {
    /// `name NUL value NUL` for every header.
    headers: Box<[u8]>,
    query: Box<str>,
    remote_address: Option<SocketAddr>,
    transport: TransportKind,
}

/// What the headers of a request that opens a connection may come to, since they are kept as long as it.
const HEADERS_LIMIT: usize = 32 * 1024;

/// Whether a request's headers are too large to be kept.
pub(crate) fn headers_are_too_large(parts: &Parts) -> bool {
    let sizes = parts.headers.iter();
    let size: usize = sizes
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    size > HEADERS_LIMIT
}

impl RequestSnapshot {
    pub(crate) fn new(parts: &Parts, transport: TransportKind) -> Self {
        let mut headers = Vec::new();
        for (name, value) in &parts.headers {
            if name != http::header::AUTHORIZATION {
                headers.extend_from_slice(name.as_str().as_bytes());
                headers.push(0);
                headers.extend_from_slice(value.as_bytes());
                headers.push(0);
            }
        }
        let query = parts.uri.query().unwrap_or_default();
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !is_credential(pair))
            .collect();
        Self {
            headers: headers.into_boxed_slice(),
            query: kept.join("&").into_boxed_str(),
            remote_address: auth::remote_address(parts),
            transport,
        }
    }

    /// The first value of a header, by its name in any case; `None` also if it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Every header that is text, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut fields = self.headers.split(|&byte| byte == 0);
        std::iter::from_fn(move || {
            loop {
                let (name, value) = (fields.next()?, fields.next()?);
                if let (Ok(name), Ok(value)) =
                    (std::str::from_utf8(name), std::str::from_utf8(value))
                {
                    return Some((name, value));
                }
            }
        })
    }

    /// A cookie by its exact name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self
            .headers()
            .filter(|(key, _)| *key == "cookie")
            .flat_map(|(_, value)| value.split(';'));
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// A value of the query, decoded; the key in any case.
    pub fn query(&self, key: &str) -> Option<String> {
        query_value(&self.query, key)
    }

    /// The query as sent, without credentials.
    pub fn query_string(&self) -> &str {
        &self.query
    }

    /// The other end of the TCP connection, if the server was told to note it
    /// ([`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info)).
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.remote_address
    }

    /// The transport in use.
    pub fn transport(&self) -> TransportKind {
        self.transport
    }
}

const ACCESS_TOKEN: &str = "access_token";

fn is_credential(pair: &str) -> bool {
    pair.split('=')
        .next()
        .is_some_and(|key| decode(key).eq_ignore_ascii_case(ACCESS_TOKEN))
}

/// The bearer token that browsers put into the query.
pub(crate) fn access_token(parts: &Parts) -> Option<String> {
    query_value(parts.uri.query()?, ACCESS_TOKEN).filter(|token| !token.is_empty())
}

/// Finds a value in a query; keys are compared without regard to case.
pub(crate) fn query_value(query: &str, key: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(name)
            .eq_ignore_ascii_case(key)
            .then(|| decode(value))
    })
}

/// Undoes percent encoding; invalid sequences stay as they are.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let hex = |offset: usize| {
            bytes
                .get(index + offset)
                .and_then(|&digit| char::from(digit).to_digit(16))
        };
        match (byte, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(
                    u8::try_from(high * 16 + low).expect("two hexadecimal digits make a byte"),
                );
                index += 2;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
