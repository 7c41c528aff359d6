//! The configuration: one tree, read once from defaults, a file, the environment and the command line, in that order, and
//! checked before anything starts.

mod database_url;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use hubbub_application::auth::{AuthOptions, RegistrationMode};
use hubbub_infrastructure::in_process::{Rate, RateLimits};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

pub use database_url::DatabaseUrl;
pub use settings::SETTINGS;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where and how it serves.
    pub server: ServerConfig,
    /// Where it keeps its data.
    pub storage: StorageConfig,
    /// Who may register.
    pub registration: RegistrationConfig,
    /// How long people stay signed in.
    pub auth: AuthConfig,
    /// How often people may do what.
    pub limits: LimitsConfig,
    /// What it logs.
    pub log: LogConfig,
}

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
            drain_seconds: 10,
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

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The file to read settings from.
    pub file: Option<PathBuf>,
    /// In place of `server.listen`.
    pub listen: Option<SocketAddr>,
    /// In place of `storage.data_dir`.
    pub data_dir: Option<PathBuf>,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key or value is wrong.
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
    /// The file that was named is not there.
    #[error("the configuration file {} cannot be read", .0.display())]
    NoFile(PathBuf),
}

impl Config {
    /// Reads and checks the configuration.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        if let Some(file) = overrides.file.as_ref().filter(|file| !file.is_file()) {
            return Err(ConfigError::NoFile(file.clone()));
        }
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &overrides.file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment
            .merge(
                Env::prefixed("HUBBUB_")
                    .ignore(&["database_url"])
                    .split("__"),
            )
            .merge(
                Env::raw()
                    .only(&[settings::DATABASE_URL])
                    .map(|_| "storage.database_url".into()),
            );
        if let Some(listen) = overrides.listen {
            figment = figment.merge(Serialized::default("server.listen", listen));
        }
        if let Some(data_dir) = &overrides.data_dir {
            figment = figment.merge(Serialized::default("storage.data_dir", data_dir));
        }
        let config: Self = figment
            .extract()
            .map_err(|error| ConfigError::Invalid(readable(error)))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |text: &str| Err(ConfigError::Invalid(text.to_owned()));
        if !(1..=60).contains(&self.auth.access_token_minutes) {
            return invalid("auth.access_token_minutes must be between 1 and 60");
        }
        if !(1..=365).contains(&self.auth.session_days) {
            return invalid("auth.session_days must be between 1 and 365");
        }
        if self.server.drain_seconds > 300 {
            return invalid("server.drain_seconds must be at most 300");
        }
        if self.server.max_connections == 0 {
            return invalid("server.max_connections must be at least 1");
        }
        if let Some(url) = &self.server.public_url
            && origin_of(url).is_none()
        {
            return invalid(
                "server.public_url must be an address like https://chat.example.org, without a path",
            );
        }
        if self.limits.sends_burst == 0 || self.limits.typing_burst == 0 {
            return invalid("limits.sends_burst and limits.typing_burst must be at least 1");
        }
        if !is_log_level(&self.log.level) {
            return invalid(
                "log.level must be error, warn, info, debug or trace, or a list such as info,hubbub=debug",
            );
        }
        Ok(())
    }

    /// How often people may do what.
    pub(crate) fn rate_limits(&self) -> RateLimits {
        let rate = |per_second: u32, burst: u32| {
            let period = Duration::from_secs(1).checked_div(per_second)?;
            Some(Rate { burst, period })
        };
        let limits = &self.limits;
        RateLimits {
            send: rate(limits.sends_per_second, limits.sends_burst),
            typing: rate(limits.typing_per_second, limits.typing_burst),
        }
    }

    /// What the sign-in needs to know.
    pub(crate) fn auth_options(&self) -> AuthOptions {
        AuthOptions {
            registration: match self.registration.mode {
                Registration::Invitation => RegistrationMode::Invitation,
                Registration::Open => RegistrationMode::Open,
                Registration::Closed => RegistrationMode::Closed,
            },
            access_token_lifetime: Duration::from_mins(self.auth.access_token_minutes),
            hub_ticket_lifetime: Duration::from_mins(1),
            session_lifetime: Duration::from_hours(self.auth.session_days * 24),
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

/// Whether each part is a level, or names a module with its level.
fn is_log_level(directives: &str) -> bool {
    directives.split(',').all(|directive| {
        let (_, level) = directive.split_once('=').unwrap_or(("", directive));
        level.trim().parse::<LevelFilter>().is_ok()
    }) && directives.parse::<Targets>().is_ok()
}

/// The origin of an address, in the form in which browsers send it.
fn origin_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    (matches!(uri.path(), "" | "/") && uri.query().is_none())
        .then(|| format!("{scheme}://{authority}").to_ascii_lowercase())
}

/// One sentence from what figment says: what is wrong, with which key, and where it was found.
fn readable(error: figment::Error) -> String {
    error
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let place = error
                .metadata
                .as_ref()
                .map_or_else(String::new, |metadata| {
                    match metadata
                        .source
                        .as_ref()
                        .and_then(figment::Source::file_path)
                    {
                        Some(file) => format!(" (in {})", file.display()),
                        None => format!(" (from {})", metadata.name),
                    }
                });
            match &error.kind {
                figment::error::Kind::UnknownField(field, _) => {
                    let key = if key.is_empty() { field } else { &key };
                    format!("there is no setting {key}{place}; see hubbub --help")
                }
                kind if key.is_empty() => format!("{}{place}", one_line(&kind.to_string())),
                kind => format!("{key}: {}{place}", one_line(&kind.to_string())),
            }
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// A text without the drawing of the faulty line that the TOML parser puts into the middle.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    match lines[..] {
        [] => String::new(),
        [only] => only.to_owned(),
        [first, .., last] => format!("{first}: {last}"),
    }
}

#[cfg(test)]
mod tests;
