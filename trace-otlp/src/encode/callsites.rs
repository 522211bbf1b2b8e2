//! What is said of a callsite, encoded once and kept.

use trace_core::Callsite;

const SEATS: usize = 64;

/// The newest callsites, each with its attributes in bytes. Direct-mapped: a callsite has one seat, and the newest sits in it.
#[derive(Debug)]
pub(crate) struct Callsites {
    seats: Vec<Option<(&'static Callsite, Vec<u8>)>>,
}

impl Callsites {
    pub(crate) fn new() -> Self {
        Self { seats: vec![None; SEATS] }
    }

    /// The bytes of this callsite; `render` writes them if they are not here.
    #[inline]
    pub(crate) fn get(&mut self, callsite: &'static Callsite, render: fn(&mut Vec<u8>, &Callsite)) -> &[u8] {
        // Callsites are some 100 bytes apart.
        let address = std::ptr::from_ref(callsite) as usize / 8;
        let seat = &mut self.seats[(address ^ (address >> 6)) % SEATS];
        if seat.as_ref().is_none_or(|(known, _)| *known != callsite) {
            fill(seat, callsite, render);
        }
        seat.as_ref().map_or(&[], |(_, bytes)| bytes)
    }
}

#[cold]
fn fill(
    seat: &mut Option<(&'static Callsite, Vec<u8>)>,
    callsite: &'static Callsite,
    render: fn(&mut Vec<u8>, &Callsite),
) {
    let mut bytes = seat.take().map(|(_, bytes)| bytes).unwrap_or_default();
    bytes.clear();
    render(&mut bytes, callsite);
    *seat = Some((callsite, bytes));
}
