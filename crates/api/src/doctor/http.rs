//! What answers over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use hubbub_shared::Causes;
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use super::finding::Finding;
use crate::config::{ServerConfig, TracesConfig};

/// How long anything may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct Readiness {
    status: String,
    database: String,
    bus: String,
}

#[derive(Deserialize)]
struct Passing {
    #[serde(rename = "webSockets")]
    web_sockets: bool,
}

fn client() -> Client {
    let client = Client::builder().timeout(ANSWER_TIMEOUT).build();
    client.expect("its parts are compiled in")
}

pub(super) async fn is_alive(address: SocketAddr) -> bool {
    let answer = client().get(format!("http://{address}/health/live")).send();
    answer
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// The node on this machine, if one runs.
pub(super) async fn node(address: SocketAddr) -> Finding {
    const NODE: &str = "this node";
    let answer = client()
        .get(format!("http://{address}/health/ready"))
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => {
            return Finding::note(NODE, format!("nothing runs at {address}"));
        }
        Err(error) => return Finding::wrong(NODE, Causes(&error.without_url()).to_string()),
    };
    let code = answer.status();
    match answer.json::<Readiness>().await {
        Ok(Readiness {
            status,
            database,
            bus,
        }) => {
            let text = format!("{status} at {address}; database {database}, bus {bus}");
            if code == StatusCode::OK && bus == "healthy" {
                Finding::well(NODE, text)
            } else if code == StatusCode::OK {
                Finding::note(NODE, text)
            } else {
                Finding::wrong(NODE, text)
            }
        }
        Err(_) => Finding::wrong(NODE, format!("what runs at {address} is not Hubbub")),
    }
}

/// The collector of traces, if one is configured: whether it takes none, which is something that it must take.
pub(super) async fn collector(config: &TracesConfig) -> Option<Finding> {
    const TRACES: &str = "traces";
    let endpoint = config.endpoint.as_ref()?;
    let answer = client()
        .post(endpoint)
        .header("Content-Type", "application/x-protobuf")
        .body(Vec::new())
        .send()
        .await;
    Some(match answer {
        Ok(answer) if answer.status().is_success() => {
            Finding::well(TRACES, format!("{endpoint} takes them"))
        }
        Ok(answer) => Finding::wrong(
            TRACES,
            format!(
                "{endpoint} answered {} and will not take them",
                answer.status()
            ),
        ),
        Err(error) => {
            let causes = Causes(&error.without_url()).to_string();
            Finding::wrong(TRACES, format!("{endpoint} cannot be reached: {causes}"))
        }
    })
}

/// The proxy in front, if one is configured: whether it leads here, and lets WebSockets through.
pub(super) async fn proxy(config: &ServerConfig) -> Option<Finding> {
    const PROXY: &str = "proxy";
    let origin = config.public_origin()?;
    let answer = client()
        .get(format!("{origin}/hubs/health"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let causes = Causes(&error.without_url()).to_string();
            return Some(Finding::wrong(
                PROXY,
                format!("{origin} cannot be reached: {causes}"),
            ));
        }
    };
    let status = answer.status();
    Some(match answer.json::<Passing>().await {
        Ok(Passing { web_sockets: true }) => Finding::well(
            PROXY,
            format!("{origin} leads here and lets WebSockets through"),
        ),
        Ok(Passing { web_sockets: false }) => Finding::wrong(
            PROXY,
            format!(
                "{origin} leads here and takes the header Upgrade away, so clients fall back to slower transports; see deploy/nginx"
            ),
        ),
        Err(_) => Finding::wrong(
            PROXY,
            format!("{origin} does not lead to Hubbub: it answered {status}"),
        ),
    })
}
