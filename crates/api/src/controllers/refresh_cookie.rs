//! The refresh token in a cookie that no script can read and no other site can send.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use time::Duration;

use crate::config::ServerConfig;

/// Over HTTPS the prefix makes browsers insist on `Secure`, `Path=/` and this very host.
const SECURE_NAME: &str = "__Host-hubbub-refresh";
/// Over plain HTTP browsers would refuse the prefix.
const PLAIN_NAME: &str = "hubbub-refresh";

/// The refresh token that came in a cookie.
pub(super) fn read(jar: &CookieJar) -> Option<String> {
    [SECURE_NAME, PLAIN_NAME]
        .iter()
        .find_map(|name| jar.get(name))
        .map(|cookie| cookie.value().to_owned())
        .filter(|token| !token.is_empty())
}

/// Sets the cookie for as long as the sign-in lasts.
pub(super) fn set(jar: CookieJar, server: &ServerConfig, token: String, seconds: i64) -> CookieJar {
    jar.add(cookie(server, token, Duration::seconds(seconds)))
}

/// Takes the cookie away.
pub(super) fn clear(jar: CookieJar, server: &ServerConfig) -> CookieJar {
    jar.add(cookie(server, String::new(), Duration::ZERO))
}

fn cookie(server: &ServerConfig, value: String, max_age: Duration) -> Cookie<'static> {
    let is_secure = server.is_https();
    let name = if is_secure { SECURE_NAME } else { PLAIN_NAME };
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(is_secure)
        .same_site(SameSite::Strict)
        .max_age(max_age)
        .build()
}
