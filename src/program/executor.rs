//! Polls the running programs. Single-threaded, in one order: at one instant, by host's place and pid; a task woken
//! during a round runs in the next.

use std::cell::{Ref, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::command::Table;
use super::context::{Ctx, Shared, Stop, Task};
use crate::base::SimTime;
use crate::world::kernel::{ExitStatus, Signal, State};
use crate::world::{ProcRef, World};

pub struct Executor {
    shared: Rc<Shared>,
    tasks: BTreeMap<ProcRef, Task>,
}

impl Executor {
    pub fn new(world: World, table: Table) -> Executor {
        let shared = Shared {
            world: std::cell::RefCell::new(world),
            table,
            newborn: Default::default(),
            unmodelled: Default::default(),
        };
        Executor { shared: Rc::new(shared), tasks: BTreeMap::new() }
    }
    pub fn world(&self) -> Ref<'_, World> {
        self.shared.world.borrow()
    }
    pub fn world_mut(&self) -> RefMut<'_, World> {
        self.shared.world.borrow_mut()
    }
    pub fn table(&self) -> &Table {
        &self.shared.table
    }
    /// Real things that players met and that are not modelled.
    pub fn unmodelled(&self) -> Vec<String> {
        self.shared.unmodelled.borrow().clone()
    }
    /// A context for a process that exists and has no future yet.
    pub fn context(&self, me: ProcRef) -> Ctx {
        Ctx::new(self.shared.clone(), me)
    }
    /// Gives a process its future.
    pub fn start(&mut self, me: ProcRef, body: impl FnOnce(Ctx) -> Task) {
        let task = body(self.context(me));
        self.tasks.insert(me, task);
    }

    /// Runs everything that may run at this instant, until all wait.
    pub fn run_ready(&mut self) {
        loop {
            let ready = self.world().ready();
            if ready.is_empty() {
                return;
            }
            for me in ready {
                self.poll(me);
            }
        }
    }

    fn poll(&mut self, me: ProcRef) {
        if self.world().process(me).is_some_and(|p| p.pending.contains(Signal::KILL)) {
            self.tasks.remove(&me);
            self.world_mut().end(me, ExitStatus::Signalled(Signal::KILL));
            return;
        }
        let Some(task) = self.tasks.get_mut(&me) else {
            // A process whose future is gone, or never came, ends: nothing may wait for it forever.
            self.world_mut().end(me, ExitStatus::Exited(255));
            return;
        };
        if let Some(p) = self.shared.world.borrow_mut().process_mut(me) {
            p.state = State::Running;
        }
        let poll = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let newborn = std::mem::take(&mut *self.shared.newborn.borrow_mut());
        self.tasks.extend(newborn);
        if let Poll::Ready(outcome) = poll {
            self.tasks.remove(&me);
            // A signal that it sent itself with its last act ends it before it can return.
            let fatal = self.world().process(me).and_then(|p| p.fatal_pending());
            let status = match fatal.map_or(outcome, |signal| Err(Stop::Signal(signal))) {
                Ok(code) | Err(Stop::Exit(code)) => ExitStatus::Exited(code),
                Err(Stop::Signal(signal) | Stop::Caught(signal)) => ExitStatus::Signalled(signal),
            };
            self.world_mut().end(me, status);
        }
    }

    /// The next instant at which some program wakes by the clock.
    pub fn next_timer(&self) -> Option<SimTime> {
        self.world().next_timer()
    }
    /// Does any program run or wait for the clock?
    pub fn is_busy(&self) -> bool {
        self.next_timer().is_some()
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn a_program_reads_writes_and_ends() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run_with(&["cat", "-n"], "one\ntwo\n");
        assert_eq!((ran.stdout.as_str(), ran.status), ("     1\tone\n     2\ttwo\n", 0));
        let ran = kit.run(&["cat", "/etc/hostname", "/nowhere"]);
        assert_eq!(ran.stdout, "alpha\n");
        assert_eq!(ran.stderr, "cat: /nowhere: No such file or directory\n");
        assert_eq!(ran.status, 1);
        assert_eq!(kit.run(&["cat", "/proc/self/comm"]).stdout, "cat\n");
        assert_eq!(kit.run(&["nosuch"]).status, 127);
    }

    #[test]
    fn sleeping_costs_exactly_its_time_and_no_more() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["sleep", "90"]);
        assert!(ran.took >= Span::from_secs(90) && ran.took < Span::from_millis(90_050), "{}", ran.took);
    }
}
