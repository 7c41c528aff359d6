//! A complete ASP.NET Core SignalR server for axum.
