//! The use cases of the chat as services, and the ports that they need.
