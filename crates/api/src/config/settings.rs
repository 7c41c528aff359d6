//! Every setting in the words of `--help` and of the commented configuration file.

/// The variable of `storage.database_url`, under the name that such variables have everywhere.
pub(super) const DATABASE_URL: &str = "HUBBUB_DATABASE_URL";

/// That of `redis.url`, likewise.
pub(super) const REDIS_URL: &str = "HUBBUB_REDIS_URL";

/// What there is to say about one setting.
pub struct Setting {
    /// Where it stands in the file: `section.key`.
    pub key: &'static str,
    /// What it does.
    pub about: &'static str,
}

impl Setting {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        match self.key {
            "storage.database_url" => DATABASE_URL.to_owned(),
            "redis.url" => REDIS_URL.to_owned(),
            key => format!("HUBBUB_{}", key.to_uppercase().replace('.', "__")),
        }
    }
}

/// All settings, in the order of the configuration tree.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "server.listen",
        about: "Address and port to listen on. 0.0.0.0:8080 serves other machines too; put a proxy with TLS in front then.",
    },
    Setting {
        key: "server.public_url",
        about: "The address that people open in their browser, if a proxy stands in front: https://chat.example.org",
    },
    Setting {
        key: "server.trusted_proxies",
        about: "IP addresses of your own proxies, separated by commas. Their X-Forwarded-For says where a request comes from.",
    },
    Setting {
        key: "server.drain_seconds",
        about: "Over how many seconds clients are sent away when Hubbub stops, so that they do not all come back at once. It has ended five seconds later.",
    },
    Setting {
        key: "server.max_connections",
        about: "How many TCP connections are served at once; more wait until one ends.",
    },
    Setting {
        key: "storage.data_dir",
        about: "The folder of the database. One running Hubbub uses it at a time. Back it up.",
    },
    Setting {
        key: "storage.database_url",
        about: "A PostgreSQL database to use instead of a file in the folder: postgres://user:password@host:5432/database. Version 14 or newer.",
    },
    Setting {
        key: "storage.allow_unsafe_settings",
        about: "Use a PostgreSQL whose fsync, synchronous_commit or full_page_writes is off. A power cut can take messages away then.",
    },
    Setting {
        key: "redis.url",
        about: "A Redis that connects several nodes on one PostgreSQL: redis://user:password@host:6379, or rediss:// with TLS. Nothing is stored in it.",
    },
    Setting {
        key: "registration.mode",
        about: "Who may register once there is a first account: invitation (who holds one), open (anybody) or closed (nobody).",
    },
    Setting {
        key: "auth.access_token_minutes",
        about: "How many minutes an access token is accepted, 1 to 60. Clients renew it by themselves.",
    },
    Setting {
        key: "auth.session_days",
        about: "After how many days without use a sign-in ends, 1 to 365.",
    },
    Setting {
        key: "limits.sends_per_second",
        about: "How many messages one person may send in a second, from all devices together. 0 lifts the limit.",
    },
    Setting {
        key: "limits.sends_burst",
        about: "How many of them may come at once.",
    },
    Setting {
        key: "limits.typing_per_second",
        about: "How often one person's typing is passed on in a second; the rest is dropped. 0 lifts the limit.",
    },
    Setting {
        key: "limits.typing_burst",
        about: "How much of it may come at once.",
    },
    Setting {
        key: "metrics.listen",
        about: "Address and port on which metrics are served for Prometheus, at /metrics. Not the port of people: nobody else should reach it.",
    },
    Setting {
        key: "traces.endpoint",
        about: "Where an OpenTelemetry collector takes traces over HTTP: http://127.0.0.1:4318/v1/traces. None are made without it.",
    },
    Setting {
        key: "traces.one_in",
        about: "One of so many requests and calls is traced; 1 traces all of them.",
    },
    Setting {
        key: "log.level",
        about: "What is logged: error, warn, info, debug, trace, or directives such as info,hubbub=debug. Never texts or tokens.",
    },
    Setting {
        key: "log.format",
        about: "How a log line looks: text for people, json for programs.",
    },
];
