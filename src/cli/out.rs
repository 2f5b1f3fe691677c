//! Standard streams: what is written goes out in order, and a reader that has gone is noticed once.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::sync::mpsc;
use std::time::Duration;

/// Bytes of standard input that a script may be given.
const STDIN_BYTES: u64 = 64 << 20;
/// After so long without a byte the wait is explained.
const PATIENCE: Duration = Duration::from_secs(3);

/// The process's streams.
pub(crate) struct Out {
    closed: bool,
}

impl Out {
    pub fn new() -> Out {
        Out { closed: false }
    }

    /// Text for standard output.
    pub fn text(&mut self, text: &str) {
        self.bytes(1, text.as_bytes());
    }

    /// Bytes for standard output (1) or standard error (2); false once a reader has gone.
    pub fn bytes(&mut self, stream: u8, bytes: &[u8]) -> bool {
        if self.closed || bytes.is_empty() {
            return !self.closed;
        }
        let written = match stream {
            2 => std::io::stderr().lock().write_all(bytes),
            _ => {
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
        };
        self.closed = written.is_err_and(|e| e.kind() == ErrorKind::BrokenPipe);
        !self.closed
    }

    /// One message for standard error.
    pub fn error(&mut self, words: &str) {
        // Without a reader there is nobody to tell.
        let _ = writeln!(std::io::stderr().lock(), "firedrill: {}", words.trim_end());
    }

    /// False if the reader of standard output has gone.
    pub fn flush(&mut self) -> bool {
        !self.closed && std::io::stdout().lock().flush().is_ok()
    }
}

/// All of standard input, for a script; nothing if it is a terminal. Bytes that are no UTF-8 are replaced, because a
/// run file is text.
pub(crate) fn stdin_text() -> Result<Option<String>, String> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let bytes = stdin_bytes()?;
    Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// All of standard input; nothing if it is a terminal.
pub(crate) fn stdin_bytes() -> Result<Vec<u8>, String> {
    if std::io::stdin().is_terminal() {
        return Ok(Vec::new());
    }
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes);
        // The receiver waits until this is sent.
        let _ = done.send(read.map(|_| bytes));
    });
    let read = match ended.recv_timeout(PATIENCE) {
        Ok(read) => read,
        Err(_) => {
            Out::new().error("waiting for standard input to end (add </dev/null if the script needs none)");
            ended.recv().unwrap_or_else(|_| Ok(Vec::new()))
        }
    };
    let bytes = read.map_err(|e| format!("standard input cannot be read: {e}"))?;
    if bytes.len() as u64 > STDIN_BYTES {
        return Err("standard input is larger than 64 MiB".into());
    }
    Ok(bytes)
}
