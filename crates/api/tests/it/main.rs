//! The built program, started as a person would start it and used over its public contract.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod app;
mod architecture;
mod crash;
mod database_away;
mod hostile;
mod http;
mod hub;
mod openapi;
mod postgres;
mod sign_in;
mod start;
mod web_client;
