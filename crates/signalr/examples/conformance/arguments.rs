//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

pub(crate) struct Arguments {
    pub(crate) http: SocketAddr,
    pub(crate) https: Option<Tls>,
    pub(crate) webworker: Option<PathBuf>,
}

/// Where to listen for HTTPS, and as whom.
pub(crate) struct Tls {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut http, mut https, mut certificate, mut key, mut webworker) =
            (None, None, None, None, None);
        while let Some(option) = words.next() {
            let slot = match option.as_str() {
                "--http" => &mut http,
                "--https" => &mut https,
                "--cert" => &mut certificate,
                "--key" => &mut key,
                "--webworker" => &mut webworker,
                _ => return Err(format!("unknown option {option}")),
            };
            *slot = Some(words.next().ok_or(format!("{option} needs a value"))?);
        }
        let https = match https {
            None => None,
            Some(text) => Some(Tls {
                address: address(&text)?,
                certificate: certificate.ok_or("--https needs --cert")?.into(),
                key: key.ok_or("--https needs --key")?.into(),
            }),
        };
        let http = address(http.as_deref().unwrap_or("127.0.0.1:5100"))?;
        Ok(Self {
            http,
            https,
            webworker: webworker.map(PathBuf::from),
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("{text} is not an address with a port"))
}
