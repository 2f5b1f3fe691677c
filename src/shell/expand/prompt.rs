//! The escapes of PS1 and its kin (bash(1), PROMPTING).

use bstr::{BString, ByteSlice};

use crate::shell::parse::{Dialect, Parser};
use crate::shell::run::{Flow, Shell};

impl Shell {
    /// A prompt as it is shown; `\[` and `\]` vanish.
    pub async fn expand_prompt(&mut self, text: &[u8]) -> Result<BString, Flow> {
        let replaced = self.prompt_escapes(text);
        if !self.st.shopt("promptvars") {
            return Ok(replaced);
        }
        let status = self.st.status;
        let word = match Parser::quoted_text(&replaced, Dialect::default()) {
            Ok(word) => word,
            Err(_) => return Ok(replaced),
        };
        let expanded = self.expand_quoted(&word).await?;
        self.st.status = status;
        Ok(expanded)
    }

    fn prompt_escapes(&self, text: &[u8]) -> BString {
        let mut out = BString::default();
        let mut at = 0;
        while at < text.len() {
            if text[at] != b'\\' || at + 1 >= text.len() {
                out.push(text[at]);
                at += 1;
                continue;
            }
            let c = text[at + 1];
            at += 2;
            match c {
                b'u' => {
                    let (uid, host) = (self.ctx.uid(), self.ctx.me().host);
                    out.extend_from_slice(self.ctx.read(|w| w.host(host).user_name(uid)).as_bytes());
                }
                b'h' | b'H' => {
                    let name = self.host_name();
                    let name = if c == b'h' { name.split('.').next().unwrap_or(&name) } else { &name };
                    out.extend_from_slice(name.as_bytes());
                }
                b'w' | b'W' => {
                    let dir = self.working_directory();
                    let home = self.st.vars.text("HOME").cloned().unwrap_or_default();
                    let shown = match dir.strip_prefix(home.as_slice()) {
                        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(b"/")) => {
                            BString::from([b"~", rest].concat())
                        }
                        _ => dir,
                    };
                    if c == b'w' || shown == "/" || shown == "~" {
                        out.extend_from_slice(&shown);
                    } else {
                        out.extend_from_slice(shown.rsplit_str("/").next().unwrap_or(&shown));
                    }
                }
                b'$' => out.push(if self.ctx.uid() == 0 { b'#' } else { b'$' }),
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b'a' => out.push(7),
                b'e' => out.push(27),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'[' | b']' => {}
                b's' => {
                    let name = self.st.name.rsplit_str("/").next().unwrap_or_default();
                    out.extend_from_slice(name.strip_prefix(b"-").unwrap_or(name));
                }
                b'v' => out.extend_from_slice(b"5.2"),
                b'V' => out.extend_from_slice(b"5.2.15"),
                b'j' => out.extend_from_slice(self.st.jobs.list.len().to_string().as_bytes()),
                b'l' => {
                    let tty = self.ctx.sys(|s| s.tty().map(|t| t.id.0.to_string()));
                    out.extend_from_slice(tty.unwrap_or_else(|| "tty".into()).as_bytes());
                }
                b'!' => {
                    let n = self.st.history_base + self.st.history.len() as u64 + 1;
                    out.extend_from_slice(n.to_string().as_bytes());
                }
                b'#' => out.extend_from_slice(self.st.commands.to_string().as_bytes()),
                b't' | b'T' | b'@' | b'A' | b'd' => out.extend_from_slice(self.clock(c).as_bytes()),
                b'D' if text.get(at) == Some(&b'{') => {
                    let end = text[at..].find_byte(b'}').map_or(text.len(), |n| at + n);
                    let format = &text[at + 1..end];
                    let format = if format.is_empty() { b"%X".as_slice() } else { format };
                    out.extend_from_slice(&crate::shell::builtins::strftime(format, self.ctx.now(), &self.zone()));
                    at = (end + 1).min(text.len());
                }
                b'0'..=b'7' => {
                    let digits: Vec<u8> =
                        text[at - 1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).copied().collect();
                    out.push(digits.iter().fold(0u32, |n, d| n * 8 + u32::from(d - b'0')) as u8);
                    at += digits.len() - 1;
                }
                other => out.extend_from_slice(&[b'\\', other]),
            }
        }
        out
    }

    fn clock(&self, kind: u8) -> String {
        let format: &[u8] = match kind {
            b't' => b"%H:%M:%S",
            b'T' => b"%I:%M:%S",
            b'@' => b"%I:%M %p",
            b'A' => b"%H:%M",
            _ => b"%a %b %d",
        };
        crate::shell::builtins::strftime(format, self.ctx.now(), &self.zone()).to_string()
    }

    pub fn host_name(&self) -> String {
        let host = self.ctx.me().host;
        self.ctx.read(|w| w.host(host).name.clone())
    }
    /// TZ of the shell; UTC where it is not known.
    pub fn zone(&self) -> BString {
        self.st.vars.text("TZ").cloned().unwrap_or_else(|| "UTC".into())
    }
    /// PWD if it is still true, else what the kernel says.
    pub fn working_directory(&self) -> BString {
        let real = self.ctx.sys(|s| s.getcwd());
        match self.st.vars.text("PWD") {
            Some(pwd)
                if pwd.starts_with(b"/") && self.ctx.sys(|s| s.realpath(pwd.as_ref())).is_ok_and(|r| r == real) =>
            {
                pwd.clone()
            }
            _ => real,
        }
    }
}
