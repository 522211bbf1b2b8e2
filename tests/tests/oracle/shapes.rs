//! How often each hard shape occurred; a run in which one never did proves less than it seems to.

use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    GuardOverAnAwait,
    GuardThatEndsInAnotherFuture,
    GuardsOutOfOrder,
    PlainTaskOnALocalSet,
    RuntimeDroppedUnderATask,
    ExecutorDrivenInASpan,
    DropDuringUnwinding,
    MovedThreads,
    HandleUsedAfterTheEnd,
    HandleUsedOnAnotherThread,
    TwoLocalRoots,
    ChildOfAnEndedSpan,
    DestructorWhileCancelled,
    DestructorWhileUnwinding,
    Cancelled,
    NeverPolled,
    Aborted,
    PanicInATask,
    PanicInASyncScope,
    LoserOfASelect,
    OutlivedItsParent,
    LinkedRoot,
    Detached,
    ClosureCalledSeveralTimes,
    BlockingThread,
    TracedCall,
    CallTakenOutOfItsScope,
    CallTakenIntoAnother,
    GuardThatOthersSpokeOf,
}

const ALL: [Shape; 29] = [
    Shape::GuardOverAnAwait,
    Shape::GuardThatEndsInAnotherFuture,
    Shape::GuardsOutOfOrder,
    Shape::PlainTaskOnALocalSet,
    Shape::RuntimeDroppedUnderATask,
    Shape::ExecutorDrivenInASpan,
    Shape::DropDuringUnwinding,
    Shape::MovedThreads,
    Shape::HandleUsedAfterTheEnd,
    Shape::HandleUsedOnAnotherThread,
    Shape::TwoLocalRoots,
    Shape::ChildOfAnEndedSpan,
    Shape::DestructorWhileCancelled,
    Shape::DestructorWhileUnwinding,
    Shape::Cancelled,
    Shape::NeverPolled,
    Shape::Aborted,
    Shape::PanicInATask,
    Shape::PanicInASyncScope,
    Shape::LoserOfASelect,
    Shape::OutlivedItsParent,
    Shape::LinkedRoot,
    Shape::Detached,
    Shape::ClosureCalledSeveralTimes,
    Shape::BlockingThread,
    Shape::TracedCall,
    Shape::CallTakenOutOfItsScope,
    Shape::CallTakenIntoAnother,
    Shape::GuardThatOthersSpokeOf,
];

#[derive(Debug, Default)]
pub(crate) struct Shapes(Mutex<[u64; ALL.len()]>);

impl Shapes {
    pub(crate) fn count(&self, shape: Shape) {
        self.0.lock().expect("no thread panicked while it counted")[shape as usize] += 1;
    }

    pub(crate) fn add(&self, other: &Self) {
        let other = *other.0.lock().expect("no thread panicked while it counted");
        self.0
            .lock()
            .expect("no thread panicked while it counted")
            .iter_mut()
            .zip(other)
            .for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Each shape with its count, a line each.
    pub(crate) fn table(&self) -> String {
        let counts = *self.0.lock().expect("no thread panicked while it counted");
        ALL.iter().map(|&shape| format!("{:>8}  {shape:?}\n", counts[shape as usize])).collect()
    }

    /// Those that never occurred.
    pub(crate) fn missing(&self) -> Vec<Shape> {
        let counts = *self.0.lock().expect("no thread panicked while it counted");
        ALL.into_iter().filter(|&shape| counts[shape as usize] == 0).collect()
    }
}
