//! Commands and replies of Redis Streams.

use super::error::EngineError;
use antiphon_channel::follow::{Answer, Ask, EntryId, StreamState, event, placeholder};
use bytes::Bytes;
use redis::{Cmd, Pipeline, RedisResult, Value, cmd};
use std::sync::Arc;

/// Makes the command that asks about the stream `key`.
pub(super) fn question(key: &str, ask: Ask) -> Cmd {
    let mut command;
    match ask {
        Ask::Newest { count } => {
            command = cmd("XREVRANGE");
            command.arg(key).arg("+").arg("-").arg("COUNT").arg(count);
        }
        Ask::Since { from, count } => {
            command = cmd("XRANGE");
            let from = from.to_string();
            command.arg(key).arg(from).arg("+").arg("COUNT").arg(count);
        }
        Ask::Before { from, count } => {
            command = cmd("XREVRANGE");
            let from = from.to_string();
            command.arg(key).arg(from).arg("-").arg("COUNT").arg(count);
        }
        Ask::State => {
            command = cmd("XINFO");
            command.arg("STREAM").arg(key);
        }
    }
    command
}

/// Makes the blocking read of the streams with these keys, behind these entries.
pub(super) fn blocking_read(streams: &[(String, EntryId)], milliseconds: u64) -> Cmd {
    let mut command = cmd("XREAD");
    command.arg("COUNT").arg(1).arg("BLOCK").arg(milliseconds);
    command.arg("STREAMS");
    for (key, _) in streams {
        command.arg(key);
    }
    for (_, id) in streams {
        command.arg(id.to_string());
    }
    command
}

/// Makes the commands that add an entry, and keep the stream from growing and from staying for ever. Of
/// entries with the same idempotency key the engine takes one.
pub(super) fn addition(
    key: &str,
    fields: &[(&'static str, String)],
    idempotency_key: Option<&str>,
    maxlen: usize,
    ttl_milliseconds: Option<u64>,
) -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.ignore_errors();
    pipeline.cmd("XADD").arg(key);
    if let Some(idempotency_key) = idempotency_key {
        pipeline.arg("IDMP").arg(PRODUCER).arg(idempotency_key);
    }
    pipeline.arg("MAXLEN").arg("~").arg(maxlen).arg("*");
    for (name, value) in fields {
        pipeline.arg(name).arg(value);
    }
    if let Some(ttl) = ttl_milliseconds {
        pipeline.cmd("PEXPIRE").arg(key).arg(ttl);
    }
    pipeline
}

/// Whose idempotency keys they are: those of all processes are compared.
const PRODUCER: &str = "antiphon";

/// Reads the reply to a [`question`]. Entries that are no events are told to `invalid`.
pub(super) fn answer(
    ask: Ask,
    reply: RedisResult<Value>,
    invalid: &mut dyn FnMut(EntryId, String),
) -> Result<Answer<Bytes>, EngineError> {
    if ask == Ask::State {
        return match reply {
            Err(error) if is_no_such_key(&error) => Ok(Answer::State(None)),
            reply => Ok(Answer::State(Some(state(reply?)?))),
        };
    }
    let entries = items(reply?)?.into_iter().map(|entry| {
        let (id, fields) = entry_of(entry)?;
        let event = event(id, fields.iter().map(|(name, value)| (&**name, &**value)));
        let frame = event.unwrap_or_else(|error| {
            invalid(id, error.to_string());
            placeholder(id)
        });
        Ok((id, frame))
    });
    Ok(Answer::Entries(
        entries.collect::<Result<_, EngineError>>()?,
    ))
}

/// Reads the reply to a [`blocking_read`]: the streams with news, and the first entry of each.
pub(super) fn news(reply: Value) -> Result<Vec<(String, EntryId)>, EngineError> {
    let streams: Vec<(Value, Value)> = match reply {
        Value::Nil => return Ok(Vec::new()),
        Value::Map(streams) => streams,
        reply => {
            let pairs = items(reply)?.into_iter().map(|stream| pair(items(stream)?));
            pairs.collect::<Result<_, _>>()?
        }
    };
    let streams = streams.into_iter().map(|(key, entries)| {
        let first = items(entries)?.into_iter().next().ok_or_else(unexpected)?;
        Ok((text(key)?, entry_of(first)?.0))
    });
    streams.collect()
}

/// Reads the id of an entry that was added.
pub(super) fn id(reply: Value) -> Result<EntryId, EngineError> {
    EntryId::parse(&bytes(reply)?).ok_or_else(unexpected)
}

fn is_no_such_key(error: &redis::RedisError) -> bool {
    error.code() == Some("ERR")
        && error
            .detail()
            .is_some_and(|text| text.contains("no such key"))
}

fn state(reply: Value) -> Result<StreamState, EngineError> {
    let fields: Vec<(Value, Value)> = match reply {
        Value::Map(fields) => fields,
        reply => {
            let mut items = items(reply)?.into_iter();
            let mut fields = Vec::new();
            while let (Some(name), Some(value)) = (items.next(), items.next()) {
                fields.push((name, value));
            }
            fields
        }
    };
    let (mut length, mut last_id, mut entries_added) = (None, None, None);
    for (name, value) in fields {
        match (&*bytes(name)?, value) {
            (b"length", Value::Int(number)) => length = u64::try_from(number).ok(),
            (b"entries-added", Value::Int(number)) => entries_added = u64::try_from(number).ok(),
            (b"last-generated-id", value) => last_id = Some(id(value)?),
            _ => {}
        }
    }
    Ok(StreamState {
        length: length.ok_or_else(unexpected)?,
        last_id: last_id.ok_or_else(unexpected)?,
        entries_added,
    })
}

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn entry_of(entry: Value) -> Result<(EntryId, Fields), EngineError> {
    let (id_, fields) = pair(items(entry)?)?;
    let mut items = items(fields)?.into_iter();
    let mut fields = Vec::new();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        fields.push((bytes(name)?, bytes(value)?));
    }
    Ok((id(id_)?, fields))
}

fn pair(items: Vec<Value>) -> Result<(Value, Value), EngineError> {
    let pair: [Value; 2] = items.try_into().map_err(|_| unexpected())?;
    Ok(pair.into())
}

fn items(reply: Value) -> Result<Vec<Value>, EngineError> {
    match reply {
        Value::Array(items) => Ok(items),
        Value::Nil => Ok(Vec::new()),
        _ => Err(unexpected()),
    }
}

fn bytes(reply: Value) -> Result<Vec<u8>, EngineError> {
    match reply {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(unexpected()),
    }
}

fn text(reply: Value) -> Result<String, EngineError> {
    String::from_utf8(bytes(reply)?).map_err(|_| unexpected())
}

fn unexpected() -> EngineError {
    EngineError::Reply(Arc::from(
        "expected the reply of a Redis stream, but found another",
    ))
}
