//! The attributes that somebody says one after another, before they are written down together.

use std::cell::Cell;
use std::vec::Drain;

use crate::value::Attribute;

/// So many attributes a thread keeps room for.
const KEPT: usize = 32;

thread_local! {
    /// The room of the last list: in the long run a list allocates nothing, and is three words to move while it is built.
    static SPARE: Cell<Vec<Attribute>> = const { Cell::new(Vec::new()) };
}

/// A list of attributes that takes its room from the thread and gives it back.
#[derive(Clone, Debug)]
pub(crate) struct AttributeList(Vec<Attribute>);

impl AttributeList {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an attribute. It is made when it has its place, and there: what is made elsewhere and then copied is waited for.
    #[inline]
    pub(crate) fn push(&mut self, make: impl FnOnce() -> Attribute) {
        if self.0.len() == self.0.capacity() {
            self.make_room();
        }
        self.0.extend(std::iter::once_with(make));
    }

    #[inline(never)]
    fn make_room(&mut self) {
        if self.0.capacity() == 0 {
            self.0 = SPARE.try_with(Cell::take).unwrap_or_default();
        }
        if self.0.len() == self.0.capacity() {
            self.0.reserve(4);
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Attribute] {
        &self.0
    }

    /// The attributes, counted.
    pub(crate) fn drain(&mut self) -> Drain<'_, Attribute> {
        self.0.drain(..)
    }
}

impl Extend<Attribute> for AttributeList {
    fn extend<I: IntoIterator<Item = Attribute>>(&mut self, attributes: I) {
        attributes.into_iter().for_each(|attribute| self.push(|| attribute));
    }
}

impl Drop for AttributeList {
    #[inline]
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            give_back(std::mem::take(&mut self.0));
        }
    }
}

#[inline(never)]
fn give_back(mut room: Vec<Attribute>) {
    room.clear();
    if room.capacity() <= KEPT {
        // What lies there already is dropped outside of the thread-local.
        drop(SPARE.try_with(|spare| spare.replace(room)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: i64) -> AttributeList {
        let mut list = AttributeList::new();
        list.extend((0..count).map(|number| Attribute::new("number", number)));
        list
    }

    #[test]
    fn attributes_come_out_as_they_went_in() {
        for count in 0..9 {
            let mut list = list(count);
            assert_eq!(list.is_empty(), count == 0);
            assert_eq!(list.drain().len() as i64, count);
            assert!(list.is_empty());
        }
    }

    #[test]
    fn the_next_list_has_the_room_of_the_last_one_unless_that_was_much() {
        let first = list(4);
        let room = first.as_slice().as_ptr();
        drop(first);
        let second = list(4);
        assert_eq!(second.as_slice().as_ptr(), room);
        let third = list(3 * KEPT as i64);
        assert_ne!(third.as_slice().as_ptr(), room);
        drop((second, third));
        assert!(SPARE.take().capacity() <= KEPT);
    }
}
