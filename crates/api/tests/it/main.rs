//! The built program, started as a person would start it and used over its public contract.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod access;
mod app;
mod architecture;
mod connection;
mod crash;
mod database_away;
mod doctor;
mod draining;
mod events;
mod groups;
mod history;
mod hostile;
mod http;
mod hub;
mod hub_methods;
mod logs;
mod messages;
mod metrics;
mod nodes;
mod openapi;
mod postgres;
mod presence;
mod rate_limits;
mod reading;
mod revoked_elsewhere;
mod sign_in;
mod start;
mod sync;
mod traces;
mod web_client;
mod worked_example;
