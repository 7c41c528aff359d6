//! Starts private servers for tests on free ports and stops them by process id.
