//! Head sampling: which traces are recorded, decided when a local root starts.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::callsite::Callsite;
use crate::caught::caught;
use crate::id::TraceId;
use crate::kind::SpanKind;
use crate::probability::{Threshold, randomness, ratio_of, threshold_of};
use crate::span_context::SpanContext;
use crate::span_data::Link;
use crate::token_bucket::TokenBucket;
use crate::trace_state::{NO_TRACE_STATE, TraceState};
use crate::value::Attribute;

/// Decides whether a trace is recorded, as in
/// [OpenTelemetry's `Sampler`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampler).
///
/// A sampler is asked once per *local root*: a span without a parent in this process, be it the root of a trace or the child
/// of a remote span. All spans below follow that decision and ask nobody, so an unsampled trace costs next to nothing, and
/// no trace is recorded in part because a sampler changed its mind. To leave out single spans, use a
/// [`Filter`](crate::Filter).
///
/// Default: [`Sampler::default`], which is `parent_based(always_on())`, as in the specification.
///
/// ```
/// use trace_core::{Sampler, SamplingDecision, SpanKind};
///
/// // A tenth of all traces, unless a caller has decided already.
/// let tenth = Sampler::parent_based(Sampler::ratio(0.1));
///
/// // Every request, at most 100 traces a second of anything else.
/// let limited = Sampler::rate_limited(100.0);
/// let custom = Sampler::custom(|span| match span.kind {
///     SpanKind::Server => SamplingDecision::RecordAndSample,
///     _ => SamplingDecision::Drop,
/// });
/// # let _ = (tenth, limited, custom);
/// ```
#[derive(Clone)]
pub struct Sampler(Strategy);

#[derive(Clone)]
enum Strategy {
    AlwaysOn,
    AlwaysOff,
    /// Records a trace whose randomness reaches the threshold.
    Ratio(u64),
    /// The same, with the threshold in the trace state.
    Probability(u64),
    ParentBased(Arc<ParentBased>),
    RateLimited(Arc<RateLimit>),
    Custom(Arc<Judge>),
}

type Judge = dyn Fn(&SamplingParameters<'_>) -> SamplingDecision + Send + Sync;

#[derive(Debug)]
struct RateLimit {
    per_second: f64,
    bucket: TokenBucket,
    since: Instant,
}

impl Sampler {
    /// Records every trace, as [`AlwaysOn`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#alwayson).
    #[must_use]
    pub const fn always_on() -> Self {
        Self(Strategy::AlwaysOn)
    }

    /// Records no trace, as [`AlwaysOff`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#alwaysoff).
    #[must_use]
    pub const fn always_off() -> Self {
        Self(Strategy::AlwaysOff)
    }

    /// Records this part of all traces, between 0 and 1, by their ids: every process that uses the same ratio decides the
    /// same of a trace.
    ///
    /// A trace is recorded if the low 56 bits of its id ([`TraceId::randomness`]) are not below the threshold
    /// `(1 - ratio) * 2^56`, as in
    /// [`ProbabilitySampler`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#probabilitysampler). The threshold is not
    /// written into the trace state. A parent's decision is not looked at; see [`Sampler::parent_based`].
    ///
    /// A ratio below 0 counts as 0, above 1 as 1, and what is not a number as 1, so that a mistake loses no trace. A ratio
    /// above 0 but below 2^-56 counts as 2^-56, the least there is.
    #[must_use]
    pub fn ratio(ratio: f64) -> Self {
        Self(Strategy::Ratio(threshold_of(ratio)))
    }

    /// Records this part of all traces, between 0 and 1, so that every service keeps the same traces, whatever their ratios:
    /// a trace that one with a lower ratio keeps, all those with a higher ratio keep as well. As
    /// [`ProbabilitySampler`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#probabilitysampler).
    ///
    /// A trace is recorded if its randomness is not below the threshold `(1 - ratio) * 2^56`. Its randomness is that of the
    /// field `rv` in the trace state's member `ot`, else the low 56 bits of its id ([`TraceId::randomness`]). The threshold is
    /// written into the trace state (`ot=th:..`), so that a back end knows how many traces a recorded one stands for. A
    /// parent's decision is not looked at: most services want `Sampler::parent_based(Sampler::probability(0.1))`.
    ///
    /// A ratio is read as by [`Sampler::ratio`].
    ///
    /// ```
    /// use trace_core::{Capture, Sampler, current_trace_state, in_scope};
    ///
    /// let sampler = Sampler::parent_based(Sampler::probability(1.0));
    /// let captured = Capture::new().sampler(sampler).run(|| in_scope("request", current_trace_state));
    /// assert_eq!(captured.value.to_string(), "ot=th:0");
    /// ```
    #[must_use]
    pub fn probability(ratio: f64) -> Self {
        Self(Strategy::Probability(threshold_of(ratio)))
    }

    /// Follows the decision of the parent, and asks `root` where there is none.
    ///
    /// The defaults of [`ParentBased`], which has the settings, too.
    #[must_use]
    pub fn parent_based(root: impl Into<Self>) -> Self {
        ParentBased::new(root).into()
    }

    /// Records at most this many traces a second, over all threads, whoever the parent is.
    ///
    /// What was not used is saved up for one second, so in any period of `t` seconds at most `per_second * (t + 1)` traces
    /// are recorded. A rate below 1 means one trace every `1 / per_second` seconds, the first at once. Clones share the
    /// limit. A rate of 0 or below records nothing, and what is not a number limits nothing.
    #[must_use]
    pub fn rate_limited(per_second: f64) -> Self {
        if per_second.is_nan() {
            return Self::always_on();
        }
        TokenBucket::new(per_second).map_or(Self::always_off(), |bucket| {
            Self(Strategy::RateLimited(Arc::new(RateLimit { per_second, bucket, since: Instant::now() })))
        })
    }

    /// Asks a closure.
    ///
    /// It is called on the thread that starts the span, possibly on several at once, before the start is over: it should
    /// take no longer than a microsecond. A trace that it starts itself is not recorded. If it panics, the panic is caught,
    /// the trace is not recorded, and the panic is counted.
    #[must_use]
    pub fn custom(judge: impl Fn(&SamplingParameters<'_>) -> SamplingDecision + Send + Sync + 'static) -> Self {
        Self(Strategy::Custom(Arc::new(judge)))
    }

    /// Decides about a local root.
    pub(crate) fn decide(&self, span: &SamplingParameters<'_>) -> Decided {
        match &self.0 {
            Strategy::AlwaysOn => Decided::by_rule(true).keeping_threshold(),
            Strategy::AlwaysOff => Decided::by_rule(false),
            Strategy::Ratio(threshold) => {
                Decided::by_rule(span.trace_id.randomness() >= *threshold).keeping_threshold()
            }
            Strategy::Probability(threshold) => {
                Decided::by_threshold(*threshold, randomness(span.trace_id, span.trace_state))
            }
            Strategy::ParentBased(samplers) => samplers.of(span.parent.as_ref()).decide(span),
            Strategy::RateLimited(limit) => {
                let now = u64::try_from(limit.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
                Decided::by_rule(limit.bucket.take(now))
            }
            Strategy::Custom(judge) => ask(&**judge, span),
        }
    }

    /// The sampler that decides where there is no parent.
    pub(crate) fn of_roots(&self) -> &Self {
        match &self.0 {
            Strategy::ParentBased(samplers) => &samplers.root,
            _ => self,
        }
    }

    /// Whether every span without a parent is recorded, so that nobody needs to ask.
    pub(crate) fn always_records_roots(&self) -> bool {
        match &self.0 {
            Strategy::AlwaysOn | Strategy::Ratio(0) => true,
            Strategy::ParentBased(samplers) => samplers.root.always_records_roots(),
            Strategy::AlwaysOff
            | Strategy::Ratio(_)
            // It has a threshold to tell.
            | Strategy::Probability(_)
            | Strategy::RateLimited(_)
            | Strategy::Custom(_) => false,
        }
    }
}

thread_local! {
    /// Whether this thread is inside a closure of [`Sampler::custom`].
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

fn ask(judge: &Judge, span: &SamplingParameters<'_>) -> Decided {
    // A closure that starts a trace would ask itself without end.
    if ASKING.replace(true) {
        return Decided::by_rule(false);
    }
    let decision = caught(|| judge(span));
    ASKING.set(false);
    Decided {
        decision: decision.unwrap_or(SamplingDecision::Drop),
        threshold: Threshold::Gone,
        panicked: decision.is_none(),
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::parent_based(Self::always_on())
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Strategy::AlwaysOn => f.write_str("AlwaysOn"),
            Strategy::AlwaysOff => f.write_str("AlwaysOff"),
            Strategy::Ratio(threshold) => f.debug_tuple("Ratio").field(&ratio_of(*threshold)).finish(),
            Strategy::Probability(threshold) => f.debug_tuple("Probability").field(&ratio_of(*threshold)).finish(),
            Strategy::ParentBased(samplers) => samplers.fmt(f),
            Strategy::RateLimited(limit) => f.debug_tuple("RateLimited").field(&limit.per_second).finish(),
            Strategy::Custom(_) => f.write_str("Custom"),
        }
    }
}

/// A sampler for each kind of parent, as in
/// [OpenTelemetry's `ParentBased`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased).
///
/// Defaults: what a parent had recorded is recorded, what it had not is not.
///
/// ```
/// use trace_core::{ParentBased, Sampler};
///
/// // Follows the callers, but lets none of them make us record more than 50 traces a second.
/// let sampler: Sampler =
///     ParentBased::new(Sampler::ratio(0.01)).remote_parent_sampled(Sampler::rate_limited(50.0)).into();
/// # let _ = sampler;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ParentBased {
    root: Sampler,
    remote_sampled: Sampler,
    remote_not_sampled: Sampler,
    local_sampled: Sampler,
    local_not_sampled: Sampler,
}

impl ParentBased {
    /// Follows the parent, and asks `root` where there is none.
    pub fn new(root: impl Into<Sampler>) -> Self {
        Self {
            root: root.into(),
            remote_sampled: Sampler::always_on(),
            remote_not_sampled: Sampler::always_off(),
            local_sampled: Sampler::always_on(),
            local_not_sampled: Sampler::always_off(),
        }
    }

    /// Sets who decides below a span of another process that was sampled. Default: [`Sampler::always_on`].
    pub fn remote_parent_sampled(mut self, sampler: impl Into<Sampler>) -> Self {
        self.remote_sampled = sampler.into();
        self
    }

    /// Sets who decides below a span of another process that was not sampled. Default: [`Sampler::always_off`].
    pub fn remote_parent_not_sampled(mut self, sampler: impl Into<Sampler>) -> Self {
        self.remote_not_sampled = sampler.into();
        self
    }

    /// Sets who decides below a [`SpanContext`] of this process that was sampled, where it was given as the parent by hand.
    /// Default: [`Sampler::always_on`].
    pub fn local_parent_sampled(mut self, sampler: impl Into<Sampler>) -> Self {
        self.local_sampled = sampler.into();
        self
    }

    /// Sets who decides below a [`SpanContext`] of this process that was not sampled, where it was given as the parent by
    /// hand. Default: [`Sampler::always_off`].
    pub fn local_parent_not_sampled(mut self, sampler: impl Into<Sampler>) -> Self {
        self.local_not_sampled = sampler.into();
        self
    }

    fn of(&self, parent: Option<&SpanContext>) -> &Sampler {
        let Some(parent) = parent else { return &self.root };
        match (parent.is_remote(), parent.is_sampled()) {
            (true, true) => &self.remote_sampled,
            (true, false) => &self.remote_not_sampled,
            (false, true) => &self.local_sampled,
            (false, false) => &self.local_not_sampled,
        }
    }
}

impl From<ParentBased> for Sampler {
    fn from(samplers: ParentBased) -> Self {
        Self(Strategy::ParentBased(Arc::new(samplers)))
    }
}

/// What is known of a local root when it is decided whether its trace is recorded.
///
/// Attributes that are added after the start are not among them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SamplingParameters<'a> {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span it was started in, usually one of another process; `None` for the root of a trace.
    pub parent: Option<SpanContext>,
    /// What the systems along the trace's way say of it; empty for the root of a trace.
    pub trace_state: &'a TraceState,
    /// What it is called.
    pub name: &'a str,
    /// Its role towards other processes.
    pub kind: SpanKind,
    /// Where it stands in the source; `None` for a span from elsewhere.
    pub callsite: Option<&'static Callsite>,
    /// The attributes given before its start.
    pub attributes: &'a [Attribute],
    /// The links given before its start.
    pub links: &'a [Link],
}

impl<'a> SamplingParameters<'a> {
    /// A span of this name of which nothing else is known, to try a closure with.
    #[must_use]
    pub const fn new(trace_id: TraceId, name: &'a str) -> Self {
        Self {
            trace_id,
            parent: None,
            trace_state: &NO_TRACE_STATE,
            name,
            kind: SpanKind::Internal,
            callsite: None,
            attributes: &[],
            links: &[],
        }
    }
}

/// What a sampler says of a trace, as in
/// [OpenTelemetry's `Decision`](https://opentelemetry.io/docs/specs/otel/trace/sdk/#shouldsample).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SamplingDecision {
    /// Nothing of the trace is recorded here, and its sampled flag is not set.
    Drop,
    /// The trace is recorded, and its sampled flag is set.
    RecordAndSample,
}

/// A decision, and whether the closure that should have made it panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) decision: SamplingDecision,
    pub(crate) threshold: Threshold,
    pub(crate) panicked: bool,
}

impl Decided {
    const fn by_rule(record: bool) -> Self {
        let decision = if record { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        Self { decision, threshold: Threshold::Gone, panicked: false }
    }

    /// What is recorded keeps the threshold of whoever decided first.
    const fn keeping_threshold(mut self) -> Self {
        if matches!(self.decision, SamplingDecision::RecordAndSample) {
            self.threshold = Threshold::Kept;
        }
        self
    }

    const fn by_threshold(threshold: u64, randomness: u64) -> Self {
        let mut decided = Self::by_rule(randomness >= threshold);
        if matches!(decided.decision, SamplingDecision::RecordAndSample) {
            decided.threshold = Threshold::Set(threshold);
        }
        decided
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::id::SpanId;
    use crate::span_context::TraceFlags;

    fn records(sampler: &Sampler, trace_id: u128, parent: Option<SpanContext>) -> bool {
        let mut span = SamplingParameters::new(TraceId::from_u128(trace_id).unwrap(), "span");
        span.parent = parent;
        sampler.decide(&span).decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_ratio_records_the_ids_whose_low_56_bits_reach_its_threshold() {
        const HIGH: u128 = 0xffff_ffff_ffff_ffff << 56;
        let table = [
            (1.0, HIGH, true, "all"),
            (0.0, u128::MAX, false, "none"),
            (0.5, 0x7f_ffff_ffff_ffff | HIGH, false, "just below half"),
            (0.5, 0x80_0000_0000_0000, true, "exactly half, and the high bits do not count"),
            (0.25, 0xbf_ffff_ffff_ffff, false, "just below the upper quarter"),
            (0.25, 0xc0_0000_0000_0000, true, "the upper quarter"),
            (1e-300, 0xff_ffff_ffff_fffe, false, "less than the least ratio is the least"),
            (1e-300, 0xff_ffff_ffff_ffff, true, "the least ratio records one value"),
            (-1.0, u128::MAX, false, "below 0 counts as 0"),
            (2.0, HIGH, true, "above 1 counts as 1"),
            (f64::NAN, HIGH, true, "not a number counts as 1"),
            (f64::INFINITY, HIGH, true, "above 1 counts as 1"),
            (f64::NEG_INFINITY, u128::MAX, false, "below 0 counts as 0"),
        ];
        for (ratio, trace_id, recorded, reason) in table {
            assert_eq!(records(&Sampler::ratio(ratio), trace_id, None), recorded, "{ratio}: {reason}");
        }
    }

    #[test]
    fn services_with_different_probabilities_keep_the_same_traces() {
        let mut kept = [0; 4];
        let ratios = [0.01, 0.1, 0.5, 0.9];
        for _ in 0..10_000 {
            let trace_id = TraceId::random().to_u128();
            let decisions = ratios.map(|ratio| records(&Sampler::probability(ratio), trace_id, None));
            assert!(decisions.is_sorted(), "what a lower ratio keeps, a higher one keeps: {decisions:?}");
            decisions.iter().zip(&mut kept).for_each(|(&decision, kept)| *kept += usize::from(decision));
        }
        for (kept, ratio) in kept.into_iter().zip(ratios) {
            let deviation = (ratio * (1.0 - ratio) * 10_000.0).sqrt();
            assert!((kept as f64 - ratio * 10_000.0).abs() < 7.0 * deviation, "{kept} of 10,000 at {ratio}");
        }
    }

    #[test]
    fn a_probability_goes_by_the_randomness_that_travels_and_tells_its_threshold() {
        let decide = |sampler: &Sampler, state: &str| {
            let state = state.parse().unwrap();
            let mut span = SamplingParameters::new(TraceId::from_u128(0xff_ffff_ffff_ffff).unwrap(), "span");
            span.trace_state = &state;
            sampler.decide(&span)
        };
        let half = Sampler::probability(0.5);
        assert_eq!(decide(&half, "").threshold, Threshold::Set(1 << 55));
        assert_eq!(decide(&half, "ot=rv:7fffffffffffff"), Decided::by_rule(false), "the explicit randomness is below");
        assert_eq!(decide(&half, "ot=rv:80000000000000").threshold, Threshold::Set(1 << 55));
        assert_eq!(decide(&Sampler::probability(0.0), ""), Decided::by_rule(false), "nothing at all");
        assert_eq!(
            decide(&Sampler::always_on(), "ot=th:8").threshold,
            Threshold::Kept,
            "a parent's threshold travels on"
        );
        assert_eq!(decide(&Sampler::always_off(), "ot=th:8").threshold, Threshold::Gone);
    }

    #[test]
    fn a_ratio_holds_over_random_ids() {
        let quarter = Sampler::ratio(0.25);
        let recorded = (0..100_000).filter(|_| records(&quarter, TraceId::random().to_u128(), None)).count();
        // Seven standard deviations of the binomial distribution.
        assert!((24_042..=25_958).contains(&recorded), "{recorded}");
    }

    fn parent(flags: TraceFlags) -> SpanContext {
        SpanContext::new(TraceId::random(), SpanId::random(), flags)
    }

    #[test]
    fn a_parent_based_sampler_follows_the_parent_and_asks_its_own_where_there_is_none() {
        let sampled = parent(TraceFlags::SAMPLED);
        let not = parent(TraceFlags::RANDOM);
        let (on, off) = (Sampler::always_on, Sampler::always_off);
        let remote = ParentBased::new(on()).remote_parent_sampled(off()).remote_parent_not_sampled(on());
        let local = ParentBased::new(off()).local_parent_sampled(off()).local_parent_not_sampled(on());
        let table = [
            (Sampler::parent_based(on()), [true, true, false, true, false], "defaults, a root is recorded"),
            (Sampler::parent_based(off()), [false, true, false, true, false], "defaults, a root is not recorded"),
            (remote.into(), [true, false, true, true, false], "only remote parents are turned around"),
            (local.into(), [false, true, false, false, true], "only local parents are turned around"),
        ];
        for (sampler, expected, reason) in table {
            let parents = [None, Some(sampled.remote()), Some(not.remote()), Some(sampled), Some(not)];
            assert_eq!(parents.map(|parent| records(&sampler, 1, parent)), expected, "{reason}");
        }
    }

    #[test]
    fn a_closure_sees_the_span_and_a_panic_in_it_drops_the_trace_and_is_told() {
        let sampler = Sampler::custom(|span| match span.name {
            "wanted" => SamplingDecision::RecordAndSample,
            "broken" => panic!("a sampler that panics"),
            _ => SamplingDecision::Drop,
        });
        let table = [
            ("wanted", SamplingDecision::RecordAndSample, false),
            ("other", SamplingDecision::Drop, false),
            ("broken", SamplingDecision::Drop, true),
        ];
        for (name, decision, panicked) in table {
            let decided = sampler.decide(&SamplingParameters::new(TraceId::random(), name));
            assert_eq!(decided, Decided { decision, threshold: Threshold::Gone, panicked }, "{name}");
        }
    }

    #[test]
    fn a_closure_that_starts_a_trace_is_not_asked_about_it() {
        let sampler = Arc::new(OnceLock::<Sampler>::new());
        let inner = Arc::clone(&sampler);
        let outer = sampler.get_or_init(|| {
            Sampler::custom(move |span| {
                let itself = inner.get().unwrap();
                assert_eq!(itself.decide(span), Decided::by_rule(false));
                SamplingDecision::RecordAndSample
            })
        });
        assert!(records(outer, 1, None));
        assert!(records(outer, 1, None), "and is asked again later");
    }

    #[test]
    fn clones_of_a_rate_limit_share_it() {
        let sampler = Sampler::rate_limited(0.001);
        assert!(records(&sampler.clone(), 1, None));
        assert!(!records(&sampler, 1, None));
        assert!(!records(&Sampler::rate_limited(0.0), 1, None), "a rate of zero");
        assert!(records(&Sampler::rate_limited(f64::NAN), 1, None), "not a number");
    }

    #[test]
    fn only_samplers_that_record_every_root_say_so() {
        let table = [
            (Sampler::default(), true, "the default"),
            (Sampler::always_on(), true, "always on"),
            (Sampler::ratio(1.0), true, "all of them"),
            (Sampler::always_off(), false, "always off"),
            (Sampler::ratio(0.999), false, "almost all of them"),
            (Sampler::probability(1.0), false, "all of them, and the trace state says so"),
            (Sampler::parent_based(Sampler::ratio(0.5)), false, "half of the roots"),
            (Sampler::rate_limited(1e9), false, "there is a limit"),
            (Sampler::custom(|_| SamplingDecision::RecordAndSample), false, "nobody knows what a closure says next"),
        ];
        for (sampler, expected, reason) in table {
            assert_eq!(sampler.always_records_roots(), expected, "{reason}");
        }
    }

    #[test]
    fn a_sampler_is_cheap_to_pass_around() {
        fn usable_anywhere<T: Clone + Send + Sync + fmt::Debug + 'static>() {}
        usable_anywhere::<Sampler>();
        assert_eq!(format!("{:?}", Sampler::ratio(0.5)), "Ratio(0.5)");
    }
}
