//! Making channels.

use super::channels::Channels;
use super::error::BuildError;
use super::inner::{Inner, Link};
use super::reader;
use antiphon_channel::{Builder, EventChannel};
#[cfg(feature = "redis-tls")]
use redis::TlsCertificates;
use redis::{Client, RedisResult};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

/// Makes [`Channels`].
///
/// | option     | default              | what it says                                                |
/// |------------|----------------------|-------------------------------------------------------------|
/// | `prefix`   | `antiphon:`          | what the keys begin with; the channel's name follows        |
/// | `maxlen`   | 10,000               | about how many entries a stream keeps                       |
/// | `ttl`      | a day                | how long a stream stays after its last event                |
/// | `outage`   | 60 s                 | how long streams stay open without Redis                    |
/// | `channels` | those of [`Builder`] | what the process holds of each channel, and who is slow     |
#[must_use = "it makes channels when it is built"]
pub struct ChannelsBuilder {
    url: Box<str>,
    prefix: Box<str>,
    maxlen: usize,
    ttl: Option<Duration>,
    outage: Duration,
    channels: Builder,
    #[cfg(feature = "redis-tls")]
    root_certificates: Option<Vec<u8>>,
}

impl Channels {
    /// Makes channels of the Redis at `url`: `redis://user:password@host:6379/0`, `unix:///path`, or with
    /// the feature `redis-tls` `rediss://host`.
    pub fn builder(url: &str) -> ChannelsBuilder {
        ChannelsBuilder {
            url: url.into(),
            prefix: "antiphon:".into(),
            maxlen: 10_000,
            ttl: Some(Duration::from_secs(86_400)),
            outage: Duration::from_secs(60),
            channels: EventChannel::builder(),
            #[cfg(feature = "redis-tls")]
            root_certificates: None,
        }
    }
}

impl ChannelsBuilder {
    /// Sets what the keys begin with. In a cluster it needs a hash tag, such as `{antiphon}:`, so that
    /// all streams are on one node.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how many entries a stream keeps, at least: Redis trims by whole blocks. Clients that were away
    /// for longer get the resync event.
    pub fn maxlen(mut self, entries: usize) -> Self {
        self.maxlen = entries;
        self
    }

    /// Sets how long a stream stays after its last event; `None` keeps it for ever.
    pub fn ttl(mut self, ttl: Option<Duration>) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets how long streams stay open, and ping, while Redis is away.
    pub fn outage(mut self, outage: Duration) -> Self {
        self.outage = outage;
        self
    }

    /// Sets what is held of each channel in memory, what happens to slow subscribers, and what newcomers
    /// get. The epoch has no part in it.
    pub fn channels(mut self, channels: Builder) -> Self {
        self.channels = channels;
        self
    }

    /// Sets whose certificates are believed at a `rediss://` address, in PEM; by default those that the
    /// system has.
    #[cfg(feature = "redis-tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Makes the channels, which are read by a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the address is none of Redis, or if there is no runtime. Whether Redis is there
    /// is found at the first use.
    pub fn build(self) -> Result<Channels, BuildError> {
        let client = self.client();
        let client = client.map_err(|error| BuildError::Url(error.to_string().into()))?;
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let random = getrandom::u64().unwrap_or_default();
        let inner = Arc::new(Inner {
            client,
            wake_key: format!("{}wake {random:016x}", self.prefix),
            prefix: self.prefix,
            maxlen: self.maxlen,
            ttl: self.ttl,
            outage: self.outage,
            follower: self.channels.follower(),
            link: watch::Sender::new(Link::Untried),
            used: Notify::new(),
            swept: Notify::new(),
            caught_up: Notify::new(),
            closed: Notify::new(),
        });
        runtime.spawn(reader::run(Arc::clone(&inner)));
        Ok(Channels::of(inner))
    }

    fn client(&self) -> RedisResult<Client> {
        #[cfg(feature = "redis-tls")]
        if let Some(pem) = &self.root_certificates {
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(pem.clone()),
            };
            return Client::build_with_tls(&*self.url, certificates);
        }
        Client::open(&*self.url)
    }
}

impl fmt::Debug for ChannelsBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password.
        formatter
            .debug_struct("ChannelsBuilder")
            .field("prefix", &self.prefix)
            .field("maxlen", &self.maxlen)
            .field("ttl", &self.ttl)
            .field("outage", &self.outage)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}
