//! Entities, value objects and rules of the chat, and the traits that store them.
