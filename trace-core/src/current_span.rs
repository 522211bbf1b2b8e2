//! The handle through which everything is said about a span.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::attribute_list::AttributeList;
use crate::budget::Worth;
use crate::buffer;
use crate::context;
use crate::hot::Hot;
use crate::id::{SpanId, TraceId};
use crate::new_event::NewEvent;
use crate::record::{Group, Record};
use crate::scalar::Scalar;
use crate::span_context::SpanContext;
use crate::span_data::Link;
use crate::status::Status;
use crate::switches;
use crate::tally;
use crate::untold;
use crate::value::{Attribute, Key, Value};

/// The current span of this task, or of this thread outside of a traced task.
///
/// Takes about as long as reading a thread-local (0.6 ns). Where there is no span, the handle says so and swallows
/// everything.
///
/// ```
/// let _span = trace_core::start_span("checkout");
/// trace_core::current_span().set_attribute("cart.items", 3);
/// ```
#[inline]
#[must_use]
pub fn current_span() -> CurrentSpan {
    untold::tell();
    CurrentSpan { hot: context::current() }
}

/// How many sources of an error [`CurrentSpan::record_error`] tells of.
const MAX_SOURCES: usize = 32;

/// A handle to a span: `Copy`, 32 bytes, good on any thread, and never in the way of the span's end.
///
/// Whatever is said through it is written into the calling thread's own buffer and put on the span later; what is said after
/// the span's end is ignored and counted. Nothing here allocates for static keys with numbers and truth values.
/// [`Span`](crate::Span) and [`ActiveSpan`](crate::ActiveSpan) offer the same methods.
///
/// As text it is `trace_id=4bf9… span_id=00f0…`, for log lines, or `trace_id=none`.
///
/// ```
/// use trace_core::{capture, current_span, in_scope};
///
/// assert_eq!(current_span().to_string(), "trace_id=none");
///
/// let captured = capture(|| {
///     in_scope("request", || {
///         let request = current_span();
///         assert!(request.to_string().starts_with("trace_id=") && request.is_recording());
///         // A copy, on another thread, which knows nothing of the span otherwise.
///         std::thread::spawn(move || request.set_attribute("cached", true)).join().unwrap();
///     });
/// });
/// assert_eq!(captured.trace()?.root().unwrap().attribute("cached"), Some(&true.into()));
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Clone, Copy)]
pub struct CurrentSpan {
    pub(crate) hot: Hot,
}

impl CurrentSpan {
    /// Whether what is said about the span is kept. `false` for no span, a trace that is not sampled, and where nothing was
    /// initialised.
    #[inline]
    #[must_use]
    pub const fn is_recording(&self) -> bool {
        self.hot.is_recording()
    }

    /// The span's identity; `None` where there is no span. A trace that is not sampled has one too, for all its spans.
    #[must_use]
    pub fn context(&self) -> Option<SpanContext> {
        self.hot.span_context()
    }

    /// The id of the trace.
    #[inline]
    #[must_use]
    pub const fn trace_id(&self) -> Option<TraceId> {
        self.hot.trace_id()
    }

    /// The id of the span.
    #[inline]
    #[must_use]
    pub const fn span_id(&self) -> Option<SpanId> {
        self.hot.span_id()
    }

    /// Sets an attribute; the last value of a key wins.
    #[inline]
    pub fn set_attribute(&self, key: impl Into<Key>, value: impl Into<Value>) {
        if self.is_recording() {
            self.write_attribute(key.into(), value.into());
        }
    }

    /// Sets an attribute whose value is worked out only if the span is recording.
    ///
    /// ```
    /// use trace_core::{Value, current_span};
    ///
    /// current_span().set_attribute_with("config", || Value::debug(vec![1; 1000])); // nobody listens: nothing is formatted
    /// ```
    #[inline]
    pub fn set_attribute_with<V: Into<Value>>(&self, key: impl Into<Key>, value: impl FnOnce() -> V) {
        if self.is_recording() {
            self.write_attribute(key.into(), value().into());
        }
    }

    /// Sets several attributes at one moment.
    ///
    /// ```
    /// trace_core::current_span().set_attributes([("cart.items", 3), ("cart.weight_grams", 1250)]);
    /// ```
    pub fn set_attributes<A: Into<Attribute>>(&self, attributes: impl IntoIterator<Item = A>) {
        if self.is_recording() {
            let mut list = AttributeList::new();
            list.extend(attributes.into_iter().map(Into::into));
            self.write_attributes(switches::now(self.hot), list);
        }
    }

    /// Sets several attributes that are worked out only if the span is recording.
    pub fn set_attributes_with<A: Into<Attribute>, I: IntoIterator<Item = A>>(&self, attributes: impl FnOnce() -> I) {
        if self.is_recording() {
            self.set_attributes(attributes());
        }
    }

    /// Adds an event: something that happens now. A name alone is an event; [`NewEvent`] has attributes as well.
    ///
    /// ```
    /// use trace_core::{NewEvent, current_span};
    ///
    /// current_span().add_event("cache miss");
    /// current_span().add_event(NewEvent::new("retry").attribute("attempt", 2));
    /// ```
    pub fn add_event(&self, event: impl Into<NewEvent>) {
        if self.is_recording() {
            let NewEvent { name, attributes } = event.into();
            self.write_event(name, attributes);
        }
    }

    /// Adds an event that is worked out only if the span is recording.
    pub fn add_event_with<E: Into<NewEvent>>(&self, event: impl FnOnce() -> E) {
        if self.is_recording() {
            self.add_event(event());
        }
    }

    /// Links the span to another one that it has to do with.
    ///
    /// ```
    /// use trace_core::{Link, Span, current_span};
    ///
    /// if let Some(other) = Span::new("other").context() {
    ///     current_span().add_link(Link::new(other).attribute(("reason", "same batch")));
    /// }
    /// ```
    pub fn add_link(&self, link: impl Into<Link>) {
        if self.is_recording() {
            let Link { context, trace_state, attributes, .. } = link.into();
            let rest = attributes.into_iter().map(Record::Attribute);
            self.write(Group::Link, WithFirst { first: Some(Record::LinkTo(context, trace_state)), rest });
        }
    }

    /// Says how the operation went. `Ok` is final; `Error` wins over `Unset`.
    ///
    /// ```
    /// use trace_core::{Outcome, Status, capture, current_span, in_scope};
    ///
    /// let captured = capture(|| in_scope("charge", || current_span().set_status(Status::error("card declined"))));
    /// let charge = captured.trace()?.root().unwrap();
    /// assert_eq!((charge.outcome(), charge.status().to_string()), (Outcome::Error, "ERROR: card declined".to_owned()));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn set_status(&self, status: Status) {
        if self.is_recording() {
            self.write(Group::Change, [Record::Status(status)].into_iter());
        }
    }

    /// Gives the span another name.
    ///
    /// ```
    /// use trace_core::{capture, current_span, in_scope};
    ///
    /// let captured = capture(|| in_scope("GET", || current_span().set_name("GET /users/{id}")));
    /// assert_eq!(captured.trace()?.root().unwrap().name(), "GET /users/{id}");
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn set_name(&self, name: impl Into<Cow<'static, str>>) {
        if self.is_recording() {
            self.write(Group::Change, [Record::Name(name.into())].into_iter());
        }
    }

    /// Records a failure: the status becomes `Error` with the error's text, and an event `exception` carries its type and
    /// message with those of its sources, as
    /// [the conventions for exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/) name them.
    ///
    /// ```
    /// use trace_core::{capture, current_span, in_scope};
    ///
    /// let captured = capture(|| {
    ///     in_scope("parse", || {
    ///         if let Err(error) = "forty-two".parse::<u32>() {
    ///             current_span().record_error(&error);
    ///         }
    ///     });
    /// });
    /// let event = captured.trace()?.root().unwrap().events().next().unwrap();
    /// assert_eq!(event.name(), "exception");
    /// assert_eq!(event.attributes()[1].value.as_str(), Some("invalid digit found in string"));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        if !self.is_recording() {
            return;
        }
        let description = Value::display(error).as_str().unwrap_or_default().to_owned();
        let mut message = description.clone();
        let mut next = error.source();
        // A chain that bites its own tail must not keep us here.
        for _ in 0..MAX_SOURCES {
            let Some(source) = next else { break };
            message.push_str(": ");
            message.push_str(Value::display(source).as_str().unwrap_or_default());
            next = source.source();
        }
        self.write_failure(std::any::type_name::<E>(), message, description);
    }

    /// [`record_error`](Self::record_error) for what is no [`Error`] but can be shown: a `String`, a report.
    ///
    /// ```
    /// trace_core::current_span().record_failure("the other side hung up");
    /// ```
    pub fn record_failure<E: fmt::Display + ?Sized>(&self, failure: &E) {
        if self.is_recording() {
            let message = Value::display(failure).as_str().unwrap_or_default().to_owned();
            self.write_failure(std::any::type_name::<E>(), message.clone(), message);
        }
    }

    pub(crate) fn write_failure(&self, type_name: &'static str, message: String, description: String) {
        let event = NewEvent::new("exception");
        self.add_event(event.attribute("exception.type", type_name).attribute("exception.message", message));
        self.set_status(Status::error(description));
    }

    #[inline]
    fn write_attribute(&self, key: Key, value: Value) {
        self.write_attribute_at(switches::now(self.hot), key, value);
    }

    /// Writes an attribute as of this tick.
    #[inline]
    pub(crate) fn write_attribute_at(&self, ticks: u64, key: Key, value: Value) {
        match (key.as_static(), Scalar::of(&value)) {
            (Some(key), Some((scalar, bits))) => {
                // It owns nothing; else it would be looked at once more for what is to be freed.
                std::mem::forget(value);
                self.write_scalar(ticks, key, scalar, bits);
            }
            _ => self.write_other(ticks, Attribute { key, value }),
        }
    }

    #[inline]
    fn write_scalar(&self, ticks: u64, key: &'static str, scalar: Scalar, bits: u64) {
        let Some((trace, span)) = self.hot.ids() else { return };
        let pipeline = self.hot.pipeline();
        if !buffer::push(Worth::Detail, || Record::Scalar { scalar, pipeline, trace, span, ticks, key, bits }) {
            self.tell_of_loss(Group::Attributes);
        }
    }

    #[inline(never)]
    fn write_other(&self, ticks: u64, attribute: Attribute) {
        self.write_at(ticks, Group::Attributes, [Record::Attribute(attribute)].into_iter());
    }

    /// Writes attributes as of this tick. The first one may need no record of its own.
    pub(crate) fn write_attributes(&self, ticks: u64, mut attributes: AttributeList) {
        let Some((trace, span)) = self.hot.ids() else { return };
        let pipeline = self.hot.pipeline();
        let mut items = attributes.drain();
        let Some(first) = items.next() else { return };
        let pushed = match (first.key.as_static(), Scalar::of(&first.value)) {
            (Some(key), Some((scalar, bits))) => {
                let header = Record::Scalar { scalar, pipeline, trace, span, ticks, key, bits };
                buffer::push_group(Worth::Detail, header, items.map(Record::Attribute))
            }
            _ => {
                let header = Record::Group { what: Group::Attributes, pipeline, trace, span, ticks };
                let items = WithFirst { first: Some(first), rest: items };
                buffer::push_group(Worth::Detail, header, items.map(Record::Attribute))
            }
        };
        if !pushed {
            self.tell_of_loss(Group::Attributes);
        }
    }

    fn write_event(&self, name: Cow<'static, str>, mut attributes: AttributeList) {
        let items = attributes.drain().map(Record::Attribute);
        let (Some((trace, span)), Cow::Borrowed(name)) = (self.hot.ids(), &name) else {
            return self.write(Group::Event, WithFirst { first: Some(Record::EventName(name)), rest: items });
        };
        let (pipeline, ticks) = (self.hot.pipeline(), switches::now(self.hot));
        let event = || Record::Event { pipeline, trace, span, ticks, name };
        let pushed = if items.len() == 0 {
            buffer::push(Worth::Detail, event)
        } else {
            buffer::push_group(Worth::Detail, event(), items)
        };
        if !pushed {
            self.tell_of_loss(Group::Event);
        }
    }

    fn write(&self, what: Group, items: impl ExactSizeIterator<Item = Record>) {
        self.write_at(switches::now(self.hot), what, items);
    }

    /// Writes a group as of this tick.
    pub(crate) fn write_at(&self, ticks: u64, what: Group, items: impl ExactSizeIterator<Item = Record>) {
        let Some((trace, span)) = self.hot.ids() else { return };
        let header = Record::Group { what, pipeline: self.hot.pipeline(), trace, span, ticks };
        if !buffer::push_group(Worth::Detail, header, items) {
            self.tell_of_loss(what);
        }
    }

    /// What found no memory is counted, on its span if a word of that still fits.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_of_loss(&self, lost: Group) {
        if lost == Group::Polls {
            tally::POLLS_OVER_BUDGET.add(1);
        } else {
            tally::DETAILS_OVER_BUDGET.add(1);
        }
        if let Some((trace, span)) = self.hot.ids() {
            let pipeline = self.hot.pipeline();
            buffer::push(Worth::Span, || Record::Lost { lost, pipeline, trace, span });
        }
    }
}

/// An iterator with one item before it, which knows its length where `chain` does not.
struct WithFirst<I: Iterator> {
    first: Option<I::Item>,
    rest: I,
}

impl<I: ExactSizeIterator> Iterator for WithFirst<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.first.take().or_else(|| self.rest.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = usize::from(self.first.is_some()) + self.rest.len();
        (len, Some(len))
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for WithFirst<I> {}

/// Handles are equal if they speak of the same span.
impl PartialEq for CurrentSpan {
    fn eq(&self, other: &Self) -> bool {
        self.hot.is_same_span(other.hot)
    }
}

impl Eq for CurrentSpan {}

impl fmt::Display for CurrentSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hot.ids() {
            Some((trace, span)) => write!(f, "trace_id={trace} span_id={span}"),
            None => f.write_str("trace_id=none"),
        }
    }
}

impl fmt::Debug for CurrentSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentSpan").field(&self.context()).finish()
    }
}

/// A handle to the same span.
impl From<CurrentSpan> for Option<SpanContext> {
    fn from(span: CurrentSpan) -> Self {
        span.context()
    }
}
