//! Text to run: `-c` strings, files, `eval`, traps. Read one complete command at a time.

use bstr::{BString, ByteSlice};

use super::{Flow, Ran, Shell};
use crate::shell::expand::Later;
use crate::shell::parse::{Parser, SyntaxError};

/// Where text comes from: it decides how errors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `bash -c`
    String,
    /// A script's file, or standard input.
    File,
    /// `.` and `source`
    Sourced,
    Eval,
    Trap,
    /// A line at a prompt.
    Prompt,
}

impl Shell {
    /// Runs text to its end; the status is the last command's.
    pub fn run_text(&mut self, text: impl Into<Vec<u8>>, source: Source) -> Later<'_, u8> {
        let text = text.into();
        Box::pin(async move {
            let first = match source {
                Source::Eval | Source::Trap => self.line,
                _ => 1,
            };
            let (outer_last, depth) = (self.last, self.depth);
            // Its own way down is about as long as a command's.
            self.depth = depth + 1;
            let ran = self.run_parsed(text, source, first).await;
            (self.last, self.depth) = (outer_last, depth);
            ran
        })
    }

    async fn run_parsed(&mut self, text: Vec<u8>, source: Source, first: u32) -> Ran {
        let may_replace = source == Source::String && !self.st.interactive;
        let mut parser = Parser::new(text, first, self.dialect());
        let mut status = 0;
        loop {
            let start = parser.position().0;
            let list = match parser.next_command(self.dialect()) {
                Ok(Some(list)) => list,
                Ok(None) => return Ok(status),
                Err(error) => {
                    self.report(&error, source).await?;
                    self.st.status = 2;
                    // What cannot be read ends the text; `eval` goes on after it.
                    return match source {
                        Source::Eval | Source::Trap | Source::Prompt | Source::Sourced => Ok(2),
                        Source::String | Source::File => Err(Flow::Exit(2)),
                    };
                }
            };
            for (line, text) in std::mem::take(&mut parser.warnings) {
                self.line = line;
                self.complain(text).await?;
            }
            if self.st.options.verbose && source != Source::Eval {
                let text = parser.src[start..parser.position().0].to_vec();
                self.ctx.err(&text).await?;
            }
            if self.st.options.noexec && !self.st.interactive {
                continue;
            }
            self.last = may_replace && parser.at_end() && self.may_replace();
            let ran = self.run_list(&list).await;
            self.last = false;
            match ran {
                Ok(code) => status = code,
                Err(Flow::Discard(code)) if matches!(source, Source::String | Source::File) => {
                    // The rest of the line is skipped; the next line runs.
                    self.st.status = code;
                    status = code;
                    self.loops = 0;
                    self.guarded = 0;
                }
                Err(Flow::Fatal(code)) if !self.st.interactive => return Err(Flow::Exit(code)),
                Err(flow) => return Err(flow),
            }
        }
    }

    /// May the last program take this process's place? Not with traps, nor with jobs to look after.
    fn may_replace(&self) -> bool {
        self.st.traps.is_empty() && self.st.jobs.list.is_empty()
    }

    pub(in crate::shell) async fn report(&mut self, error: &SyntaxError, source: Source) -> Result<(), Flow> {
        let name = self.st.shown_name();
        let how = match source {
            Source::String => "-c: ",
            Source::Eval if self.st.at_prompt => "",
            Source::Eval => "eval: ",
            _ => "",
        };
        let place = if self.st.at_prompt { String::new() } else { format!("{how}line {}: ", error.line) };
        let mut text = BString::from(format!("{name}: {place}{}\n", error.message));
        if let Some(line) = &error.source
            && !self.st.at_prompt
        {
            text.extend_from_slice(format!("{name}: {place}`{}'\n", line.as_bstr()).as_bytes());
        }
        self.ctx.err(&text).await?;
        Ok(())
    }
}
