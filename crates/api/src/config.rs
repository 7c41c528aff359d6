//! The configuration: one tree, read once from defaults, a file, the environment and the command line, in that order, and
//! checked before anything starts.

mod database_url;
mod redis_url;
mod sections;
mod sentence;
mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use hubbub_application::auth::{AuthOptions, RegistrationMode};
use hubbub_infrastructure::in_process::{Rate, RateLimits};
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

pub use database_url::DatabaseUrl;
pub use redis_url::RedisUrl;
pub use sections::{
    AuthConfig, LimitsConfig, LogConfig, LogFormat, MetricsConfig, RedisConfig, Registration,
    RegistrationConfig, ServerConfig, StorageConfig, TracesConfig,
};
pub use settings::SETTINGS;

use sections::origin_of;
use sentence::readable;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where and how it serves.
    pub server: ServerConfig,
    /// Where it keeps its data.
    pub storage: StorageConfig,
    /// How it reaches other nodes.
    pub redis: RedisConfig,
    /// Who may register.
    pub registration: RegistrationConfig,
    /// How long people stay signed in.
    pub auth: AuthConfig,
    /// How often people may do what.
    pub limits: LimitsConfig,
    /// What it tells those who operate it.
    pub metrics: MetricsConfig,
    /// Where it sends what each request and call went through.
    pub traces: TracesConfig,
    /// What it logs.
    pub log: LogConfig,
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
                    .ignore(&["database_url", "redis_url"])
                    .split("__"),
            )
            .merge(
                Env::raw()
                    .only(&[settings::DATABASE_URL])
                    .map(|_| "storage.database_url".into()),
            )
            .merge(
                Env::raw()
                    .only(&[settings::REDIS_URL])
                    .map(|_| "redis.url".into()),
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
        if self.redis.url.is_some() && self.storage.database_url.is_none() {
            return invalid(
                "redis.url makes it one of several nodes, and those share a PostgreSQL: set HUBBUB_DATABASE_URL as well",
            );
        }
        if let Some(endpoint) = &self.traces.endpoint
            && !is_web_address(endpoint)
        {
            return invalid(
                "traces.endpoint must be an address like http://127.0.0.1:4318/v1/traces",
            );
        }
        if self.traces.one_in == 0 {
            return invalid("traces.one_in must be at least 1");
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

/// Whether it names a host to be asked by HTTP.
fn is_web_address(url: &str) -> bool {
    let uri = url.parse::<http::Uri>().ok();
    let scheme = uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    scheme.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
}

/// Whether each part is a level, or names a module with its level.
fn is_log_level(directives: &str) -> bool {
    directives.split(',').all(|directive| {
        let (_, level) = directive.split_once('=').unwrap_or(("", directive));
        level.trim().parse::<LevelFilter>().is_ok()
    }) && directives.parse::<Targets>().is_ok()
}

#[cfg(test)]
mod tests;
