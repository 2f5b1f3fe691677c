//! What sed reads and writes: its inputs as one stream or apart, files edited in place, and the files of `w`.

use std::collections::VecDeque;

use bstr::{BStr, BString, ByteSlice};

use crate::commands::support::{base_name, join};
use crate::program::{Ctx, Lines, Stop};
use crate::world::fs::Kind;
use crate::world::sys::{OpenFlags, Stat};

pub struct Inputs<'c> {
    c: &'c Ctx,
    waiting: VecDeque<BString>,
    current: Option<(Lines<'c>, u32)>,
    pub name: BString,
    end: u8,
    /// The suffix for backups, if files are edited in place.
    in_place: Option<BString>,
    follow: bool,
    separate: bool,
    /// Number of the last line given.
    pub line: u64,
    pub status: u8,
    edited: Option<Edited>,
}

/// A file being edited: its new text goes to a file beside it, which takes its name in the end.
struct Edited {
    path: BString,
    temporary: BString,
    fd: u32,
    stat: Stat,
}

impl<'c> Inputs<'c> {
    pub fn new(
        c: &'c Ctx,
        files: Vec<BString>,
        end: u8,
        in_place: Option<BString>,
        follow: bool,
        separate: bool,
    ) -> Inputs<'c> {
        Inputs {
            c,
            waiting: files.into(),
            current: None,
            name: "-".into(),
            end,
            in_place,
            follow,
            separate,
            line: 0,
            status: 0,
            edited: None,
        }
    }

    /// The descriptor that output goes to: 1, or the file being edited.
    pub fn output(&self) -> u32 {
        self.edited.as_ref().map_or(1, |e| e.fd)
    }

    /// The next line into `into`; `Some(true)` if it had its newline, `None` at the end of everything. When files are
    /// edited in place, output must be handed on before: the descriptor changes.
    pub async fn next(&mut self, into: &mut Vec<u8>) -> Result<Option<bool>, Stop> {
        if !self.advance().await? {
            return Ok(None);
        }
        let Some((lines, _)) = &mut self.current else { return Ok(None) };
        let Ok(Some(line)) = lines.line().await? else { return Ok(None) };
        self.line += 1;
        match line.strip_suffix(&[self.end]) {
            Some(text) => {
                into.extend_from_slice(text);
                Ok(Some(true))
            }
            None => {
                into.extend_from_slice(line);
                Ok(Some(false))
            }
        }
    }

    /// Is a line ready in this file, without going on to the next?
    pub async fn more_here(&mut self) -> Result<bool, Stop> {
        match &mut self.current {
            Some((lines, _)) => Ok(lines.peek().await?.unwrap_or(false)),
            None => Ok(false),
        }
    }

    /// Was the last line given the last one?
    pub async fn at_end(&mut self) -> Result<bool, Stop> {
        if self.more_here().await? {
            return Ok(false);
        }
        if self.separate {
            return Ok(true);
        }
        Ok(!self.advance().await?)
    }
    /// Is there nothing more in any file?
    pub async fn exhausted(&mut self) -> Result<bool, Stop> {
        if self.more_here().await? {
            return Ok(false);
        }
        if !self.separate {
            return Ok(!self.advance().await?);
        }
        Ok(self.waiting.is_empty())
    }

    /// Makes sure that a line is ready, in this file or one after it.
    async fn advance(&mut self) -> Result<bool, Stop> {
        loop {
            if let Some((lines, fd)) = &mut self.current {
                match lines.peek().await? {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(errno) => {
                        let name = self.name.clone();
                        self.c.complain(format_args!("read error on {name}: {errno}")).await?;
                        self.status = 4;
                    }
                }
                let fd = *fd;
                self.c.close_input(fd);
                self.current = None;
                self.finish().await?;
            }
            let Some(name) = self.waiting.pop_front() else { return Ok(false) };
            self.open(name).await?;
        }
    }

    async fn open(&mut self, name: BString) -> Result<(), Stop> {
        let c = self.c;
        let fd = match c.open_input(name.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("can't read {name}: {errno}")).await?;
                self.status = 2;
                return Ok(());
            }
        };
        if self.in_place.is_some() {
            let stat = c.sys(|s| s.stat(name.as_ref()));
            let Ok(stat) = stat else {
                c.complain(format_args!("couldn't edit {name}: not a regular file")).await?;
                self.status = 4;
                c.close_input(fd);
                return Ok(());
            };
            if stat.kind != Kind::File {
                c.complain(format_args!("couldn't edit {name}: not a regular file")).await?;
                self.status = 4;
                c.close_input(fd);
                return Ok(());
            }
            let path =
                if self.follow { c.sys(|s| s.realpath(name.as_ref())).unwrap_or(name.clone()) } else { name.clone() };
            let dir = path
                .rsplit_once_str("/")
                .map_or(BString::from("."), |(dir, _)| if dir.is_empty() { "/".into() } else { dir.into() });
            let mut rng = c.read(|w| {
                let stream = crate::base::hash::hash_str("sed -i") ^ u64::from(c.pid());
                crate::base::Rng::at(w.seed(), stream, w.now().micros() ^ stat.ino)
            });
            let letters: String = (0..6)
                .map(|_| {
                    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
                    char::from(LETTERS[rng.below(62) as usize])
                })
                .collect();
            let temporary = if path.contains(&b'/') {
                join(dir.as_ref(), BStr::new(&format!("sed{letters}")))
            } else {
                format!("./sed{letters}").into()
            };
            let flags = OpenFlags { exclusive: true, ..OpenFlags::WRITE };
            match c.sys(|s| s.open(temporary.as_ref(), flags, 0o600)) {
                Ok(out) => self.edited = Some(Edited { path, temporary, fd: out, stat }),
                Err(errno) => {
                    c.complain(format_args!("couldn't open temporary file {temporary}: {errno}")).await?;
                    return Err(Stop::Exit(4));
                }
            }
            self.line = 0;
        } else if self.separate {
            self.line = 0;
        }
        self.name = name;
        self.current = Some((Lines::delimited(c, fd, self.end), fd));
        Ok(())
    }

    /// Ends the file being edited: mode and owner as before, then the name.
    pub async fn finish(&mut self) -> Result<(), Stop> {
        let c = self.c;
        let Some(e) = self.edited.take() else { return Ok(()) };
        c.flush().await?;
        // The owner may not be ours to give: then it stays ours, as with sed.
        let _ = c.sys(|s| s.chown(e.temporary.as_ref(), Some(e.stat.uid), Some(e.stat.gid), true));
        let _ = c.sys(|s| s.chmod(e.temporary.as_ref(), e.stat.mode));
        let _ = c.sys(|s| s.close(e.fd));
        let suffix = self.in_place.clone().unwrap_or_default();
        if !suffix.is_empty() {
            let base = base_name(e.path.as_ref());
            let named: BString = if suffix.contains(&b'*') {
                suffix.replace("*", base).into()
            } else {
                [base.as_bytes(), &suffix[..]].concat().into()
            };
            let backup = if named.contains(&b'/') {
                named
            } else {
                match e.path.rsplit_once_str("/") {
                    Some((dir, _)) => join(BStr::new(dir), named.as_ref()),
                    None => named,
                }
            };
            if let Err(errno) = c.sys(|s| s.rename(e.path.as_ref(), backup.as_ref())) {
                c.complain(format_args!("cannot rename {}: {errno}", e.path)).await?;
                return Err(Stop::Exit(4));
            }
        }
        if let Err(errno) = c.sys(|s| s.rename(e.temporary.as_ref(), e.path.as_ref())) {
            c.complain(format_args!("cannot rename {}: {errno}", e.temporary)).await?;
            return Err(Stop::Exit(4));
        }
        Ok(())
    }
}
