//! The inputs of a filter, one after the other, line by line.

use std::collections::VecDeque;

use bstr::BString;

use super::complain_file;
use crate::program::{Args, Ctx, Lines, Stop};

/// Lines of all inputs as one stream. A file that can't be read is complained about and skipped.
pub struct Source<'c> {
    c: &'c Ctx,
    waiting: VecDeque<BString>,
    delimiter: u8,
    current: Option<(Lines<'c>, u32)>,
    name: BString,
    failed: bool,
}

impl<'c> Source<'c> {
    /// Over a filter's operands, or standard input.
    pub fn new(c: &'c Ctx, a: &Args, delimiter: u8) -> Source<'c> {
        Source::over(c, a.inputs(), delimiter)
    }
    pub fn over(c: &'c Ctx, inputs: Vec<BString>, delimiter: u8) -> Source<'c> {
        Source { c, waiting: inputs.into(), delimiter, current: None, name: BString::default(), failed: false }
    }

    /// The next line with its delimiter (the last of a file may lack it), lent until the next call.
    pub async fn line(&mut self) -> Result<Option<&[u8]>, Stop> {
        loop {
            if self.current.is_none() && !self.open_next().await? {
                return Ok(None);
            }
            let Some((lines, fd)) = &mut self.current else { continue };
            let fd = *fd;
            let have = lines.has_line();
            if !have {
                match lines.peek().await? {
                    Ok(true) => {}
                    ended => {
                        self.c.close_input(fd);
                        self.current = None;
                        if let Err(errno) = ended {
                            complain_file(self.c, self.name.as_ref(), errno).await?;
                            self.failed = true;
                        }
                        continue;
                    }
                }
            }
            break;
        }
        match &mut self.current {
            Some((lines, _)) => Ok(lines.line().await?.unwrap_or(None)),
            None => Ok(None),
        }
    }

    async fn open_next(&mut self) -> Result<bool, Stop> {
        while let Some(name) = self.waiting.pop_front() {
            self.name = name;
            match self.c.open_input(self.name.as_ref()) {
                Ok(fd) => {
                    self.current = Some((Lines::delimited(self.c, fd, self.delimiter), fd));
                    return Ok(true);
                }
                Err(errno) => {
                    complain_file(self.c, self.name.as_ref(), errno).await?;
                    self.failed = true;
                }
            }
        }
        Ok(false)
    }

    /// 1 if some input could not be read.
    pub fn status(&self) -> u8 {
        u8::from(self.failed)
    }
}
