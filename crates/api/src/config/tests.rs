use super::*;

use std::net::IpAddr;

#[expect(
    clippy::result_large_err,
    reason = "the jail of figment's tests wants its own error"
)]
fn in_jail(test: impl FnOnce(&mut figment::Jail)) {
    figment::Jail::expect_with(|jail| {
        test(jail);
        Ok(())
    });
}

fn load() -> Result<Config, String> {
    Config::load(&Overrides::default()).map_err(|error| error.to_string())
}

fn table_of(config: &Config) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(config) {
        Ok(serde_json::Value::Object(table)) => table,
        other => panic!("a configuration is a table, not {other:?}"),
    }
}

#[test]
fn nothing_has_to_be_configured() {
    in_jail(|_| assert_eq!(load(), Ok(Config::default())));
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    in_jail(|jail| {
        jail.create_file(
            "hubbub.toml",
            "[server]\nlisten = \"127.0.0.1:1\"\ndrain_seconds = 3",
        )
        .unwrap();
        jail.set_env("HUBBUB_SERVER__LISTEN", "127.0.0.1:2");
        let mut overrides = Overrides {
            file: Some(PathBuf::from("hubbub.toml")),
            ..Overrides::default()
        };
        let config = Config::load(&overrides).unwrap();
        assert_eq!(
            (config.server.listen.port(), config.server.drain_seconds),
            (2, 3)
        );
        overrides.listen = Some("127.0.0.1:3".parse().unwrap());
        assert_eq!(Config::load(&overrides).unwrap().server.listen.port(), 3);
    });
}

#[test]
fn an_unknown_setting_is_named_in_one_sentence() {
    in_jail(|jail| {
        jail.set_env("HUBBUB_SERVER__LISTN", "127.0.0.1:2");
        let error = load().unwrap_err();
        assert!(
            error.contains("there is no setting server.listn"),
            "{error}"
        );
        assert!(!error.contains('\n'), "{error}");
    });
}

#[test]
fn a_value_that_makes_no_sense_is_named_in_one_sentence() {
    for (variable, value, key) in [
        ("HUBBUB_SERVER__LISTEN", "here", "server.listen"),
        (
            "HUBBUB_REGISTRATION__MODE",
            "sometimes",
            "registration.mode",
        ),
        ("HUBBUB_AUTH__SESSION_DAYS", "0", "auth.session_days"),
        (
            "HUBBUB_SERVER__PUBLIC_URL",
            "chat.example.org",
            "server.public_url",
        ),
        (
            "HUBBUB_SERVER__TRUSTED_PROXIES",
            "10.0.0.0/8",
            "server.trusted_proxies",
        ),
        ("HUBBUB_LOG__LEVEL", "loud,very", "log.level"),
    ] {
        in_jail(|jail| {
            jail.set_env(variable, value);
            let error = load().unwrap_err();
            assert!(error.contains(key), "{error}");
            assert!(!error.contains('\n'), "{error}");
        });
    }
}

#[test]
fn proxies_are_listed_in_the_file_or_in_one_text() {
    let proxies: Vec<IpAddr> = ["10.0.0.7", "::1"].map(|text| text.parse().unwrap()).into();
    for text in ["10.0.0.7, ::1", "10.0.0.7,::1,", "[10.0.0.7, ::1]"] {
        in_jail(|jail| {
            jail.set_env("HUBBUB_SERVER__TRUSTED_PROXIES", text);
            assert_eq!(load().unwrap().server.trusted_proxies, proxies, "{text}");
        });
    }
    let file = "[server]\ntrusted_proxies = [\"10.0.0.7\", \"::1\"]";
    let config: Config = Figment::from(Toml::string(file)).extract().unwrap();
    assert_eq!(config.server.trusted_proxies, proxies);
}

#[test]
fn the_database_has_a_variable_of_its_own_and_its_password_is_never_shown() {
    in_jail(|jail| {
        let url = "postgres://hubbub:secret-word@db:5432/hubbub";
        jail.set_env("HUBBUB_DATABASE_URL", url);
        let config = load().unwrap();
        let database_url = config.storage.database_url.as_ref().unwrap();
        assert_eq!(database_url.expose(), url);
        let shown = format!("{config:?} {:?}", table_of(&config));
        assert!(!shown.contains("secret-word"), "{shown}");
        jail.set_env(
            "HUBBUB_DATABASE_URL",
            "mysql://hubbub:secret-word@db/hubbub",
        );
        let error = load().unwrap_err();
        assert!(error.contains("storage.database_url"), "{error}");
        assert!(!error.contains("secret-word"), "{error}");
    });
}

#[test]
fn redis_has_a_variable_of_its_own_needs_postgres_and_its_password_is_never_shown() {
    in_jail(|jail| {
        let url = "redis://:secret-word@cache:6379";
        jail.set_env("HUBBUB_REDIS_URL", url);
        let error = load().unwrap_err();
        assert!(error.contains("HUBBUB_DATABASE_URL"), "{error}");
        jail.set_env("HUBBUB_DATABASE_URL", "postgres://hubbub@db/hubbub");
        let config = load().unwrap();
        assert_eq!(config.redis.url.as_ref().unwrap().expose(), url);
        let shown = format!("{config:?} {:?}", table_of(&config));
        assert!(!shown.contains("secret-word"), "{shown}");
        jail.set_env("HUBBUB_REDIS_URL", "http://:secret-word@cache:6379");
        let error = load().unwrap_err();
        assert!(error.contains("redis.url"), "{error}");
        assert!(!error.contains("secret-word"), "{error}");
    });
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let overrides = Overrides {
        file: Some(PathBuf::from("nowhere.toml")),
        ..Overrides::default()
    };
    let error = Config::load(&overrides).unwrap_err().to_string();
    assert!(error.contains("nowhere.toml"), "{error}");
}

#[test]
fn every_setting_is_explained_and_nothing_else_is() {
    let mut keys = Vec::new();
    for (section, settings) in table_of(&Config::default()) {
        let serde_json::Value::Object(settings) = settings else {
            panic!("{section} is not a section");
        };
        keys.extend(settings.keys().map(|key| format!("{section}.{key}")));
    }
    let mut explained: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    keys.sort_unstable();
    explained.sort_unstable();
    assert_eq!(keys, explained);
}

#[test]
fn the_commented_file_says_what_the_defaults_are() {
    let file = include_str!("../../../../config/hubbub.toml");
    // Every setting stands in the file as `# key = value`; with the marks taken away the file must be the defaults.
    let active: String = file
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| rest.contains(" = "))
                .unwrap_or(line)
        })
        .collect::<Vec<_>>()
        .join("\n");
    let figment = Figment::from(Toml::string(&active));
    let mut config: Config = figment.extract().unwrap();
    assert_eq!(
        config.server.public_url.take().as_deref(),
        Some("https://chat.example.org")
    );
    assert!(config.storage.database_url.take().is_some());
    assert!(config.redis.url.take().is_some());
    assert!(config.metrics.listen.take().is_some());
    assert!(config.traces.endpoint.take().is_some());
    assert_eq!(config, Config::default());
    for setting in SETTINGS {
        let (_, key) = setting.key.split_once('.').unwrap();
        assert!(file.contains(&format!("# {key} = ")), "{}", setting.key);
    }
}
