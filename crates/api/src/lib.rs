//! The Hubbub program: HTTP controllers, the chat hub, configuration and wiring.
