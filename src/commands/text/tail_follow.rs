//! `tail -f`: looks again at each interval, as GNU's tail does without inotify.

use bstr::BString;

use super::head::header;
use super::tail::{copy, shown};
use crate::base::Span;
use crate::base::quote::quoteaf;
use crate::program::{Ctx, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;

/// One file being followed.
pub struct Followed {
    path: BString,
    fd: Option<u32>,
    /// (mount, inode) of what is open.
    identity: (u32, u64),
    size: u64,
    pub is_pipe: bool,
    gone: bool,
    /// Given up.
    ignored: bool,
}

impl Followed {
    pub fn missing(path: BString) -> Followed {
        Followed { path, fd: None, identity: (0, 0), size: 0, is_pipe: false, gone: true, ignored: false }
    }
    pub fn open(c: &Ctx, path: BString, fd: u32) -> Followed {
        let stat = c.sys(|s| s.fstat(fd));
        let (identity, size) = stat.as_ref().map_or(((0, 0), 0), |s| ((s.dev, s.ino), s.size));
        let is_pipe = fd == 0 && stat.is_ok_and(|s| s.kind == Kind::Fifo);
        Followed { path, fd: Some(fd), identity, size, is_pipe, gone: false, ignored: false }
    }

    /// Looks whether the name leads elsewhere now (`-F`).
    async fn recheck(&mut self, c: &Ctx, retry: bool) -> Result<(), Stop> {
        let name = shown(self.path.as_ref());
        match c.open_input(self.path.as_ref()) {
            Ok(fd) => {
                let stat = c.sys(|s| s.fstat(fd));
                let identity = stat.as_ref().map_or((0, 0), |s| (s.dev, s.ino));
                if stat.is_ok_and(|s| s.kind == Kind::Dir) {
                    c.close_input(fd);
                    if !self.gone {
                        let what = format!("{} has been replaced with an untailable file", name);
                        c.complain(what).await?;
                        self.gone = true;
                    }
                    return Ok(());
                }
                if self.fd.is_some() && identity == self.identity {
                    c.close_input(fd);
                    self.gone = false;
                    return Ok(());
                }
                let text = if self.gone || self.fd.is_none() {
                    format!("{name} has appeared;  following new file")
                } else {
                    format!("{name} has been replaced;  following new file")
                };
                c.complain(text).await?;
                if let Some(old) = self.fd.replace(fd) {
                    c.close_input(old);
                }
                (self.identity, self.size, self.gone) = (identity, 0, false);
            }
            Err(errno) => {
                if !self.gone {
                    let text = if retry {
                        format!("{name} has become inaccessible: {errno}")
                    } else {
                        format!("{name}: {errno}")
                    };
                    c.complain(text).await?;
                    self.gone = true;
                    if let Some(old) = self.fd.take() {
                        c.close_input(old);
                    }
                    self.ignored = !retry;
                }
            }
        }
        Ok(())
    }
}

pub async fn follow(
    c: &Ctx,
    mut files: Vec<Followed>,
    by_name: bool,
    retry: bool,
    interval: Span,
    pid: Option<u32>,
    headers: bool,
) -> Outcome {
    let mut last = files.len().checked_sub(1);
    loop {
        // Of a process that is gone, one more look catches its last words.
        let alive = pid.is_none_or(|pid| c.sys(|s| s.kill(i64::from(pid), None)) != Err(Errno::ESRCH));
        for (n, file) in files.iter_mut().enumerate() {
            if file.ignored {
                continue;
            }
            if by_name || file.fd.is_none() {
                file.recheck(c, retry).await?;
            }
            let Some(fd) = file.fd else { continue };
            if file.is_pipe {
                continue;
            }
            let Ok(stat) = c.sys(|s| s.fstat(fd)) else { continue };
            if stat.size < file.size {
                c.complain(format_args!("{}: file truncated", plain(&file.path))).await?;
                let _ = c.sys(|s| s.seek(fd, 0, false));
                file.size = 0;
            }
            let at = c.sys(|s| s.offset(fd)).unwrap_or(file.size);
            if stat.size > at {
                if headers && last != Some(n) {
                    header(c, file.path.as_ref(), false).await?;
                    last = Some(n);
                }
                if let Err(errno) = copy(c, fd).await? {
                    c.complain(format_args!("error reading {}: {errno}", quoteaf(&file.path))).await?;
                }
            }
            file.size = stat.size;
        }
        c.flush().await?;
        if files.iter().all(|f| f.ignored) {
            c.complain("no files remaining").await?;
            return Ok(1);
        }
        if !alive {
            return Ok(0);
        }
        c.sleep(interval).await?;
    }
}

fn plain(path: &BString) -> String {
    crate::base::quote::quotef(path)
}
