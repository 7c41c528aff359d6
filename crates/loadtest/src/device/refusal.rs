//! What an error of the hub means for a retry.

use std::sync::Arc;
use std::time::Duration;

/// How a failed call is to be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was not done and will not be.
    Definite(Arc<str>),
    /// Trying again may help; whether it was done is not certain.
    Passing(Arc<str>, Option<Duration>),
}

/// Reads `... HubException: <code>: <sentence> [retryAfterMs=<n>]`.
pub(super) fn understand(error: &str) -> Refusal {
    let Some((_, said)) = error.split_once("HubException: ") else {
        return Refusal::Definite(Arc::from("unexpected"));
    };
    let code = said.split(':').next().unwrap_or(said);
    let wait = said
        .split_once("[retryAfterMs=")
        .and_then(|(_, rest)| rest.strip_suffix(']')?.parse().ok());
    match code {
        "unavailable" | "rate_limited" | "internal" => {
            Refusal::Passing(Arc::from(code), wait.map(Duration::from_millis))
        }
        _ => Refusal::Definite(Arc::from(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_tell_whether_to_try_again() {
        let prefix =
            "An unexpected error occurred invoking 'SendMessage' on the server. HubException: ";
        assert_eq!(
            understand(&format!(
                "{prefix}not_found: There is no such conversation."
            )),
            Refusal::Definite(Arc::from("not_found"))
        );
        assert_eq!(
            understand(&format!(
                "{prefix}unavailable: Too busy. [retryAfterMs=1000]"
            )),
            Refusal::Passing(Arc::from("unavailable"), Some(Duration::from_secs(1)))
        );
        assert_eq!(
            understand(&format!("{prefix}internal: Our fault.")),
            Refusal::Passing(Arc::from("internal"), None)
        );
        assert_eq!(
            understand("InvalidDataException: no"),
            Refusal::Definite(Arc::from("unexpected"))
        );
    }
}
