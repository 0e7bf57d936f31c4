//! A cache of so many places: what falls on a place takes it from what was there.
//!
//! Nothing is searched and nothing is counted: whoever looks something up works out its place, and
//! sees whether what is there is what it wants.

use std::cell::RefCell;

/// Values, each in the place that its user works out for it.
pub(crate) struct DirectMapped<V, const PLACES: usize> {
    places: [Option<V>; PLACES],
}

impl<V, const PLACES: usize> DirectMapped<V, PLACES> {
    pub(crate) const fn new() -> Self {
        Self {
            places: [const { None }; PLACES],
        }
    }

    /// Returns what is in a place; any number is one.
    #[inline]
    pub(crate) const fn get(&self, place: usize) -> Option<&V> {
        self.places[place % PLACES].as_ref()
    }

    /// Puts a value in its place and returns the one that was there.
    pub(crate) const fn replace(&mut self, place: usize, value: V) -> Option<V> {
        self.places[place % PLACES].replace(value)
    }
}

/// The same for values that can run code of a program when they are looked at or dropped, which may
/// come back to this cache.
///
/// | while                   | a look               | a value that is put               |
/// |-------------------------|----------------------|-----------------------------------|
/// | a place is looked at    | finds what is there  | is dropped: the cache is a helper |
/// | an old value is dropped | finds the new one    | takes its place                   |
pub(crate) struct Shared<V, const PLACES: usize>(RefCell<DirectMapped<V, PLACES>>);

impl<V, const PLACES: usize> Shared<V, PLACES> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(DirectMapped::new()))
    }

    /// Returns what `find` makes of the value in a place, if there is one.
    #[inline]
    pub(crate) fn find<T>(&self, place: usize, find: impl FnOnce(&V) -> Option<T>) -> Option<T> {
        find(self.0.borrow().get(place)?)
    }

    /// Puts a value in its place.
    pub(crate) fn put(&self, place: usize, value: V) {
        let Ok(mut places) = self.0.try_borrow_mut() else {
            return;
        };
        let before = places.replace(place, value);
        // First the cache is let go of, then the old value.
        drop(places);
        drop(before);
    }
}
