//! Redirections, left to right, with what is needed to undo them.

use bstr::{BStr, BString, ByteSlice};

use super::{Flow, Shell};
use crate::shell::parse::ast::{Redirect, RedirectFd, RedirectKind, Word};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::sys::OpenFlags;

/// Descriptors that the shell keeps for itself begin here, as bash's do.
const PRIVATE: u32 = 10;

/// A descriptor as it was: its copy, or `None` if it was closed.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Saved {
    fd: u32,
    copy: Option<u32>,
}

impl Shell {
    /// Applies redirections; `false` if one failed (it has been reported). With `saved`, [`Shell::undo`] takes them back.
    pub(in crate::shell) async fn redirect(
        &mut self,
        list: &[Redirect],
        mut saved: Option<&mut Vec<Saved>>,
    ) -> Result<bool, Flow> {
        for redirect in list {
            self.line = redirect.line;
            let saved = saved.as_deref_mut();
            if let Err(message) = self.redirect_one(redirect, saved).await? {
                self.complain(message).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(in crate::shell) fn undo(&mut self, saved: Vec<Saved>) {
        for Saved { fd, copy } in saved.into_iter().rev() {
            self.ctx.sys(|s| match copy {
                // The copy is ours and open; closing what was not open before may find it closed already.
                Some(copy) => {
                    let _ = s.dup2(copy, fd);
                    let _ = s.close(copy);
                }
                None => {
                    let _ = s.close(fd);
                }
            });
        }
    }

    fn save(&mut self, fd: u32, saved: Option<&mut Vec<Saved>>) {
        let Some(saved) = saved else { return };
        let copy = self.ctx.sys(|s| {
            let copy = s.dup_from(fd, PRIVATE).ok();
            if let Some(copy) = copy {
                // Just made.
                let _ = s.set_cloexec(copy, true);
            }
            copy
        });
        saved.push(Saved { fd, copy });
    }

    /// Puts `from` (an open descriptor that is given away) at `to`.
    fn put(&mut self, from: u32, to: u32, saved: Option<&mut Vec<Saved>>) -> Result<(), Errno> {
        if from == to {
            if let Some(saved) = saved {
                saved.push(Saved { fd: to, copy: None });
            }
            return Ok(());
        }
        self.save(to, saved);
        self.ctx.sys(|s| {
            let done = s.dup2(from, to);
            s.close(from)?;
            done
        })
    }

    async fn file_name(&mut self, word: &Word) -> Result<Result<BString, String>, Flow> {
        let words = self.expand_words(std::slice::from_ref(word)).await?;
        match <[BString; 1]>::try_from(words) {
            Ok([one]) => Ok(Ok(one)),
            Err(_) => Ok(Err(format!("{}: ambiguous redirect", word.raw))),
        }
    }

    async fn redirect_one(
        &mut self,
        redirect: &Redirect,
        saved: Option<&mut Vec<Saved>>,
    ) -> Result<Result<(), String>, Flow> {
        let usual = match &redirect.kind {
            RedirectKind::Write(_)
            | RedirectKind::Clobber(_)
            | RedirectKind::Append(_)
            | RedirectKind::DuplicateOut(_)
            | RedirectKind::Both { .. } => 1,
            _ => 0,
        };
        let mut variable: Option<BString> = None;
        let fd = match &redirect.fd {
            RedirectFd::Usual => usual,
            RedirectFd::Number(n) => *n,
            RedirectFd::Variable(name) => {
                variable = Some(name.clone());
                u32::MAX
            }
        };
        if variable.is_none() && fd as usize >= crate::base::limits::DESCRIPTORS_PER_PROCESS {
            return Ok(Err(format!("{fd}: Bad file descriptor")));
        }
        // `{fd}>&-` closes the number that the variable holds.
        if let (Some(name), RedirectKind::DuplicateIn(word) | RedirectKind::DuplicateOut(word)) =
            (&variable, &redirect.kind)
            && word.raw == "-"
        {
            let held = self.st.vars.get(name).and_then(|v| v.text().cloned()).unwrap_or_default();
            if let Some(n) = held.to_str().ok().and_then(|t| t.parse::<u32>().ok()) {
                // A number that is not open is no error in bash either.
                let _ = self.ctx.sys(|s| s.close(n));
            }
            return Ok(Ok(()));
        }
        let opened: Result<u32, String> = match &redirect.kind {
            RedirectKind::Read(word) => self.open(word, OpenFlags::READ).await?,
            RedirectKind::ReadWrite(word) => self.open(word, OpenFlags::READ_WRITE).await?,
            RedirectKind::Append(word) => self.open(word, OpenFlags::APPEND).await?,
            RedirectKind::Clobber(word) => self.open(word, OpenFlags::WRITE).await?,
            RedirectKind::Write(word) => self.open_write(word).await?,
            RedirectKind::Both { word, append } => {
                let flags = if *append { OpenFlags::APPEND } else { OpenFlags::WRITE };
                return self.both(word, flags, saved).await;
            }
            RedirectKind::HereDocument(body) => {
                let text = match body.get() {
                    Some(word) => self.expand_quoted_or_literal(word).await?,
                    None => BString::default(),
                };
                self.ctx.sys(|s| s.open_bytes(text)).map_err(|e| e.to_string())
            }
            RedirectKind::HereString(word) => {
                let mut text = self.expand_single(word).await?;
                text.push(b'\n');
                self.ctx.sys(|s| s.open_bytes(text)).map_err(|e| e.to_string())
            }
            RedirectKind::DuplicateIn(word) | RedirectKind::DuplicateOut(word) => {
                let text = match self.file_name(word).await? {
                    Ok(text) => text,
                    Err(message) => return Ok(Err(message)),
                };
                let out = matches!(redirect.kind, RedirectKind::DuplicateOut(_));
                if text == "-" {
                    self.save(fd, saved);
                    // Closing what is closed is no error.
                    let _ = self.ctx.sys(|s| s.close(fd));
                    return Ok(Ok(()));
                }
                let (digits, moved) = match text.strip_suffix(b"-") {
                    Some(digits) => (digits, true),
                    None => (text.as_slice(), false),
                };
                match digits.to_str().ok().and_then(|d| d.parse::<u32>().ok()) {
                    Some(from) => {
                        let copy = self.ctx.sys(|s| s.dup_from(from, PRIVATE));
                        match copy {
                            Ok(copy) => {
                                if moved && from != fd {
                                    // It was open a moment ago.
                                    let _ = self.ctx.sys(|s| s.close(from));
                                }
                                Ok(copy)
                            }
                            Err(errno) => Err(format!("{from}: {errno}")),
                        }
                    }
                    None if out && matches!(redirect.fd, RedirectFd::Usual) => {
                        return self.both(word, OpenFlags::WRITE, saved).await;
                    }
                    None => Err(format!("{}: ambiguous redirect", word.raw)),
                }
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(message) => return Ok(Err(message)),
        };
        if let Some(name) = variable {
            let at = self.ctx.sys(|s| {
                let at = s.dup_from(opened, PRIVATE)?;
                s.close(opened)?;
                Ok::<u32, Errno>(at)
            });
            return Ok(match at {
                Ok(at) => self.assign_text(&name, None, at.to_string().into(), false),
                Err(errno) => Err(errno.to_string()),
            });
        }
        Ok(self.put(opened, fd, saved).map_err(|errno| format!("{fd}: {errno}")))
    }

    async fn expand_quoted_or_literal(&mut self, word: &Word) -> Result<BString, Flow> {
        match word.parts.as_slice() {
            [crate::shell::parse::ast::Part::Quoted(text)] => Ok(text.clone()),
            _ => self.expand_quoted(word).await,
        }
    }

    /// `&> file`: both standard outputs share one description.
    async fn both(
        &mut self,
        word: &Word,
        flags: OpenFlags,
        mut saved: Option<&mut Vec<Saved>>,
    ) -> Result<Result<(), String>, Flow> {
        let opened = match if flags.append { self.open(word, flags).await? } else { self.open_write(word).await? } {
            Ok(fd) => fd,
            Err(message) => return Ok(Err(message)),
        };
        let done = self.put(opened, 1, saved.as_deref_mut());
        self.save(2, saved);
        Ok(done.and_then(|()| self.ctx.sys(|s| s.dup2(1, 2))).map_err(|e| e.to_string()))
    }

    async fn open_write(&mut self, word: &Word) -> Result<Result<u32, String>, Flow> {
        if !self.st.options.noclobber {
            return self.open(word, OpenFlags::WRITE).await;
        }
        let path = match self.file_name(word).await? {
            Ok(path) => path,
            Err(message) => return Ok(Err(message)),
        };
        let regular = self.ctx.sys(|s| s.stat(path.as_ref())).is_ok_and(|s| s.kind == Kind::File);
        if regular {
            return Ok(Err(format!("{path}: cannot overwrite existing file")));
        }
        self.open_path(path.as_ref(), OpenFlags::WRITE).await
    }

    async fn open(&mut self, word: &Word, flags: OpenFlags) -> Result<Result<u32, String>, Flow> {
        match self.file_name(word).await? {
            Ok(path) => self.open_path(path.as_ref(), flags).await,
            Err(message) => Ok(Err(message)),
        }
    }

    async fn open_path(&mut self, path: &BStr, flags: OpenFlags) -> Result<Result<u32, String>, Flow> {
        // bash itself knows /dev/fd/N and the standard names, and they share the description.
        let number = match path.as_bytes() {
            b"/dev/stdin" => Some(0),
            b"/dev/stdout" => Some(1),
            b"/dev/stderr" => Some(2),
            _ => path.strip_prefix(b"/dev/fd/").and_then(|n| n.to_str().ok()).and_then(|n| n.parse().ok()),
        };
        if let Some(n) = number {
            return Ok(self.ctx.sys(|s| s.dup_from(n, 0)).map_err(|errno| format!("{path}: {errno}")));
        }
        let opened = self.ctx.sys(|s| s.open(path, flags, 0o666));
        Ok(opened.map_err(|errno| format!("{path}: {errno}")))
    }
}
