//! Adapters for the ports: storage, security, in-process bus.
