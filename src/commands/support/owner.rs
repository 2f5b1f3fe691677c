//! `user:group` as chown and its kin read it.

use bstr::{BStr, ByteSlice};

use crate::base::quote::quote;
use crate::program::Ctx;
use crate::world::Host;

/// Numbers to set; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owner {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

/// Looks at the host that a program runs on.
pub fn host<T>(c: &Ctx, f: impl FnOnce(&Host) -> T) -> T {
    c.read(|w| f(w.host(c.me().host)))
}

pub fn parse_user(host: &Host, text: &str) -> Option<u32> {
    host.user(text).map(|a| a.uid).or_else(|| text.strip_prefix('+').unwrap_or(text).parse().ok())
}

pub fn parse_group(host: &Host, text: &str) -> Option<u32> {
    host.group_of_name(text).or_else(|| text.strip_prefix('+').unwrap_or(text).parse().ok())
}

/// `user`, `user:group`, `user:` (with the user's login group), `:group`; `.` is taken for `:` as chown does. The error
/// is GNU's text.
pub fn parse_owner(c: &Ctx, spec: &BStr) -> Result<Owner, String> {
    let text = spec.to_str_lossy();
    host(c, |h| {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None if parse_user(h, &text).is_none() => match text.split_once('.') {
                Some((user, group)) => (user, Some(group)),
                None => (&*text, None),
            },
            None => (&*text, None),
        };
        let uid = if user.is_empty() {
            None
        } else {
            Some(parse_user(h, user).ok_or_else(|| format!("invalid user: {}", quote(spec)))?)
        };
        let gid = match group {
            None => None,
            Some("") if user.is_empty() => None,
            Some("") => match uid.and_then(|uid| h.user_of(uid)) {
                Some(account) => Some(account.gid),
                None => return Err(format!("invalid spec: {}", quote(spec))),
            },
            Some(group) => Some(parse_group(h, group).ok_or_else(|| format!("invalid group: {}", quote(spec)))?),
        };
        Ok(Owner { uid, gid })
    })
}
