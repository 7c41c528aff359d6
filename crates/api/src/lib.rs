//! Hubbub, the program: HTTP controllers, the chat hub, the relay that brings changes to connections, configuration and wiring.
//!
//! A request's way: controller or hub method, one service method, one unit of work, commit, answer, publish. Nothing here
//! decides what people may do, and nothing here speaks SQL.
//!
//! Start reading at [`app`], where everything is wired; [`relay`] is the part with the most thought in it.

#[cfg(all(not(debug_assertions), feature = "broken-no-sweep"))]
compile_error!("`broken-no-sweep` is a negative control; no release may contain it");

pub mod app;
pub mod cli;
pub mod config;
pub mod controllers;
pub mod doctor;
mod hub;
mod login_throttle;
mod metrics;
mod middleware;
mod problem;
mod relay;
mod requests;
mod server;
mod setup_notice;
mod state;
pub mod telemetry;
mod web_client;
