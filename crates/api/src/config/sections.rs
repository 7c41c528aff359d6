//! What each part of the configuration says, and what holds where nothing is said.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{DatabaseUrl, RedisUrl};

/// Where and how it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address that people open, if a proxy stands in front.
    pub public_url: Option<String>,
    /// Which addresses are our own proxies, whose word on where a request comes from is taken.
    #[serde(deserialize_with = "addresses")]
    pub trusted_proxies: Vec<IpAddr>,
    /// Over how many seconds clients are sent away when it stops.
    pub drain_seconds: u64,
    /// How many TCP connections are served at once.
    pub max_connections: usize,
}

/// Where it keeps its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// The folder of the database, where that is a file.
    pub data_dir: PathBuf,
    /// The PostgreSQL database to use instead of a file.
    pub database_url: Option<DatabaseUrl>,
    /// Whether a PostgreSQL that may lose what it has acknowledged is used with a warning, and not refused.
    pub allow_unsafe_settings: bool,
}

/// How it reaches other nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// The Redis through which nodes tell each other what has happened.
    pub url: Option<RedisUrl>,
}

/// What it tells those who operate it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where metrics are served, if anywhere.
    pub listen: Option<SocketAddr>,
}

/// Where it sends what each request and call went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesConfig {
    /// Where an OpenTelemetry collector takes traces, if anywhere.
    pub endpoint: Option<String>,
    /// Of how many traces one is sent.
    pub one_in: u32,
}

/// Who may register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Who may register once there is a first account.
    pub mode: Registration,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Who holds an invitation.
    Invitation,
    /// Anybody.
    Open,
    /// Nobody.
    Closed,
}

/// How long people stay signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// How many minutes an access token is accepted.
    pub access_token_minutes: u64,
    /// After how many days without use a sign-in ends.
    pub session_days: u64,
}

/// How often people may do what, whichever and however many devices they use. Signing in has limits of its own, which are fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// How many messages a person may send in a second; 0 for as many as they like.
    pub sends_per_second: u32,
    /// How many of them may come at once.
    pub sends_burst: u32,
    /// How often a person may say in a second that they type; 0 for as often as they like.
    pub typing_per_second: u32,
    /// How often at once.
    pub typing_burst: u32,
}

/// What it logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, as a level or as directives per module.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one JSON object a line.
    Json,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            drain_seconds: 20,
            max_connections: 15_000,
        }
    }
}

impl ServerConfig {
    /// Whether people reach it over HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_origin()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// The origin of pages that people open, if it was configured.
    pub(crate) fn public_origin(&self) -> Option<String> {
        self.public_url.as_deref().and_then(origin_of)
    }
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            database_url: None,
            allow_unsafe_settings: false,
        }
    }
}

impl Default for RegistrationConfig {
    fn default() -> Self {
        Self {
            mode: Registration::Invitation,
        }
    }
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            access_token_minutes: 10,
            session_days: 30,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            sends_per_second: 10,
            sends_burst: 30,
            typing_per_second: 1,
            typing_burst: 5,
        }
    }
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            one_in: 1,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// A list of addresses, or several in one text, as is usual in an environment variable.
fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        List(Vec<String>),
    }
    let texts = match Given::deserialize(deserializer)? {
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
        Given::List(list) => list,
    };
    texts
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
        .map(|text| {
            text.parse().map_err(|_| {
                D::Error::custom(format!("{text} is not an IP address such as 10.0.0.7"))
            })
        })
        .collect()
}

/// The origin of an address, in the form in which browsers send it.
pub(super) fn origin_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    (matches!(uri.path(), "" | "/") && uri.query().is_none())
        .then(|| format!("{scheme}://{authority}").to_ascii_lowercase())
}
