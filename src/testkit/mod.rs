//! A world, a player and an assertion in one line each: tests touch the engine's interfaces here and nowhere else.

use std::collections::BTreeMap;

use bstr::BString;

use crate::base::{SimTime, Span};
use crate::program::{Command, Executor, Table};
use crate::world::debian::{self, Base, Program};
use crate::world::fs::Volume;
use crate::world::io::DescriptionKind;
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

/// Installs every row of a table.
pub fn programs(table: &Table) -> Vec<Program> {
    table.rows().map(|(name, row)| Program { dir: row.dir, name, row: row.name, package: row.package }).collect()
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
            cores: 2,
            memory_bytes: 4 << 30,
            root: Volume::new("/dev/sda1", "ext4", 20 << 30, 0.05, 0, booted),
            booted,
            accounts,
            groups,
            packages: table.rows().map(|(_, r)| r.package.to_string()).collect(),
        };
        let mut host = debian::build(base, &programs(table)).expect("an empty disk has room");
        host.kernel.seed_pids(7, name);
        w.add_host(host);
    }
    w
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
        while let Some(next) = self.executor.next_timer().filter(|&t| t <= until) {
            self.executor.world_mut().set_now(next);
            self.executor.run_ready();
        }
        self.executor.world_mut().set_now(until);
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
            let next = self.executor.next_timer().filter(|&t| t <= deadline);
            let next = next.unwrap_or_else(|| panic!("{argv:?} did not end within an hour"));
            self.executor.world_mut().set_now(next);
            self.executor.run_ready();
        }
        let status = match self.executor.world().process(me).map(|p| p.state) {
            Some(State::Zombie(status)) => status,
            _ => ExitStatus::Exited(0),
        };
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
