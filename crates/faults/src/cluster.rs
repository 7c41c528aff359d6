//! `make cluster`: everything that a cluster has, from nothing, on this machine.

#![expect(
    clippy::print_stdout,
    reason = "whoever started it reads where everything is"
)]

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use hubbub_testkit::Cluster;

/// How the cluster is.
#[derive(Args)]
pub(crate) struct Options {
    /// The Hubbub to run
    #[arg(long)]
    hubbub: PathBuf,
    /// How many nodes there are
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// Serve HTTPS, with a certificate that browsers warn of
    #[arg(long)]
    tls: bool,
    /// A setting of every node, as in `--env HUBBUB_LOG__LEVEL=debug`
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    env: Vec<(String, String)>,
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it has no =")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs it until whoever started it interrupts.
pub(crate) async fn run(options: Options) -> Result<bool> {
    eprintln!(
        "starting PostgreSQL, Redis, nginx and {} nodes ...",
        options.nodes
    );
    let cluster = Cluster::builder(options.hubbub).nodes(options.nodes);
    let cluster = if options.tls { cluster.tls() } else { cluster };
    let settings = options.env.iter();
    let cluster = settings.fold(cluster, |cluster, (name, value)| cluster.env(name, value));
    let cluster = cluster.start().await.context("starting the cluster")?;
    let first = cluster.nodes.first().context("a cluster has a node")?;
    println!("  Address     {}", cluster.nginx.origin());
    println!("  Setup code  {}", first.setup_code().await?);
    for (place, (node, metrics)) in cluster.nodes.iter().zip(&cluster.metrics).enumerate() {
        let (address, process) = (node.address(), node.process().pid());
        let number = place + 1;
        println!(
            "  Node {number}      http://{address}, process {process}, http://{metrics}/metrics"
        );
    }
    println!("  Logs        {}", cluster.folder().display());
    println!("Everything is gone when this ends: press Ctrl-C.");
    std::future::pending().await
}
