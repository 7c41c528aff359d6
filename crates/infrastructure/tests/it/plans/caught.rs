//! Catches the statements that a call sends, from what the driver logs.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Instrument as _, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The span around a call whose statements are caught. It has one field, which of the catches it belongs to.
const SPAN: &str = "caught";

/// Where the statements of each catch are kept, by its number.
static NETS: Mutex<Vec<Arc<Mutex<Vec<String>>>>> = Mutex::new(Vec::new());

/// What was caught, by name.
#[derive(Default)]
pub(crate) struct Caught {
    statements: Vec<(&'static str, Vec<String>)>,
}

impl Caught {
    /// Waits for the answer of a call and keeps the statements that it sent.
    pub(crate) async fn of<T>(&mut self, name: &'static str, call: impl Future<Output = T>) -> T {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Net);
            tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
        });
        let net = Arc::new(Mutex::new(Vec::new()));
        let number = {
            let mut nets = NETS.lock().unwrap();
            nets.push(net.clone());
            nets.len() - 1
        };
        let span = tracing::info_span!("caught", number);
        let answer = call.instrument(span).await;
        let statements = std::mem::take(&mut *net.lock().unwrap());
        self.statements.push((name, statements));
        answer
    }

    pub(crate) fn into_statements(self) -> Vec<(&'static str, Vec<String>)> {
        self.statements
    }
}

struct Net;

/// The number of a catch, beside its span.
struct Number(usize);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Net {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == SPAN {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            let span = context.span(id).expect("the span was just made");
            span.extensions_mut().insert(Number(fields.number));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let statement = fields.statement.trim();
        let mut scope = context.event_scope(event).into_iter().flatten();
        let number =
            scope.find_map(|span| span.extensions().get::<Number>().map(|number| number.0));
        if let (Some(number), false) = (number, statement.is_empty()) {
            NETS.lock().unwrap()[number]
                .lock()
                .unwrap()
                .push(statement.to_owned());
        }
    }
}

#[derive(Default)]
struct Fields {
    number: usize,
    statement: String,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "number" {
            self.number = usize::try_from(value).expect("it was a usize");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement" {
            value.clone_into(&mut self.statement);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
