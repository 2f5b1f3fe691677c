//! The shell at a terminal: prompts, jobs, signals, the end of input.

use crate::base::Span;
use crate::program::Executor;
use crate::testkit::Kit;
use crate::world::io::{DescriptionKind, KeyEffect, TtyId};
use crate::world::kernel::State;
use crate::world::{HostId, ProcRef};
use bstr::BStr;

struct Player {
    kit: Kit,
    tty: TtyId,
    leader: ProcRef,
}

impl Player {
    fn new() -> Player {
        let mut kit = Kit::full();
        let (tty, leader) = {
            let mut w = kit.executor.world_mut();
            let tty = w.open_tty(80, 24);
            let id = w.io.open(DescriptionKind::Tty(tty), true, true);
            let leader = w.login(HostId(0), "oncall", Some(tty), [id; 3]).unwrap();
            w.release(id);
            if let Some(p) = w.process_mut(leader) {
                p.reaper = Some(leader);
            }
            (tty, leader)
        };
        let executor: &mut Executor = &mut kit.executor;
        executor.start(leader, |c| {
            Box::pin(async move {
                let env = c.environment();
                let image = c.sys(|s| s.image(BStr::new("/bin/bash"), vec!["-bash".into()], BStr::new("")));
                c.run_image(image.unwrap(), env).await
            })
        });
        let mut player = Player { kit, tty, leader };
        player.pass(0);
        player
    }
    /// Simulated milliseconds, and what the screen got.
    fn pass(&mut self, ms: u64) -> String {
        self.kit.advance(Span::from_millis(ms + 20));
        self.kit.executor.run_ready();
        let mut w = self.kit.executor.world_mut();
        let bytes = w.io.tty_mut(self.tty).map(|t| std::mem::take(&mut t.output)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        // The marks are for the page.
        let mut out = String::new();
        for (n, part) in text.split("\x1b]133;").enumerate() {
            out.push_str(if n == 0 { part } else { part.split_once('\x07').map_or("", |p| p.1) });
        }
        out
    }
    fn line(&mut self, text: &str) -> String {
        if let Some(t) = self.kit.executor.world_mut().io.tty_mut(self.tty) {
            t.line = Some(text.as_bytes().to_vec());
        }
        self.pass(50)
    }
    fn key(&mut self, byte: u8) -> String {
        {
            let mut w = self.kit.executor.world_mut();
            let t = w.io.tty_mut(self.tty).unwrap();
            let foreground = t.foreground;
            if let (KeyEffect::Raise(signal), Some((host, group))) = (t.key(byte), foreground) {
                w.signal_group(host, group, signal);
            }
        }
        self.pass(50)
    }
    fn ended(&self) -> Option<u8> {
        match self.kit.executor.world().process(self.leader).map(|p| p.state) {
            Some(State::Zombie(status)) => Some(status.code()),
            _ => None,
        }
    }
}

const PS1: &str = "oncall@alpha:~$ ";

#[test]
fn lines_prompts_and_history() {
    let mut p = Player::new();
    assert_eq!(p.line("echo hi"), format!("hi\n{PS1}"));
    assert_eq!(p.line("for i in 1 2; do"), "> ");
    assert_eq!(p.line("echo $i; done"), format!("1\n2\n{PS1}"));
    assert_eq!(p.line("cd /etc"), "oncall@alpha:/etc$ ");
    assert_eq!(p.line("echo !!"), "echo cd /etc\ncd /etc\noncall@alpha:/etc$ ");
    assert_eq!(p.line("cd"), PS1);
    assert!(p.line("history").contains("    2  for i in 1 2; do echo $i; done\n"));
    assert_eq!(p.line("nosuch"), format!("-bash: nosuch: command not found\n{PS1}"));
    assert_eq!(p.line("echo )"), format!("-bash: syntax error near unexpected token `)'\n{PS1}"));
    assert_eq!(p.line("echo $?"), format!("2\n{PS1}"));
    assert_eq!(p.line("alias ll='echo aliased'"), PS1);
    assert_eq!(p.line("ll x"), format!("aliased x\n{PS1}"));
    assert_eq!(p.line("x=5; f() { echo $x; }; f"), format!("5\n{PS1}"));
    assert_eq!(p.line("cat <<E"), "> ");
    assert_eq!(p.line("text"), "> ");
    assert_eq!(p.line("E"), format!("text\n{PS1}"));
}

#[test]
fn interrupts() {
    let mut p = Player::new();
    assert_eq!(p.key(3), format!("^C\n{PS1}"));
    assert_eq!(p.line("echo $?"), format!("130\n{PS1}"));
    assert_eq!(p.line("sleep 100; echo not"), "");
    assert_eq!(p.key(3), format!("^C\n{PS1}"));
    assert_eq!(p.line("while :; do :; done"), "");
    p.pass(500);
    assert_eq!(p.key(3), format!("^C\n{PS1}"));
    assert_eq!(p.line("while true; do sleep 1; done"), "");
    assert_eq!(p.key(3), format!("^C\n{PS1}"));
    assert_eq!(p.line("sleep 50 | cat"), "");
    assert_eq!(p.key(3), format!("^C\n{PS1}"));
    assert_eq!(p.line("trap 'echo trapped' INT"), PS1);
    assert_eq!(p.line("echo still"), format!("still\n{PS1}"));
}

#[test]
fn job_control() {
    let mut p = Player::new();
    let started = p.line("sleep 2 &");
    assert!(started.starts_with("[1] ") && started.ends_with(PS1), "{started}");
    assert_eq!(p.line("jobs"), format!("[1]+  Running                 sleep 2 &\n{PS1}"));
    p.pass(2500);
    assert_eq!(p.line(""), format!("[1]+  Done                    sleep 2\n{PS1}"));
    assert_eq!(p.line("sleep 100"), "");
    assert_eq!(p.key(26), format!("^Z\n[1]+  Stopped                 sleep 100\n{PS1}"));
    assert_eq!(p.line("echo $?"), format!("148\n{PS1}"));
    assert_eq!(p.line("bg"), format!("[1]+ sleep 100 &\n{PS1}"));
    assert_eq!(p.line("kill %1"), PS1);
    assert_eq!(p.line(""), format!("[1]+  Terminated              sleep 100\n{PS1}"));
    assert_eq!(p.line("sleep 3 | cat"), "");
    assert_eq!(p.key(26), format!("^Z\n[1]+  Stopped                 sleep 3 | cat\n{PS1}"));
    assert_eq!(p.line("fg"), "sleep 3 | cat\n");
    assert_eq!(p.pass(4000), PS1);
    assert_eq!(p.line("cat"), "");
    assert_eq!(p.key(26), format!("^Z\n[1]+  Stopped                 cat\n{PS1}"));
    assert_eq!(p.line("exit"), format!("logout\nThere are stopped jobs.\n{PS1}"));
    assert_eq!(p.line("exit 3"), "logout\n");
    assert_eq!(p.ended(), Some(3));
}

#[test]
fn the_end_of_input_logs_out() {
    let mut p = Player::new();
    p.line("false");
    p.key(4);
    assert_eq!(p.ended(), Some(1));
}

#[test]
fn an_idle_shell_is_data_and_can_be_resumed() {
    let mut p = Player::new();
    p.line("x=kept; f() { echo $x; }; cd /etc");
    // A fresh future over the stored state.
    let state = {
        let w = p.kit.executor.world();
        let process = w.process(p.leader).unwrap();
        let state = process.program.as_ref().unwrap().as_any().downcast_ref::<crate::shell::ShellState>();
        state.unwrap().clone()
    };
    p.kit.executor.start(p.leader, |c| Box::pin(crate::shell::resume(c, state)));
    assert_eq!(p.pass(1), "");
    assert_eq!(p.line("f"), "kept\noncall@alpha:/etc$ ");
}

#[test]
fn nothing_runs_away() {
    let mut p = Player::new();
    assert!(p.line("echo {1..1000000000}").contains("cannot allocate memory"));
    p.line(":(){ :|:& };:");
    for _ in 0..20 {
        p.pass(1000);
    }
    p.key(3);
    assert!(p.kit.executor.world().host(HostId(0)).kernel.processes().count() < 700);
}
