//! The world with its programs, its laws and its terminals: what a run and a plain host have in common.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString};

use super::input::{Input, TermId, TermSignal};
use crate::base::{SimTime, Span};
use crate::program::{Executor, Table};
use crate::sim::Sim;
use crate::world::io::{DescriptionKind, TtyId};
use crate::world::kernel::{Environment, ProcRef, Signal, State, Wait};
use crate::world::{HostId, World};

/// Every program that exists.
pub fn table() -> Table {
    let mut groups = crate::commands::GROUPS.to_vec();
    groups.push(crate::shell::COMMANDS);
    Table::new(&groups)
}

/// A terminal, or a command that runs without one.
#[derive(Debug)]
struct Session {
    tty: Option<TtyId>,
    leader: ProcRef,
    /// Bytes for the screen, not yet taken.
    screen: Vec<u8>,
    /// What a command without a terminal printed: (1 or 2, bytes), in order.
    printed: Vec<(u8, Vec<u8>)>,
    status: Option<u8>,
    /// How often it was closed.
    closed: u32,
}

/// Who logs in, and with what, where it differs from the account's own.
#[derive(Clone, Debug, Default)]
pub struct Login {
    pub user: String,
    /// Replaces the login environment.
    pub environment: Option<Environment>,
    /// Replaces the home directory as working directory.
    pub directory: Option<BString>,
    /// `$0` and its parameters after the script: `bash -c SCRIPT NAME ARGS`.
    pub arguments: Vec<BString>,
}

pub struct Machine {
    pub executor: Executor,
    sim: Option<Sim>,
    sessions: BTreeMap<TermId, Session>,
}

impl Machine {
    pub fn new(world: World, table: Table, sim: Option<Sim>) -> Machine {
        Machine { executor: Executor::new(world, table), sim, sessions: BTreeMap::new() }
    }
    pub fn now(&self) -> SimTime {
        self.executor.world().now()
    }
    /// The laws, for a copy of the world that runs on by itself.
    pub fn sim(&self) -> Option<&Sim> {
        self.sim.as_ref()
    }

    /// The next instant at which anything happens by itself.
    pub fn next_event(&self) -> Option<SimTime> {
        [self.sim.as_ref().map(Sim::due), self.executor.next_timer()].into_iter().flatten().min()
    }

    /// Lets time pass until `until`, every event at its own instant: how the way there is cut changes nothing.
    pub fn advance(&mut self, until: SimTime) {
        self.settle();
        while let Some(next) = self.next_event().filter(|&t| t <= until) {
            self.executor.world_mut().set_now(next);
            if let Some(sim) = self.sim.as_mut().filter(|s| s.due() == next) {
                sim.step(&mut self.executor.world_mut());
            }
            self.settle();
        }
        let mut world = self.executor.world_mut();
        if until > world.now() {
            world.set_now(until);
        }
    }

    /// Runs what may run at this instant and takes what it printed: the screen's side never makes a program wait.
    fn settle(&mut self) {
        loop {
            self.executor.run_ready();
            if !self.collect() {
                break;
            }
        }
    }

    /// Takes output and statuses; true if a full terminal was emptied, so that its writers may go on.
    fn collect(&mut self) -> bool {
        let mut world = self.executor.world_mut();
        let mut freed = false;
        for (session, stream, bytes) in std::mem::take(&mut world.io.outlets) {
            if let Some(s) = self.sessions.get_mut(&session) {
                match s.printed.last_mut() {
                    Some((last, tail)) if *last == stream => tail.extend_from_slice(&bytes),
                    _ => s.printed.push((stream, bytes)),
                }
            }
        }
        for session in self.sessions.values_mut() {
            if let Some(tty) = session.tty.and_then(|t| world.io.tty_mut(t)) {
                freed |= tty.room() == 0;
                session.screen.append(&mut tty.output);
            }
            if session.status.is_none() {
                match world.process(session.leader).map(|p| p.state) {
                    Some(State::Zombie(status)) => {
                        session.status = Some(status.code());
                        world.host_mut(session.leader.host).kernel.remove(session.leader.pid);
                    }
                    Some(_) => {}
                    None => session.status = Some(255),
                }
            }
        }
        freed
    }

    /// Opens a session on a host: a login shell on a terminal, or `bash -c` without one.
    pub fn open(
        &mut self,
        term: TermId,
        host: HostId,
        login: &Login,
        command: Option<&str>,
        stdin: &[u8],
    ) -> Result<(), String> {
        if self.sessions.contains_key(&term) {
            return Err(format!("terminal {term} is open already"));
        }
        let mut world = self.executor.world_mut();
        let tty = command.is_none().then(|| world.open_tty(80, 24));
        let stdio = match tty {
            Some(tty) => {
                let id = world.io.open(DescriptionKind::Tty(tty), true, true);
                [id, id, id]
            }
            None => {
                let bytes = Rc::new(stdin.to_vec());
                [
                    world.io.open(DescriptionKind::Inlet { bytes, offset: 0 }, true, false),
                    world.io.open(DescriptionKind::Outlet { session: term, stream: 1 }, false, true),
                    world.io.open(DescriptionKind::Outlet { session: term, stream: 2 }, false, true),
                ]
            }
        };
        let user = &login.user;
        let leader = world
            .login(host, user, tty, stdio)
            .map_err(|_| format!("there is no user {user} on {}", world.host(host).name))?;
        // The process holds its own references now.
        for id in if tty.is_some() { vec![stdio[0]] } else { stdio.to_vec() } {
            world.release(id);
        }
        let directory = login.directory.as_ref().and_then(|d| world.host(host).node(&d.to_string()));
        if let Some(p) = world.process_mut(leader) {
            // Its status is for whoever opened the session.
            p.reaper = Some(leader);
            if let Some(env) = &login.environment {
                p.env = env.clone();
            }
            p.cwd = directory.unwrap_or(p.cwd);
        }
        let argv: Vec<BString> = match command {
            Some(script) => {
                ["bash".into(), "-c".into(), script.into()].into_iter().chain(login.arguments.iter().cloned()).collect()
            }
            None => vec!["-bash".into()],
        };
        drop(world);
        self.executor.start(leader, |c| {
            Box::pin(async move {
                let env = c.environment();
                match c.sys(|s| s.image(BStr::new("/bin/bash"), argv, BStr::new(""))) {
                    Ok(image) => c.run_image(image, env).await,
                    Err(errno) => {
                        c.err(format!("/bin/bash: {errno}\n")).await?;
                        Ok(126)
                    }
                }
            })
        });
        let session = Session { tty, leader, screen: Vec::new(), printed: Vec::new(), status: None, closed: 0 };
        self.sessions.insert(term, session);
        self.settle();
        Ok(())
    }

    /// What a player does at a terminal. Errors in plain words change nothing.
    pub fn terminal_input(&mut self, input: &Input) -> Result<(), String> {
        let Some(term) = input.term() else { return Ok(()) };
        if matches!(input, Input::Close { .. }) {
            self.hang_up(term);
            self.settle();
            return Ok(());
        }
        let tty = self.sessions.get(&term).and_then(|s| s.tty);
        let Some(tty) = tty.filter(|_| self.status(term).is_none()) else {
            return Err(format!("terminal {term} is not open"));
        };
        match input {
            Input::Line { text, .. } => {
                if !self.at_prompt(term) {
                    return Err(format!("terminal {term} is not at a prompt"));
                }
                let mut world = self.executor.world_mut();
                if let Some(tty) = world.io.tty_mut(tty) {
                    tty.print(text.as_bytes());
                    tty.print(b"\n");
                    tty.line = Some(text.clone().into_bytes());
                }
            }
            Input::Key { text, .. } | Input::Paste { text, .. } => {
                for &byte in text.as_bytes() {
                    self.executor.world_mut().key(tty, byte);
                }
            }
            Input::Signal { signal, .. } => match signal {
                TermSignal::Int => self.executor.world_mut().key(tty, 3),
                TermSignal::Quit => self.executor.world_mut().key(tty, 28),
                TermSignal::Tstp => self.executor.world_mut().key(tty, 26),
                TermSignal::Eof => {
                    if let Some(tty) = self.executor.world_mut().io.tty_mut(tty) {
                        tty.end_of_file = true;
                    }
                }
            },
            Input::Resize { cols, rows, .. } => {
                self.executor.world_mut().resize(tty, (*cols).clamp(2, 1000), (*rows).clamp(2, 1000));
            }
            _ => {}
        }
        self.settle();
        Ok(())
    }

    /// The line is gone: HUP for the session's leader and the foreground, as Linux's tty hangup does; the shell passes
    /// it on to its jobs. Whoever is still there when it is closed again is killed.
    fn hang_up(&mut self, term: TermId) {
        let Some(session) = self.sessions.get_mut(&term) else { return };
        session.closed += 1;
        let signal = if session.closed == 1 { Signal::HUP } else { Signal::KILL };
        let (tty, leader) = (session.tty, session.leader);
        let foreground = {
            let mut world = self.executor.world_mut();
            tty.and_then(|t| world.io.tty_mut(t)).and_then(|t| {
                t.hung_up = true;
                t.foreground
            })
        };
        if tty.is_none() || signal == Signal::KILL {
            self.signal_session(term, signal);
        }
        let mut world = self.executor.world_mut();
        if let Some((host, group)) = foreground {
            world.signal_group(host, group, signal);
            world.signal_group(host, group, Signal::CONT);
        }
        world.signal(leader, signal);
        world.signal(leader, Signal::CONT);
    }

    /// Is a shell waiting for a line there?
    pub fn at_prompt(&self, term: TermId) -> bool {
        let Some(tty) = self.sessions.get(&term).and_then(|s| s.tty) else { return false };
        let world = self.executor.world();
        let Some(t) = world.io.tty(tty) else { return false };
        let Some((host, group)) = t.foreground else { return false };
        if t.line.is_some() || t.has_input() {
            return false;
        }
        fn waits(wait: &Wait, tty: TtyId) -> bool {
            match wait {
                Wait::Line(t) => *t == tty,
                Wait::Any(list) => list.iter().any(|w| waits(w, tty)),
                _ => false,
            }
        }
        world.host(host).kernel.group(group).any(|p| p.is_alive() && waits(&p.wait, tty))
    }

    /// The process at whose prompt the terminal is, for completion.
    pub fn foreground(&self, term: TermId) -> Option<ProcRef> {
        let tty = self.sessions.get(&term)?.tty?;
        let world = self.executor.world();
        let (host, group) = world.io.tty(tty)?.foreground?;
        let pid = world.host(host).kernel.group(group).find(|p| p.is_alive()).map(|p| p.pid)?;
        Some(ProcRef { host, pid })
    }

    /// What was typed ahead and has not become a line yet.
    pub fn is_open(&self, term: TermId) -> bool {
        self.sessions.get(&term).is_some_and(|s| s.status.is_none())
    }
    /// Are all terminals at a prompt (or closed), and all commands without one ended?
    pub fn is_idle(&self) -> bool {
        self.sessions.iter().all(|(&term, s)| s.status.is_some() || s.tty.is_some() && self.at_prompt(term))
    }
    /// How the session ended.
    pub fn status(&self, term: TermId) -> Option<u8> {
        self.sessions.get(&term).and_then(|s| s.status)
    }
    pub fn sessions(&self) -> impl Iterator<Item = TermId> {
        self.sessions.keys().copied()
    }
    /// Bytes for the screen since they were last taken.
    pub fn take_output(&mut self, term: TermId) -> Vec<u8> {
        self.sessions.get_mut(&term).map(|s| std::mem::take(&mut s.screen)).unwrap_or_default()
    }
    /// What a command without a terminal printed since it was last taken: (1 or 2, bytes), in order.
    pub fn take_printed(&mut self, term: TermId) -> Vec<(u8, Vec<u8>)> {
        self.sessions.get_mut(&term).map(|s| std::mem::take(&mut s.printed)).unwrap_or_default()
    }

    /// Does any process still hold the session's output?
    fn output_is_held(&self, term: TermId) -> bool {
        let world = self.executor.world();
        world
            .io
            .descriptions
            .values()
            .any(|d| matches!(d.kind, DescriptionKind::Outlet { session, .. } if session == term))
    }

    /// Signals every process of a session.
    pub fn signal_session(&mut self, term: TermId, signal: Signal) {
        let Some(leader) = self.sessions.get(&term).map(|s| s.leader) else { return };
        let mut world = self.executor.world_mut();
        let members: Vec<u32> = world
            .host(leader.host)
            .kernel
            .processes()
            .filter(|p| p.sid == leader.pid && p.is_task)
            .map(|p| p.pid)
            .collect();
        for pid in members {
            world.signal(ProcRef { host: leader.host, pid }, signal);
            world.signal(ProcRef { host: leader.host, pid }, Signal::CONT);
        }
        drop(world);
        self.settle();
    }
}

/// Something whose clock can be moved: a run logs what it does, a plain host does not.
pub trait Clocked {
    fn machine_mut(&mut self) -> &mut Machine;
    /// Lets time pass until then.
    fn pass(&mut self, until: SimTime);
    /// Ends a session that is over its time; called again while it is still there.
    fn cut(&mut self, term: TermId, attempt: u32);
}

impl Clocked for Machine {
    fn machine_mut(&mut self) -> &mut Machine {
        self
    }
    fn pass(&mut self, until: SimTime) {
        self.advance(until);
    }
    fn cut(&mut self, term: TermId, attempt: u32) {
        let signal = [Signal::INT, Signal::TERM, Signal::KILL].get(attempt as usize).copied().unwrap_or(Signal::KILL);
        self.signal_session(term, signal);
    }
}

/// Lets time pass until a command without a terminal has ended, at most `limit`; then it is cut off, a second between
/// attempts. Gives its status, 124 if it had to be cut off. `heard` gets the output as it comes, and may end the wait
/// early (the reader is gone, or real time is up) by answering false.
pub fn wait_command(
    clock: &mut impl Clocked,
    term: TermId,
    limit: Span,
    heard: &mut dyn FnMut(u8, &[u8]) -> bool,
) -> u8 {
    let mut deadline = clock.machine_mut().now() + limit;
    let mut attempts = 0;
    let mut status = None;
    loop {
        let mut on = heard(1, b"");
        for (stream, bytes) in clock.machine_mut().take_printed(term) {
            on &= heard(stream, &bytes);
        }
        let machine = clock.machine_mut();
        let now = machine.now();
        if !on && attempts == 0 {
            deadline = now;
        }
        if status.is_none()
            && let Some(ended) = machine.status(term)
        {
            // What it left in the background has a second more to let go of its output, then a hang-up.
            status = Some(if attempts > 0 { 124 } else { ended });
            deadline = now + Span::SECOND;
            attempts = 0;
        }
        if let Some(status) = status
            && (!machine.output_is_held(term) || attempts > 1)
        {
            return status;
        }
        match machine.next_event().filter(|&t| t <= deadline && attempts < 4) {
            Some(next) => clock.pass(next),
            None if attempts >= 4 => return 124,
            None => {
                clock.pass(deadline);
                clock.cut(term, attempts);
                attempts += 1;
                deadline += Span::SECOND;
            }
        }
    }
}
