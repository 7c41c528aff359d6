//! [`Backplane`] in the form that a hub can keep.

use std::future::Future;
use std::pin::Pin;

use super::{
    Backplane, BackplaneError, ClientAnswer, Envelope, GroupChange, LocalNode, RemoteCall, Topic,
};

type Confirmation<'a, T = ()> =
    Pin<Box<dyn Future<Output = Result<T, BackplaneError>> + Send + 'a>>;

pub(crate) trait ErasedBackplane: Send + Sync {
    fn attach(&self, node: LocalNode);
    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError>;
    fn subscribe<'a>(&'a self, topic: Topic<'a>) -> Confirmation<'a>;
    fn unsubscribe<'a>(&'a self, topic: Topic<'a>) -> Confirmation<'a>;
    fn change_group(&self, change: GroupChange) -> Confirmation<'_>;
    fn invoke(&self, call: RemoteCall) -> Confirmation<'_, ClientAnswer>;
}

impl<B: Backplane> ErasedBackplane for B {
    fn attach(&self, node: LocalNode) {
        Backplane::attach(self, node);
    }

    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError> {
        Backplane::publish(self, envelope)
    }

    fn subscribe<'a>(&'a self, topic: Topic<'a>) -> Confirmation<'a> {
        Box::pin(Backplane::subscribe(self, topic))
    }

    fn unsubscribe<'a>(&'a self, topic: Topic<'a>) -> Confirmation<'a> {
        Box::pin(Backplane::unsubscribe(self, topic))
    }

    fn change_group(&self, change: GroupChange) -> Confirmation<'_> {
        Box::pin(Backplane::change_group(self, change))
    }

    fn invoke(&self, call: RemoteCall) -> Confirmation<'_, ClientAnswer> {
        Box::pin(Backplane::invoke(self, call))
    }
}
