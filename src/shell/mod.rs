//! The bash language. It reaches programs only as a process does: by name, through PATH and the file system.
//!
//! Start reading at [`run`]: a [`run::Shell`] is one shell process under way. `parse` makes trees of text, `expand`
//! arguments of words, `builtins` are the commands that need the shell itself. [`state::ShellState`] is what outlives
//! the future; `interactive` the loop at a prompt.

pub mod arithmetic;
pub mod builtins;
pub mod completion;
pub mod editor;
pub mod expand;
pub mod history;
mod interactive;
pub mod jobs;
mod main;
pub mod parse;
pub mod pattern;
pub mod run;
pub mod state;
pub mod text;
pub mod variables;

#[cfg(test)]
mod tests;

pub use main::{COMMANDS, resume};
pub use state::ShellState;
