//! The listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::arguments::Tls;

pub(crate) async fn plain(address: SocketAddr, app: Router) -> io::Result<()> {
    accept(address, app, async |stream| Ok(stream)).await
}

pub(crate) async fn tls(tls: &Tls, app: Router) -> io::Result<()> {
    let certificates = CertificateDer::pem_file_iter(&tls.certificate).map_err(io::Error::other)?;
    let certificates = certificates
        .collect::<Result<Vec<_>, _>>()
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(io::Error::other)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    accept(tls.address, app, move |stream| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(stream).await }
    })
    .await
}

/// Accepts connections for ever, and prints where as soon as it does.
async fn accept<F, Fut, Io>(address: SocketAddr, app: Router, secure: F) -> io::Result<()>
where
    F: Fn(TcpStream) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = io::Result<Io>> + Send,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let listener = TcpListener::bind(address).await?;
    #[expect(clippy::print_stdout, reason = "a test suite waits for this line")]
    {
        println!("listening on {}", listener.local_addr()?);
    }
    let connections = TaskTracker::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (app, secure) = (app.clone(), secure.clone());
        connections.spawn(async move {
            let Ok(stream) = secure(stream).await else {
                return;
            };
            let service =
                app.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    request
                });
            let mut server = auto::Builder::new(TokioExecutor::new());
            server.http2().enable_connect_protocol();
            // A client that goes away in the middle is nothing to report.
            let _ = server
                .serve_connection_with_upgrades(
                    TokioIo::new(stream),
                    TowerToHyperService::new(service),
                )
                .await;
        });
    }
}
