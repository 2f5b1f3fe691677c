//! What a program's code holds: a pid and a door to the world. No guard on the world can be returned from `read` or
//! `act`, so none lives across an await.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bstr::{BStr, BString, ByteSlice};

use super::args::Args;
use super::command::Table;
use crate::base::{SimTime, Span, human, limits};
use crate::world::kernel::{Environment, ExitStatus, Process, ProgramState, Signal, State, Wait};
use crate::world::sys::OpenFlags;
use crate::world::sys::processes::{ForkOptions, Image, WaitEvent};
use crate::world::{Errno, ProcRef, Sys, World};

/// Why a program's code unwinds. `?` carries it to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A signal whose default action ends the process.
    Signal(Signal),
    /// A signal that this program asked to catch: only an explicit wait returns it, once.
    Caught(Signal),
    /// exit(2).
    Exit(u8),
}

/// How a program ends.
pub type Outcome = Result<u8, Stop>;
/// A running program.
pub type Task = Pin<Box<dyn Future<Output = Outcome>>>;

/// What the executor and all contexts share.
pub struct Shared {
    pub world: RefCell<World>,
    pub table: Table,
    pub newborn: RefCell<Vec<(ProcRef, Task)>>,
    /// Options and programs that are real but not modelled, as players met them: counted, and shown to authors.
    pub unmodelled: RefCell<Vec<String>>,
}

/// One process's view.
#[derive(Clone)]
pub struct Ctx {
    pub(super) shared: Rc<Shared>,
    me: ProcRef,
    out: Rc<RefCell<Vec<u8>>>,
}

/// Standard output is handed on in pieces of this size, unless it is a terminal (stdio's full buffering).
const STDOUT_BUFFER: usize = 32_768;

impl Ctx {
    pub(super) fn new(shared: Rc<Shared>, me: ProcRef) -> Ctx {
        Ctx { shared, me, out: Rc::default() }
    }
    pub fn me(&self) -> ProcRef {
        self.me
    }
    pub fn pid(&self) -> u32 {
        self.me.pid
    }
    pub fn table(&self) -> &Table {
        &self.shared.table
    }

    /// Looks at the world.
    pub fn read<T>(&self, f: impl FnOnce(&World) -> T) -> T {
        f(&self.shared.world.borrow())
    }
    /// Changes the world through its verbs.
    pub fn act<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        f(&mut self.shared.world.borrow_mut())
    }
    /// Makes system calls; each costs its least.
    pub fn sys<T>(&self, f: impl FnOnce(&mut Sys<'_>) -> T) -> T {
        let mut world = self.shared.world.borrow_mut();
        let mut sys = world.sys(self.me);
        sys.charge(limits::SYSCALL_NS);
        f(&mut sys)
    }
    /// This process's record.
    pub fn process<T>(&self, f: impl FnOnce(&Process) -> T) -> T
    where
        T: Default,
    {
        self.read(|w| w.process(self.me).map(f).unwrap_or_default())
    }
    pub fn now(&self) -> SimTime {
        self.read(World::now)
    }
    pub fn uid(&self) -> u32 {
        self.process(|p| p.cred.uid)
    }
    pub fn env(&self, name: &str) -> Option<BString> {
        self.process(|p| p.env.get(BStr::new(name)).cloned())
    }
    pub fn environment(&self) -> Environment {
        self.process(|p| p.env.clone())
    }
    /// argv[0] as it was typed: what error messages begin with.
    pub fn called(&self) -> BString {
        self.process(|p| p.argv.first().cloned().unwrap_or_default())
    }
    pub fn is_tty(&self, fd: u32) -> bool {
        self.sys(|s| s.is_tty(fd))
    }
    /// Columns and rows of the terminal, if there is one.
    pub fn window(&self) -> Option<(u16, u16)> {
        self.sys(|s| s.tty().map(|t| (t.columns, t.rows)))
    }
    /// Counts something real that is not modelled.
    pub fn note_unmodelled(&self, what: impl Into<String>) {
        self.shared.unmodelled.borrow_mut().push(what.into());
    }

    /// Uses CPU time; parks when the quantum is used up.
    pub async fn work(&self, ns: u64) -> Result<(), Stop> {
        self.sys(|s| s.charge(ns));
        self.settle().await
    }

    /// Waits until simulated time has caught up with the CPU time used, if that is over a quantum.
    pub async fn settle(&self) -> Result<(), Stop> {
        let due = self.act(|w| {
            let (now, slowdown) = (w.now(), w.host(self.me.host).slowdown.max(1.0));
            let p = w.process_mut(self.me)?;
            if p.debt_ns < limits::QUANTUM_NS {
                return None;
            }
            let span = Span(((p.debt_ns as f64 * slowdown) / 1000.0).ceil() as u64);
            p.debt_ns = 0;
            Some(now + span)
        });
        match due {
            Some(t) => WaitFor { ctx: self, wait: Wait::Until(t), busy: true, started: false }.await,
            None => WaitFor { ctx: self, wait: Wait::None, busy: true, started: false }.await,
        }
    }

    /// Waits. A pending signal ends the wait: [`Stop::Signal`], or [`Stop::Caught`] for one that is caught.
    pub async fn wait(&self, wait: Wait) -> Result<(), Stop> {
        WaitFor { ctx: self, wait, busy: false, started: false }.await
    }
    pub async fn sleep(&self, span: Span) -> Result<(), Stop> {
        let until = self.now() + span;
        self.wait(Wait::Until(until)).await
    }

    /// read(2), waiting for data: an empty answer is the end of the file. The inner result is the program's to handle.
    pub async fn read_fd(&self, fd: u32, max: u64) -> Result<Result<Vec<u8>, Errno>, Stop> {
        loop {
            self.settle().await?;
            if self.process(|p| p.scanned) >= limits::SCAN_BYTES {
                return self.stop_scanning().await;
            }
            match self.sys(|s| s.read(fd, max)) {
                Err(Errno::EAGAIN) => {
                    let Ok(id) = self.sys(|s| s.description_id(fd)) else { return Ok(Err(Errno::EBADF)) };
                    self.wait(Wait::Readable(id)).await?;
                }
                result => return Ok(result),
            }
        }
    }

    /// All that is left to read, as one who needs the whole of it must hold it. `ENOMEM` beyond what a process may hold.
    pub async fn read_to_end(&self, fd: u32) -> Result<Result<Vec<u8>, Errno>, Stop> {
        let mut held = Vec::new();
        loop {
            match self.read_fd(fd, 262_144).await? {
                Ok(bytes) if bytes.is_empty() => return Ok(Ok(held)),
                Ok(bytes) if held.len() + bytes.len() > limits::HELD_BYTES => return Ok(Err(Errno::ENOMEM)),
                Ok(bytes) => held.extend_from_slice(&bytes),
                Err(errno) => return Ok(Err(errno)),
            }
        }
    }

    /// A simulated log may be larger than anybody's patience: the program ends and says how far it read.
    async fn stop_scanning<T>(&self) -> Result<T, Stop> {
        let read = human(limits::SCAN_BYTES, 1024);
        self.flush().await?;
        self.note_unmodelled(format!("{}: scanned {read}", self.called()));
        self.complain(format_args!("stopped after reading {read} of a simulated file")).await?;
        self.err("One command reads no more than that here: ask tail, head, wc -l or tail -n +N for a part.\n").await?;
        Err(Stop::Exit(2))
    }

    /// write(2) of all bytes, waiting for room.
    pub async fn write_fd(&self, fd: u32, mut bytes: &[u8]) -> Result<Result<(), Errno>, Stop> {
        loop {
            self.settle().await?;
            match self.sys(|s| s.write(fd, bytes)) {
                Ok(n) => {
                    bytes = &bytes[n as usize..];
                    if bytes.is_empty() {
                        return Ok(Ok(()));
                    }
                }
                Err(Errno::EAGAIN) => {
                    let Ok(id) = self.sys(|s| s.description_id(fd)) else { return Ok(Err(Errno::EBADF)) };
                    self.wait(Wait::Writable(id)).await?;
                }
                Err(Errno::EPIPE) => {
                    // SIGPIPE, raised by the write, ends the program here unless it is ignored.
                    self.settle().await?;
                    return Ok(Err(Errno::EPIPE));
                }
                Err(errno) => return Ok(Err(errno)),
            }
        }
    }

    /// Standard output, buffered as stdio does: by line on a terminal, else by block. A failing write is reported as
    /// GNU programs do and ends the program with status 1.
    pub async fn out(&self, bytes: impl AsRef<[u8]>) -> Result<(), Stop> {
        let bytes = bytes.as_ref();
        let full = {
            let mut buffer = self.out.borrow_mut();
            buffer.extend_from_slice(bytes);
            buffer.len() >= STDOUT_BUFFER
        };
        if full || bytes.contains(&b'\n') && self.act(|w| w.sys(self.me).is_tty(1)) {
            self.flush().await
        } else {
            Ok(())
        }
    }
    /// Hands on what is buffered.
    pub async fn flush(&self) -> Result<(), Stop> {
        let bytes = std::mem::take(&mut *self.out.borrow_mut());
        if bytes.is_empty() {
            return Ok(());
        }
        // Filling the buffer cost what memcpy and formatting cost: some 1 GB/s.
        self.sys(|s| s.charge(bytes.len() as u64));
        match self.write_fd(1, &bytes).await? {
            Ok(()) => Ok(()),
            Err(errno) => {
                self.complain(format_args!("write error: {errno}")).await?;
                Err(Stop::Exit(1))
            }
        }
    }
    /// Standard error, at once. A failing write is nobody's to report.
    pub async fn err(&self, bytes: impl AsRef<[u8]>) -> Result<(), Stop> {
        self.write_fd(2, bytes.as_ref()).await.map(drop)
    }
    /// `name: text` on standard error.
    pub async fn complain(&self, text: impl fmt::Display) -> Result<(), Stop> {
        let called = self.called();
        let name = called.strip_prefix(b"-").unwrap_or(&called).as_bstr().to_string();
        self.err(format!("{name}: {text}\n")).await
    }

    /// Opens a file for reading; `-` is standard input.
    pub fn open_input(&self, path: &BStr) -> Result<u32, Errno> {
        if path == "-" { Ok(0) } else { self.sys(|s| s.open(path, OpenFlags::READ, 0)) }
    }
    /// Closes what `open_input` gave.
    pub fn close_input(&self, fd: u32) {
        if fd != 0 {
            // Nothing is known of the descriptor but that it was ours.
            let _ = self.sys(|s| s.close(fd));
        }
    }

    /// Starts a child that runs `body` in a copy of this process (fork(2)).
    pub fn fork(&self, options: &ForkOptions, body: impl FnOnce(Ctx) -> Task) -> Result<u32, Errno> {
        let child = self.sys(|s| s.fork(options))?;
        self.start(child, body);
        Ok(child.pid)
    }
    /// Gives a process that has no future one.
    pub fn start(&self, child: ProcRef, body: impl FnOnce(Ctx) -> Task) {
        let ctx = Ctx::new(self.shared.clone(), child);
        let task = body(ctx);
        self.shared.newborn.borrow_mut().push((child, task));
    }

    /// Starts a program as a child: PATH on this host's file system, inode, command row or script (posix_spawnp(3)).
    pub fn spawn(&self, argv: Vec<BString>, env: Environment, options: &ForkOptions) -> Result<u32, Errno> {
        let image = self.find_image(&argv, &env)?;
        self.fork(options, |c| Box::pin(async move { c.run_image(image, env).await }))
    }

    fn find_image(&self, argv: &[BString], env: &Environment) -> Result<Image, Errno> {
        let path = env.get(BStr::new("PATH")).cloned().unwrap_or_else(|| "/usr/bin:/bin".into());
        let file = argv.first().cloned().unwrap_or_default();
        self.sys(|s| s.image(file.as_ref(), argv.to_vec(), path.as_ref()))
    }

    /// Becomes another program (execvp(3)). It comes back only if it can't: with the error.
    pub async fn exec(&self, argv: Vec<BString>, env: Environment) -> Result<Errno, Stop> {
        let image = match self.find_image(&argv, &env) {
            Ok(image) => image,
            Err(errno) => return Ok(errno),
        };
        self.flush().await?;
        self.run_image(image, env).await.and_then(|status| Err(Stop::Exit(status)))
    }

    /// Runs what [`Sys::image`] found, in this process.
    pub async fn run_image(&self, image: Image, env: Environment) -> Outcome {
        if let Err(errno) = self.sys(|s| s.exec(&image, env)) {
            self.complain(errno).await?;
            return Ok(126);
        }
        let Some(row) = self.shared.table.get(&image.program) else {
            self.note_unmodelled(&image.program);
            self.complain("is real and installed here, but not modelled in this simulation").await?;
            return Ok(126);
        };
        let ctx = Ctx::new(self.shared.clone(), self.me);
        ctx.work(row.cost_ns).await?;
        let args = match Args::parse(row, &image.argv) {
            Ok(args) => args,
            Err(usage) => {
                if usage.message.contains("not modelled") {
                    ctx.note_unmodelled(usage.message.trim_end());
                }
                ctx.err(usage.message).await?;
                return Ok(usage.status);
            }
        };
        if row.syntax != super::args::Syntax::Raw && (args.has("help") || args.has("version")) {
            let own = row.options.iter().any(|o| o.is("help"));
            if !own {
                let text = if args.has("help") { row.help(&args.called.to_string()) } else { row.version() };
                ctx.out(text).await?;
                ctx.flush().await?;
                return Ok(0);
            }
        }
        let outcome = (row.main)(ctx.clone(), args).await;
        match outcome {
            Ok(status) | Err(Stop::Exit(status)) => {
                ctx.flush().await?;
                Ok(status)
            }
            // Caught and not handled further: it ends as the shell's convention says.
            Err(Stop::Caught(signal)) => Ok(128 + signal.number()),
            Err(stop) => Err(stop),
        }
    }

    /// Waits for a child's end or stop (waitpid(2) with WUNTRACED). `None`: no such child.
    pub async fn wait_child(&self, pid: Option<u32>) -> Result<Option<(u32, WaitEvent)>, Stop> {
        loop {
            match self.sys(|s| s.wait(pid)) {
                Ok(Some(event)) => return Ok(Some(event)),
                Err(_) => return Ok(None),
                Ok(None) => {
                    let wait = match pid {
                        Some(pid) => Wait::Exit(ProcRef { host: self.me.host, pid }),
                        None => Wait::AnyChild,
                    };
                    self.wait(wait).await?;
                }
            }
        }
    }
    /// Waits for a child's end, whatever happens to it on the way; 127 if there is no such child.
    pub async fn wait_end(&self, pid: u32) -> Result<ExitStatus, Stop> {
        loop {
            match self.wait_child(Some(pid)).await? {
                Some((_, WaitEvent::Ended(status))) => return Ok(status),
                Some(_) => {}
                None => return Ok(ExitStatus::Exited(127)),
            }
        }
    }

    /// Keeps the program's own state in the process record (the shell, when it is idle).
    pub fn save_state(&self, state: Option<Box<dyn ProgramState>>) {
        self.act(|w| {
            if let Some(p) = w.process_mut(self.me) {
                p.program = state;
            }
        });
    }
}

struct WaitFor<'a> {
    ctx: &'a Ctx,
    wait: Wait,
    /// CPU work, not a sleep: shown as running, and caught signals stay pending until the next real wait.
    busy: bool,
    started: bool,
}

impl Future for WaitFor<'_> {
    type Output = Result<(), Stop>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.ctx.me;
        let mut world = self.ctx.shared.world.borrow_mut();
        let met = world.wait_is_met(me, &self.wait);
        let Some(p) = world.process_mut(me) else { return Poll::Ready(Err(Stop::Signal(Signal::KILL))) };
        if let Some(signal) = p.fatal_pending() {
            // It stays pending: whatever the program awaits next fails the same way, so it cannot outrun its end.
            p.wait = Wait::None;
            return Poll::Ready(Err(Stop::Signal(signal)));
        }
        // Stopped while it ran, by itself or by a read from the background: it goes on where it is when continued.
        if matches!(p.state, State::Stopped(_)) {
            p.wait = self.wait.clone();
            return Poll::Pending;
        }
        if !self.busy
            && let Some(signal) = p.caught_pending()
        {
            p.pending.remove(signal);
            (p.wait, p.state) = (Wait::None, State::Running);
            return Poll::Ready(Err(Stop::Caught(signal)));
        }
        if met {
            (p.wait, p.state) = (Wait::None, State::Running);
            return Poll::Ready(Ok(()));
        }
        p.wait = self.wait.clone();
        p.state = if self.busy { State::Running } else { State::Sleeping };
        self.started = true;
        Poll::Pending
    }
}
