//! A shell that waits for a line, as whoever edits that line needs it: its history, and what could be completed.

use super::input::TermId;
use super::machine::Machine;
use crate::shell::ShellState;
use crate::shell::completion;
use crate::shell::editor::{Completer, Completion};
use crate::world::kernel::ProcRef;

/// A terminal's prompt. Asking it changes nothing in the world.
#[derive(Clone, Copy)]
pub struct Prompt<'a> {
    machine: &'a Machine,
    shell: ProcRef,
}

impl Machine {
    /// The prompt at a terminal, if a shell (or another program that edits lines) waits for one there.
    pub fn prompt(&self, term: TermId) -> Option<Prompt<'_>> {
        let shell = self.at_prompt(term).then(|| self.foreground(term))??;
        Some(Prompt { machine: self, shell })
    }
}

impl Prompt<'_> {
    /// The history as the shell has it, oldest first; empty where the program keeps none.
    pub fn history(&self) -> Vec<String> {
        let world = self.machine.executor.world();
        let program = world.process(self.shell).and_then(|p| p.program.as_ref());
        let state = program.and_then(|p| p.as_any().downcast_ref::<ShellState>());
        state.map(|st| st.history.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }
}

impl Completer for Prompt<'_> {
    fn complete(&self, before: &str) -> Completion {
        let executor = &self.machine.executor;
        let mut world = executor.world_mut();
        completion::complete(&world.sys(self.shell), executor.table(), before)
    }
}
