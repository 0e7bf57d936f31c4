//! What a channel does with those who come late, or fall behind.

/// What happens to a subscriber that is further behind than its queue is long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slow {
    /// It ends. The client connects again, and gets what it has missed if the history still has it.
    #[default]
    Disconnect,
    /// It goes on with the oldest event in the queue; what came before is lost to it.
    DropOldest,
    /// It gets the [resync](crate::Builder::resync) event instead of all that it has missed, and goes on with
    /// what is published from then on.
    Resync,
}

/// What a subscriber without a last event id gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Newcomers {
    /// What is published from now on. A response tells its client the
    /// [place](crate::Subscriber::position) first.
    #[default]
    Live,
    /// All that is in the history, and then what is published from now on.
    History,
}
