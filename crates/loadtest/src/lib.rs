//! Load generator and history checker; speaks the wire only.
