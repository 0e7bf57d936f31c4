//! A program without `std` that links the core.
#![no_std]

use antiphon_core::values::location;
use embedded_alloc::LlffHeap;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Uses the core, so that it is linked.
pub fn quoted_length(url: &str) -> usize {
    location::quote(url).len()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
