//! What descriptors lead to: open file descriptions, pipes, terminals. They belong to the fleet, not to one host, so
//! that `ssh host cmd < file | …` hands the same description to a process on another host.

use std::collections::{BTreeMap, VecDeque};

use super::fs::NodeId;
use super::kernel::{HostId, ProcRef, Signal};
use crate::base::{SimTime, StateHasher, limits};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DescriptionId(pub u64);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PipeId(pub u64);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TtyId(pub u32);

/// An open file description (open(2)): shared by the descriptors that were duplicated from it.
#[derive(Clone, Debug)]
pub struct Description {
    pub refs: u32,
    pub kind: DescriptionKind,
    pub readable: bool,
    pub writable: bool,
}

#[derive(Clone, Debug)]
pub enum DescriptionKind {
    File {
        host: HostId,
        node: NodeId,
        offset: u64,
        append: bool,
    },
    Directory {
        host: HostId,
        node: NodeId,
    },
    /// A computed file, as it was at the open.
    Snapshot {
        host: HostId,
        bytes: std::rc::Rc<Vec<u8>>,
        offset: u64,
        path: bstr::BString,
    },
    PipeReader(PipeId),
    PipeWriter(PipeId),
    Tty(TtyId),
    Device {
        host: HostId,
        node: NodeId,
        device: super::fs::Device,
        drawn: u64,
    },
    /// Output that leaves the world without a terminal: `exec`'s stdout (1) and stderr (2).
    Outlet {
        session: u32,
        stream: u8,
    },
    /// Input that came with the session.
    Inlet {
        bytes: std::rc::Rc<Vec<u8>>,
        offset: u64,
    },
    /// The far end of a connection without a terminal of its own (`ssh host command`): what is read and written goes
    /// on to a description of the near end, as long as the process between them lives.
    Channel {
        to: DescriptionId,
        via: ProcRef,
    },
    /// A daemon's socket; what listens where is the network's.
    Socket {
        name: String,
    },
}

/// A pipe(7): bounded, so that writers wait for readers.
#[derive(Clone, Debug, Default)]
pub struct Pipe {
    pub buffer: VecDeque<u8>,
    pub readers: u32,
    pub writers: u32,
}

/// A terminal: line discipline (termios(3)), window size, foreground group, and the bytes on their way to the screen.
#[derive(Clone, Debug)]
pub struct Tty {
    pub id: TtyId,
    /// Who may read from it, and gets its signals: a group on a host (the far one while `ssh` runs).
    pub foreground: Option<(HostId, u32)>,
    pub canonical: bool,
    pub echo: bool,
    /// Do ^C, ^Z and ^\ raise signals?
    pub signals: bool,
    pub columns: u16,
    pub rows: u16,
    /// Typed and not yet a line.
    pub partial: Vec<u8>,
    /// Ready to be read. In canonical mode whole lines; `ends` marks an end of file (^D) after that many bytes.
    pub input: VecDeque<u8>,
    pub end_of_file: bool,
    pub output: Vec<u8>,
    pub hung_up: bool,
    /// The process that waits at a prompt wants this text already in the line (type-ahead).
    pub line: Option<Vec<u8>>,
    /// When a key last came: `w`'s IDLE.
    pub last_input: SimTime,
}

/// What a key did besides adding input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEffect {
    None,
    Raise(Signal),
}

impl Tty {
    pub fn new(id: TtyId, columns: u16, rows: u16) -> Tty {
        Tty {
            id,
            foreground: None,
            canonical: true,
            echo: true,
            signals: true,
            columns,
            rows,
            partial: Vec::new(),
            input: VecDeque::new(),
            end_of_file: false,
            output: Vec::new(),
            hung_up: false,
            line: None,
            last_input: SimTime::ZERO,
        }
    }

    /// `/dev/pts/N`.
    pub fn name(&self) -> String {
        format!("pts/{}", self.id.0)
    }

    /// Writes to the screen with output processing (ONLCR).
    pub fn print(&mut self, bytes: &[u8]) {
        for &b in bytes {
            if b == b'\n' {
                self.output.push(b'\r');
            }
            self.output.push(b);
        }
    }
    pub fn room(&self) -> usize {
        limits::TTY_OUTPUT_BYTES.saturating_sub(self.output.len())
    }
    pub fn has_input(&self) -> bool {
        !self.input.is_empty() || self.end_of_file || self.hung_up
    }

    fn echo_byte(&mut self, b: u8) {
        if !self.echo {
            return;
        }
        match b {
            b'\n' => self.print(b"\n"),
            b'\t' => self.output.push(b),
            0..0x20 => self.output.extend_from_slice(&[b'^', b + 64]),
            0x7f => self.output.extend_from_slice(b"^?"),
            _ => self.output.push(b),
        }
    }

    /// One byte from the keyboard, through the line discipline.
    pub fn key(&mut self, b: u8) -> KeyEffect {
        if self.signals {
            let signal = match b {
                3 => Some(Signal::INT),
                26 => Some(Signal::TSTP),
                28 => Some(Signal::QUIT),
                _ => None,
            };
            if let Some(signal) = signal {
                self.echo_byte(b);
                self.partial.clear();
                self.input.clear();
                return KeyEffect::Raise(signal);
            }
        }
        if self.input.len() + self.partial.len() >= limits::TTY_INPUT_BYTES {
            return KeyEffect::None;
        }
        if !self.canonical {
            self.echo_byte(b);
            self.input.push_back(b);
            return KeyEffect::None;
        }
        match b {
            b'\r' | b'\n' => {
                self.echo_byte(b'\n');
                self.input.extend(self.partial.drain(..));
                self.input.push_back(b'\n');
            }
            // ^D: what is typed so far is given at once; on an empty line it is the end of file.
            4 if self.partial.is_empty() => self.end_of_file = true,
            4 => self.input.extend(self.partial.drain(..)),
            8 | 0x7f => {
                while let Some(last) = self.partial.pop() {
                    // A UTF-8 character goes as a whole.
                    if last & 0xc0 != 0x80 {
                        let width = if last < 0x20 { 2 } else { 1 };
                        if self.echo {
                            for _ in 0..width {
                                self.output.extend_from_slice(b"\x08 \x08");
                            }
                        }
                        break;
                    }
                }
            }
            21 => {
                let n = self.partial.iter().filter(|&&b| b & 0xc0 != 0x80).count();
                self.partial.clear();
                if self.echo {
                    for _ in 0..n {
                        self.output.extend_from_slice(b"\x08 \x08");
                    }
                }
            }
            _ => {
                self.echo_byte(b);
                self.partial.push(b);
            }
        }
        KeyEffect::None
    }

    /// At most `max` bytes, in canonical mode one line at most.
    pub fn take(&mut self, max: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < max {
            let Some(b) = self.input.pop_front() else { break };
            out.push(b);
            if self.canonical && b == b'\n' {
                break;
            }
        }
        if out.is_empty() {
            self.end_of_file = false;
        }
        out
    }

    /// Back to the modes a shell leaves a terminal in.
    pub fn sane(&mut self) {
        (self.canonical, self.echo, self.signals) = (true, true, true);
    }
}

/// All descriptions, pipes and terminals of the fleet.
#[derive(Clone, Debug, Default)]
pub struct Io {
    pub descriptions: BTreeMap<DescriptionId, Description>,
    pub pipes: BTreeMap<PipeId, Pipe>,
    pub ttys: BTreeMap<TtyId, Tty>,
    next: u64,
    /// What left through outlets since it was last taken: (session, stream, bytes), in order.
    pub outlets: Vec<(u32, u8, Vec<u8>)>,
}

impl Io {
    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
    /// A new description with one reference.
    pub fn open(&mut self, kind: DescriptionKind, readable: bool, writable: bool) -> DescriptionId {
        let id = DescriptionId(self.fresh());
        self.descriptions.insert(id, Description { refs: 1, kind, readable, writable });
        id
    }
    /// A pipe: (read end, write end).
    pub fn pipe(&mut self) -> (DescriptionId, DescriptionId) {
        let id = PipeId(self.fresh());
        self.pipes.insert(id, Pipe { readers: 1, writers: 1, ..Pipe::default() });
        (
            self.open(DescriptionKind::PipeReader(id), true, false),
            self.open(DescriptionKind::PipeWriter(id), false, true),
        )
    }
    pub fn get(&self, id: DescriptionId) -> Option<&Description> {
        self.descriptions.get(&id)
    }
    pub fn tty(&self, id: TtyId) -> Option<&Tty> {
        self.ttys.get(&id)
    }
    pub fn tty_mut(&mut self, id: TtyId) -> Option<&mut Tty> {
        self.ttys.get_mut(&id)
    }

    pub fn hash(&self, h: &mut StateHasher) {
        h.u64(self.next);
        h.u64(self.descriptions.len() as u64);
        for d in self.descriptions.values() {
            h.u32(d.refs);
            if let DescriptionKind::File { offset, .. } = d.kind {
                h.u64(offset);
            }
        }
        for p in self.pipes.values() {
            h.u64(p.buffer.len() as u64);
        }
    }
}
