//! A world, a player and an assertion in one line each: tests touch the engine's interfaces here and nowhere else.

use std::collections::BTreeMap;

use bstr::BString;

use crate::base::{SimTime, Span};
use crate::program::{Command, Executor, Table};
use crate::world::debian::{self, Base};
use crate::world::fs::Volume;
use crate::world::io::{DescriptionKind, TtyId};
use crate::world::kernel::{ExitStatus, State};
use crate::world::{Account, HostId, ProcRef, World};

/// 2026-03-12T03:07:00Z: where test worlds begin.
pub const START: SimTime = SimTime(1_773_284_820_000_000);

/// What a program printed and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub status: u8,
    /// Simulated time it took.
    pub took: Span,
}

/// The account that plays: uid 1000, password-free sudo.
pub fn oncall() -> Account {
    Account {
        name: "oncall".into(),
        uid: 1000,
        gid: 1000,
        groups: vec![4, 27],
        home: "/home/oncall".into(),
        shell: "/bin/bash".into(),
        sudo: true,
    }
}

/// Two plain Debian hosts, `alpha` and `beta`, and nothing wrong with them.
pub fn plain_world(table: &Table) -> World {
    let mut w = World::new(7, START);
    for (name, address) in [("alpha", "10.0.0.11"), ("beta", "10.0.0.12")] {
        let mut accounts = debian::system_accounts();
        accounts.push(oncall());
        let mut groups: BTreeMap<u32, String> = debian::system_groups();
        groups.insert(1000, "oncall".into());
        let booted = START - Span(20 * Span::DAY.0);
        let base = Base {
            name: name.into(),
            address: address.into(),
            os: "Debian GNU/Linux 12 (bookworm)".into(),
            kernel: "6.1.0-37-amd64".into(),
            cores: 2,
            memory_bytes: 4 << 30,
            root: Volume::new("/dev/sda1", "ext4", 20 << 30, 0.05, 0, booted),
            booted,
            accounts,
            groups,
            packages: table.rows().map(|(_, r)| r.package.to_string()).collect(),
        };
        let mut host = debian::build(base, &table.programs()).expect("an empty disk has room");
        host.kernel.seed_pids(7, name);
        w.add_host(host);
    }
    w
}

/// A terminal on which a program was started.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub tty: TtyId,
    /// The login shell's process.
    pub shell: ProcRef,
}

/// A plain world with a player on `alpha`.
pub struct Kit {
    pub executor: Executor,
    sessions: u32,
}

/// Every row: the programs' and the shell's.
pub fn all_rows() -> Vec<&'static [&'static Command]> {
    let mut rows = crate::commands::GROUPS.to_vec();
    rows.push(crate::shell::COMMANDS);
    rows
}

impl Kit {
    /// A world with every program and the shell.
    pub fn full() -> Kit {
        Kit::new(&all_rows())
    }
    pub fn new(groups: &[&[&'static Command]]) -> Kit {
        let table = Table::new(groups);
        let world = plain_world(&table);
        Kit { executor: Executor::new(world, table), sessions: 0 }
    }

    /// Starts a program for the player on `alpha`, with that standard input and no terminal.
    pub fn start(&mut self, argv: &[&str], stdin: &str) -> (u32, ProcRef) {
        self.start_as("oncall", argv, stdin.as_bytes(), &[])
    }
    /// As another user, with bytes to read and more environment (`NAME=value`).
    pub fn start_as(&mut self, user: &str, argv: &[&str], stdin: &[u8], env: &[String]) -> (u32, ProcRef) {
        self.sessions += 1;
        let session = self.sessions;
        let me = {
            let mut w = self.executor.world_mut();
            let bytes = std::rc::Rc::new(stdin.to_vec());
            let input = w.io.open(DescriptionKind::Inlet { bytes, offset: 0 }, true, false);
            let out = w.io.open(DescriptionKind::Outlet { session, stream: 1 }, false, true);
            let err = w.io.open(DescriptionKind::Outlet { session, stream: 2 }, false, true);
            w.login(HostId(0), user, None, [input, out, err]).expect("the user has an account")
        };
        let argv: Vec<BString> = argv.iter().map(|&a| a.into()).collect();
        let more: Vec<(BString, BString)> =
            env.iter().filter_map(|v| v.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        self.executor.start(me, |c| {
            Box::pin(async move {
                let mut env = c.environment();
                std::rc::Rc::make_mut(&mut env).extend(more);
                // A status to collect: nobody waits for a login shell.
                let child = c.spawn(argv.clone(), env, &Default::default());
                match child {
                    Ok(pid) => Ok(c.wait_end(pid).await?.code()),
                    Err(errno) => {
                        c.err(format!("{}: {errno}\n", argv[0])).await?;
                        Ok(if errno == crate::world::Errno::ENOENT { 127 } else { 126 })
                    }
                }
            })
        });
        // Kept so that its status can be read after its end.
        if let Some(p) = self.executor.world_mut().process_mut(me) {
            p.reaper = Some(me);
        }
        (session, me)
    }

    /// Lets simulated time pass.
    pub fn advance(&mut self, span: Span) {
        let until = self.executor.world().now() + span;
        self.executor.run_ready();
        while let Some(next) = self.next_event().filter(|&t| t <= until) {
            self.executor.world_mut().set_now(next);
            self.executor.world_mut().run_due_units();
            self.executor.run_ready();
        }
        self.executor.world_mut().set_now(until);
    }

    /// The next instant at which a program wakes or a unit acts.
    fn next_event(&self) -> Option<SimTime> {
        let units = self.executor.world().next_unit_event();
        let now = self.executor.world().now();
        [self.executor.next_timer(), units].into_iter().flatten().min().map(|t| t.max(now))
    }

    /// Runs a program to its end, at most an hour of simulated time.
    pub fn run_with(&mut self, argv: &[&str], stdin: &str) -> Ran {
        let began = self.executor.world().now();
        let (stdout, stderr, status) = self.run_bytes("oncall", argv, stdin.as_bytes(), &[]);
        let took = self.executor.world().now().since(began);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { stdout: text(stdout), stderr: text(stderr), status, took }
    }
    /// As `run_with`, for any user, in bytes: (stdout, stderr, status).
    pub fn run_bytes(&mut self, user: &str, argv: &[&str], stdin: &[u8], env: &[String]) -> (Vec<u8>, Vec<u8>, u8) {
        let (session, me) = self.start_as(user, argv, stdin, env);
        let deadline = self.executor.world().now() + Span::HOUR;
        self.executor.run_ready();
        loop {
            let ended = self.executor.world().process(me).is_none_or(|p| !p.is_alive());
            if ended {
                break;
            }
            let next = self.next_event().filter(|&t| t <= deadline);
            let next = next.unwrap_or_else(|| panic!("{argv:?} did not end within an hour"));
            self.executor.world_mut().set_now(next);
            self.executor.world_mut().run_due_units();
            self.executor.run_ready();
        }
        let status = match self.executor.world().process(me).map(|p| p.state) {
            Some(State::Zombie(status)) => status,
            _ => ExitStatus::Exited(0),
        };
        self.executor.world_mut().host_mut(me.host).kernel.remove(me.pid);
        let [stdout, stderr] = self.output_bytes(session);
        (stdout, stderr, status.code())
    }
    pub fn run(&mut self, argv: &[&str]) -> Ran {
        self.run_with(argv, "")
    }

    /// Runs a script as `bash -c` does, on a world with every program and the shell.
    pub fn sh(&mut self, script: &str) -> Ran {
        self.run(&["bash", "-c", script])
    }

    /// A directory of the player's on `alpha`.
    pub fn mkdir(&mut self, path: &str) {
        let mut w = self.executor.world_mut();
        let now = w.now();
        let fs = &mut w.host_mut(HostId(0)).fs;
        let id = fs.make_dirs(path.into(), now).expect("room for a directory");
        let own = |i: &mut crate::world::fs::Inode| (i.uid, i.gid) = (1000, 1000);
        fs.volume_mut(id.mount).and_then(|v| v.set_attributes(id.ino, own)).expect("it was just made");
    }
    /// A file of the player's on `alpha`.
    pub fn write(&mut self, path: &str, text: &str) {
        let mut w = self.executor.world_mut();
        let now = w.now();
        let file = crate::world::fs::new_file(crate::world::fs::Content::literal(text), 0o644, 1000, 1000, now);
        w.host_mut(HostId(0)).fs.install(path.into(), file).expect("room for a file");
    }
    /// A simple service on `alpha`, enabled and not started.
    pub fn unit(&mut self, name: &str, description: &str, program: &str) {
        use crate::world::units::{RestartPolicy, Unit, UnitKind, UnitSpec};
        let spec = UnitSpec {
            name: name.into(),
            description: description.into(),
            exec: vec![program.into()],
            kind: UnitKind::Simple,
            user: "root".into(),
            directory: None,
            env_file: None,
            restart: RestartPolicy::No,
            restart_after: Span::ZERO,
            calendar: None,
            start_takes: Span::ZERO,
            resident: 20 << 20,
            threads: 1,
            ports: Vec::new(),
            holds: Vec::new(),
        };
        let mut w = self.executor.world_mut();
        let now = w.now();
        w.host_mut(HostId(0)).units.insert(name.into(), Unit::new(spec, true, now));
    }
    /// Removes a file of the player's on `alpha`, as `rm` does.
    pub fn remove(&mut self, path: &str) {
        let me = self.session();
        let mut w = self.executor.world_mut();
        w.sys(me).unlink(path.into()).expect("the player's file");
        w.end(me, ExitStatus::Exited(0));
    }
    /// A process of the player's that does nothing by itself.
    fn session(&mut self) -> ProcRef {
        let mut w = self.executor.world_mut();
        let stdio = [(); 3].map(|()| {
            w.io.open(DescriptionKind::Inlet { bytes: std::rc::Rc::new(Vec::new()), offset: 0 }, true, false)
        });
        w.login(HostId(0), "oncall", None, stdio).expect("the player has an account")
    }
    pub fn hard_link(&mut self, old: &str, new: &str) {
        let mut w = self.executor.world_mut();
        let now = w.now();
        let fs = &mut w.host_mut(HostId(0)).fs;
        let find = |fs: &crate::world::fs::Vfs, path: &str| {
            fs.resolve(fs.root(), path.into(), &crate::world::fs::Cred::root(), true).expect("a path")
        };
        let node = find(fs, old).node.expect("a file");
        let at = find(fs, new);
        let volume = fs.volume_mut(node.mount).expect("a mount");
        volume.link(at.parent.ino, at.name.as_ref(), node.ino, now).expect("a link");
    }

    /// Starts a program in the foreground of a new terminal of the player's on `alpha`.
    pub fn start_on_terminal(&mut self, argv: &[&str], columns: u16, rows: u16) -> Terminal {
        let (tty, me) = {
            let mut w = self.executor.world_mut();
            let tty = w.open_tty(columns, rows);
            let stdio = [(); 3].map(|()| w.io.open(DescriptionKind::Tty(tty), true, true));
            (tty, w.login(HostId(0), "oncall", Some(tty), stdio).expect("the player has an account"))
        };
        let argv: Vec<BString> = argv.iter().map(|&a| a.into()).collect();
        self.executor.start(me, |c| {
            Box::pin(async move {
                let job = crate::world::sys::ForkOptions { group: Some(0), foreground: true, session: false };
                match c.spawn(argv.clone(), c.environment(), &job) {
                    Ok(pid) => Ok(c.wait_end(pid).await?.code()),
                    Err(errno) => {
                        c.err(format!("{}: {errno}\n", argv[0])).await?;
                        Ok(127)
                    }
                }
            })
        });
        if let Some(p) = self.executor.world_mut().process_mut(me) {
            p.reaper = Some(me);
        }
        self.executor.run_ready();
        Terminal { tty, shell: me }
    }
    /// Types keys and lets what they start run for `span`.
    pub fn keys(&mut self, terminal: Terminal, keys: &str, span: Span) {
        for &b in keys.as_bytes() {
            self.executor.world_mut().key(terminal.tty, b);
            self.executor.run_ready();
        }
        self.advance(span);
    }
    /// The bytes sent to a terminal's screen since this was last asked.
    pub fn screen(&mut self, terminal: Terminal) -> String {
        let mut w = self.executor.world_mut();
        let bytes = w.io.tty_mut(terminal.tty).map(|t| std::mem::take(&mut t.output)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
    /// How the program ended, once it has.
    pub fn status(&self, terminal: Terminal) -> Option<u8> {
        match self.executor.world().process(terminal.shell).map(|p| p.state) {
            Some(State::Zombie(status)) => Some(status.code()),
            Some(_) => None,
            None => Some(0),
        }
    }

    /// What a session has printed since it was last asked: (stdout, stderr).
    pub fn output(&mut self, session: u32) -> (String, String) {
        self.output_bytes(session).map(|t| String::from_utf8_lossy(&t).into_owned()).into()
    }
    fn output_bytes(&mut self, session: u32) -> [Vec<u8>; 2] {
        let mut text = [Vec::new(), Vec::new()];
        self.executor.world_mut().io.outlets.retain(|(s, stream, bytes)| {
            if *s == session {
                text[usize::from(*stream) - 1].extend_from_slice(bytes);
            }
            *s != session
        });
        text
    }
}
