//! Answers of HTTP/1, as they come over a connection.

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// What `X-Number` says.
    pub number: Option<usize>,
    pub content: Vec<u8>,
    /// The content came to its end, as far as that can be told.
    pub is_whole: bool,
}

/// The answers that make up all that was received.
#[derive(Debug)]
pub struct Answers<'a>(&'a [u8]);

impl<'a> Answers<'a> {
    #[must_use]
    pub const fn of(received: &'a [u8]) -> Self {
        Self(received)
    }
}

impl Iterator for Answers<'_> {
    type Item = Answer;

    /// # Panics
    ///
    /// What is received is no answer.
    fn next(&mut self) -> Option<Answer> {
        loop {
            if self.0.is_empty() {
                return None;
            }
            let Some(end) = self.0.windows(4).position(|four| four == b"\r\n\r\n") else {
                // A head that was cut.
                assert!(self.0.starts_with(b"HTTP/1.") || b"HTTP/1.".starts_with(self.0));
                return None;
            };
            let head = std::str::from_utf8(&self.0[..end]).expect("a head is text");
            self.0 = &self.0[end + 4..];
            let mut lines = head.split("\r\n");
            let first = lines.next().unwrap_or_default();
            assert!(first.starts_with("HTTP/1."), "{first:?}");
            let status = first.split(' ').nth(1).expect("a status");
            if status.starts_with('1') {
                continue;
            }
            let mut answer = Answer {
                number: None,
                content: Vec::new(),
                is_whole: true,
            };
            let (mut length, mut is_chunked) = (None, false);
            for line in lines {
                let (name, value) = line.split_once(": ").expect("a field");
                match name {
                    "x-number" => answer.number = Some(value.parse().expect("a number")),
                    "content-length" => length = Some(value.parse().expect("a length")),
                    "transfer-encoding" => is_chunked = value == "chunked",
                    _ => {}
                }
            }
            if is_chunked {
                answer.is_whole = self.take_chunks(&mut answer.content);
            } else if let Some(length) = length {
                answer.is_whole = self.take(length, &mut answer.content);
            } else if status != "204" && status != "304" {
                self.take(usize::MAX, &mut answer.content);
            }
            return Some(answer);
        }
    }
}

impl Answers<'_> {
    /// Takes bytes; tells whether there are as many.
    fn take(&mut self, length: usize, content: &mut Vec<u8>) -> bool {
        let taken = length.min(self.0.len());
        content.extend(&self.0[..taken]);
        self.0 = &self.0[taken..];
        taken == length
    }

    fn take_chunks(&mut self, content: &mut Vec<u8>) -> bool {
        loop {
            let Some(end) = self.0.windows(2).position(|two| two == b"\r\n") else {
                self.0 = &[];
                return false;
            };
            let length = std::str::from_utf8(&self.0[..end]).expect("a length is text");
            let length = usize::from_str_radix(length, 16).expect("a length");
            self.0 = &self.0[end + 2..];
            if !self.take(length, content) {
                return false;
            }
            let mut line_end = Vec::new();
            if !self.take(2, &mut line_end) {
                return false;
            }
            assert_eq!(line_end, b"\r\n");
            if length == 0 {
                return true;
            }
        }
    }
}
