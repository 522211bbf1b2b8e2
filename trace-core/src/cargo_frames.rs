//! Where the cargo of a thread's contexts lies: a stack of frames, those of the present context on top.
//!
//! A context has a frame for the cargo it was begun with, and one for each sync scope in it that has cargo of its own; none
//! at all if there is no cargo, and then a flag in the context says that the top of the stack is somebody else's.

use std::cell::Cell;
use std::num::NonZeroU32;

use crate::cargo::SharedCargo;

/// How many frames a thread has at most; a guard that is leaked on purpose, again and again, cannot grow them further.
const MAX_FRAMES: usize = 256;

/// Cargo on its place.
#[derive(Debug)]
pub(crate) struct Frame {
    cargo: SharedCargo,
    /// The scope whose cargo it is.
    token: Token,
    place: Place,
}

/// Tells the frames of a thread apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(NonZeroU32);

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the first of its context.
    First,
    /// It lies on top of another one of its context.
    OnTop,
}

thread_local! {
    static FRAMES: Cell<Vec<Frame>> = const { Cell::new(Vec::new()) };
    static LAST_TOKEN: Cell<NonZeroU32> = const { Cell::new(NonZeroU32::MIN) };
}

impl Frame {
    /// What a context is begun with.
    pub(crate) fn first(cargo: SharedCargo) -> Self {
        Self { cargo, token: Token::new(), place: Place::First }
    }

    pub(crate) const fn cargo(&self) -> &SharedCargo {
        &self.cargo
    }
}

impl Token {
    fn new() -> Self {
        let next = LAST_TOKEN.get().checked_add(1).unwrap_or(NonZeroU32::MIN);
        LAST_TOKEN.set(next);
        Self(next)
    }
}

/// Looks at the thread's frames; `None` where the thread is past its destructors. Nothing that is done with them calls back.
fn with_frames<R>(look: impl FnOnce(&mut Vec<Frame>) -> R) -> Option<R> {
    let look = |cell: &Cell<Vec<Frame>>| {
        let mut frames = cell.take();
        let result = look(&mut frames);
        cell.set(frames);
        result
    };
    FRAMES.try_with(look).ok()
}

/// The cargo on top.
pub(crate) fn top() -> SharedCargo {
    with_frames(|frames| frames.last().and_then(|frame| frame.cargo.clone())).flatten()
}

/// Lays cargo on top. `None` if there is no room.
pub(crate) fn push(cargo: SharedCargo, place: Place) -> Option<Token> {
    let token = Token::new();
    let pushed = with_frames(|frames| {
        let has_room = frames.len() < MAX_FRAMES;
        if has_room {
            frames.push(Frame { cargo, token, place });
        }
        has_room
    });
    pushed.unwrap_or(false).then_some(token)
}

/// Takes the frames of the topmost context, into this list.
pub(crate) fn take(into: &mut Vec<Frame>) {
    with_frames(|frames| into.extend(frames.drain(first_of_top(frames)..)));
}

/// Lays the frames of a context on top. Returns whether there are any and they have their place.
pub(crate) fn put(from: &mut Vec<Frame>) -> bool {
    !from.is_empty() && with_frames(|frames| frames.append(from)).is_some()
}

fn first_of_top(frames: &[Frame]) -> usize {
    frames.iter().rposition(|frame| frame.place == Place::First).unwrap_or(0)
}

/// Ends a scope. Returns whether the topmost context has frames left.
pub(crate) fn end(token: Token) -> bool {
    let ended = with_frames(|frames| {
        let first = first_of_top(frames);
        let Some(index) = frames.iter().rposition(|frame| frame.token == token) else { return (None, true) };
        if index < first {
            // A context that somebody will come back to, and whose flag says that it has a frame.
            let below = if frames[index].place == Place::First { None } else { frames[index - 1].cargo.clone() };
            return (std::mem::replace(&mut frames[index].cargo, below), true);
        }
        let frame = frames.remove(index);
        if frame.place == Place::First
            && let Some(next) = frames.get_mut(index)
        {
            next.place = Place::First;
        }
        (frame.cargo, frames.len() > first)
    });
    ended.is_some_and(|(cargo, has_frames)| {
        drop(cargo);
        has_frames
    })
}
