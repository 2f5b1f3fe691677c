//! What a process may ask of systemd: the verbs of `systemctl`, journalled with who asked.

use super::Sys;
use crate::world::Errno;
use crate::world::journal::EventKind;

/// A verb on a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitVerb {
    Start,
    Stop,
    Restart,
    /// Reads its configuration again where the daemon can; here as a restart would find it.
    Reload,
    Enable,
    Disable,
    ResetFailed,
}

impl UnitVerb {
    pub fn name(self) -> &'static str {
        match self {
            UnitVerb::Start => "start",
            UnitVerb::Stop => "stop",
            UnitVerb::Restart => "restart",
            UnitVerb::Reload => "reload",
            UnitVerb::Enable => "enable",
            UnitVerb::Disable => "disable",
            UnitVerb::ResetFailed => "reset-failed",
        }
    }
}

impl Sys<'_> {
    /// `ENOENT`: no such unit; `EACCES`: only root manages units.
    pub fn unit(&mut self, verb: UnitVerb, name: &str) -> Result<(), Errno> {
        let host = self.me.host;
        if !self.w.host(host).units.contains_key(name) {
            return Err(Errno::ENOENT);
        }
        if self.process()?.cred.uid != 0 {
            return Err(Errno::EACCES);
        }
        self.record(EventKind::Change, verb.name(), name, "");
        match verb {
            UnitVerb::Start => self.w.unit_start(host, name),
            UnitVerb::Stop => self.w.unit_stop(host, name),
            UnitVerb::Restart | UnitVerb::Reload => self.w.unit_restart(host, name),
            UnitVerb::Enable => self.w.unit_enable(host, name, true),
            UnitVerb::Disable => self.w.unit_enable(host, name, false),
            UnitVerb::ResetFailed => self.w.unit_reset_failed(host, name),
        }
    }

    /// journalctl --vacuum-size: bytes freed. Only root may.
    pub fn vacuum_journal(&mut self, bytes: u64) -> Result<u64, Errno> {
        if self.process()?.cred.uid != 0 {
            return Err(Errno::EACCES);
        }
        let host = self.me.host;
        let freed = self.w.host_mut(host).journald.vacuum(bytes);
        self.record(EventKind::Change, "vacuum", "journal", format!("{freed} bytes"));
        Ok(freed)
    }

    /// Runs logrotate by hand. Only root may rotate; a dry run tells what it would do.
    pub fn logrotate(
        &mut self,
        config: &str,
        force: bool,
        dry: bool,
    ) -> Result<crate::world::logrotate::Outcome, Errno> {
        let host = self.me.host;
        if dry {
            return Ok(self.w.logrotate_dry(host, config, force));
        }
        if self.process()?.cred.uid != 0 {
            return Err(Errno::EACCES);
        }
        self.record(EventKind::Change, "logrotate", config, if force { "forced" } else { "" });
        Ok(self.w.logrotate(host, config, force))
    }
}
