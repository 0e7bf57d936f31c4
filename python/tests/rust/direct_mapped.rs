//! The cache of the extension module, which itself can be loaded by an interpreter only.

#[path = "../../src/direct_mapped.rs"]
mod direct_mapped;

use direct_mapped::{DirectMapped, Shared};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn a_value_takes_its_place_from_another() {
    let mut cache = DirectMapped::<&str, 4>::new();
    assert_eq!(cache.get(5), None);
    assert_eq!(cache.replace(1, "one"), None);
    assert_eq!(cache.get(5), Some(&"one"));
    assert_eq!(cache.replace(5, "five"), Some("one"));
    assert_eq!(cache.get(1), Some(&"five"));
    assert_eq!(cache.get(2), None);
}

#[test]
fn a_look_within_a_look_finds_what_is_there() {
    let cache = Shared::<u8, 4>::new();
    cache.put(0, 7);
    let found = cache.find(0, |outer| cache.find(0, |inner| Some((*outer, *inner))));
    assert_eq!(found, Some((7, 7)));
    assert_eq!(cache.find(1, |value| Some(*value)), None);
    assert_eq!(cache.find(0, |_| None::<()>), None);
}

#[test]
fn a_value_that_is_put_within_a_look_is_dropped() {
    let cache = Shared::<Rc<u8>, 4>::new();
    cache.put(0, Rc::new(1));
    let late = Rc::new(2);
    cache.find(0, |_| {
        cache.put(0, Rc::clone(&late));
        None::<()>
    });
    assert_eq!(Rc::strong_count(&late), 1);
    assert_eq!(cache.find(0, |value| Some(**value)), Some(1));
}

/// Something that looks into the cache, and puts something there, when it is dropped.
struct Nosy {
    cache: Rc<Shared<Self, 4>>,
    number: u8,
    seen: Rc<Cell<u8>>,
}

impl Drop for Nosy {
    fn drop(&mut self) {
        if self.number == 1 {
            let found = self.cache.find(0, |other| Some(other.number));
            self.seen.set(found.unwrap_or(0));
            let (cache, seen) = (Rc::clone(&self.cache), Rc::clone(&self.seen));
            self.cache.put(
                0,
                Self {
                    cache,
                    number: 3,
                    seen,
                },
            );
        }
    }
}

#[test]
fn an_old_value_that_is_dropped_finds_the_new_one_and_may_take_its_place() {
    let cache = Rc::new(Shared::<Nosy, 4>::new());
    let seen = Rc::new(Cell::new(0));
    for number in [1, 2] {
        let (own, seen) = (Rc::clone(&cache), Rc::clone(&seen));
        cache.put(
            0,
            Nosy {
                cache: own,
                number,
                seen,
            },
        );
    }
    assert_eq!(seen.get(), 2);
    assert_eq!(cache.find(0, |value| Some(value.number)), Some(3));
}
