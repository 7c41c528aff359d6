//! What a person who starts Hubbub reads on standard output once it is ready.

use std::io::Write as _;
use std::net::SocketAddr;

use crate::config::ServerConfig;

/// What there is to say.
pub(crate) struct SetupNotice<'a> {
    pub(crate) server: &'a ServerConfig,
    pub(crate) listening_on: SocketAddr,
    /// Where the data is.
    pub(crate) data: &'a str,
    pub(crate) setup_code: Option<&'a str>,
}

impl SetupNotice<'_> {
    /// Prints it. Programs read the lines too: a label, two spaces or more, a value.
    pub(crate) fn print(&self) {
        // Nobody may be listening; that is no reason to stop.
        let _ = std::io::stdout().lock().write_all(self.text().as_bytes());
    }

    fn text(&self) -> String {
        let local = self.local_address();
        let public = self.server.public_url.as_deref();
        let public = public.map(|url| url.trim_end_matches('/'));
        let mut lines = vec![
            String::new(),
            format!("Hubbub {} is ready.", env!("CARGO_PKG_VERSION")),
            String::new(),
            format!("  Address     {local}"),
        ];
        lines.extend(public.map(|public| format!("  Public      {public}")));
        lines.push(format!("  Data        {}", self.data));
        if let Some(code) = self.setup_code {
            let address = public.unwrap_or(&local);
            lines.extend([
                format!("  Setup code  {code}"),
                String::new(),
                format!("  Open {address}/setup#code={code} to make the first account."),
            ]);
        }
        lines.push("\n".to_owned());
        lines.join("\n")
    }

    fn local_address(&self) -> String {
        let address = self.listening_on;
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            format!("http://localhost:{}", address.port())
        } else {
            format!("http://{address}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_says_what_to_open_and_later_ones_do_not_show_a_code() {
        let server = ServerConfig::default();
        let mut notice = SetupNotice {
            server: &server,
            listening_on: "127.0.0.1:8080".parse().unwrap(),
            data: "./data",
            setup_code: Some("AAAA-BBBB-CCCC"),
        };
        let first = notice.text();
        assert!(
            first.contains("  Address     http://localhost:8080\n"),
            "{first}"
        );
        assert!(first.contains("  Setup code  AAAA-BBBB-CCCC\n"), "{first}");
        assert!(
            first.contains("http://localhost:8080/setup#code=AAAA-BBBB-CCCC"),
            "{first}"
        );
        notice.setup_code = None;
        assert!(!notice.text().contains("code"));
    }
}
