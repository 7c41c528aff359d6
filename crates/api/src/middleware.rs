//! What every request passes on its way in and out.

mod contained;
mod detached;
mod origin;
mod remote_address;
mod security_headers;
mod trace;

pub(crate) use contained::contained;
pub(crate) use detached::detached;
pub(crate) use origin::same_origin;
pub(crate) use remote_address::RemoteAddress;
pub(crate) use security_headers::security_headers;
pub(crate) use trace::trace;
