//! systemd's units on one host (systemd 252): what they are, how they are doing, and what they started with.
//!
//! Verbs that need files and processes are on [`World`]: `unit_start`, `unit_stop`, `unit_restart`.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};

use super::fs::Cred;
use super::journald::{Entry, Priority};
use super::kernel::{self, ExitStatus, HostId, ProcRef};
use super::{Errno, World};
use crate::base::{Rng, SimTime, Span, StateHasher};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    Simple,
    Oneshot,
}

/// systemd.service(5), `Restart=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartPolicy {
    No,
    OnFailure,
    Always,
}

/// What the unit's file says.
#[derive(Clone, Debug)]
pub struct UnitSpec {
    /// With its suffix: `myapp.service`.
    pub name: String,
    pub description: String,
    /// `ExecStart=`, as words.
    pub exec: Vec<String>,
    pub kind: UnitKind,
    pub user: String,
    pub directory: Option<String>,
    pub env_file: Option<String>,
    pub restart: RestartPolicy,
    pub restart_after: Span,
    /// `OnCalendar=` of the timer of the same name.
    pub calendar: Option<Calendar>,
    pub start_takes: Span,
    pub resident: u64,
    pub threads: u32,
    pub ports: Vec<u16>,
    pub holds: Vec<String>,
}

/// systemd.time(7), the calendar events that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    Hourly,
    /// Every day at this second of the day, UTC.
    Daily(u32),
    /// Mondays at this second of the day, UTC.
    Weekly(u32),
}

impl Calendar {
    /// `hourly`, `daily`, `weekly`, `*-*-* HH:MM[:SS]`, `Mon *-*-* HH:MM[:SS]`.
    pub fn parse(text: &str) -> Option<Calendar> {
        let clock = |text: &str| -> Option<u32> {
            let mut parts = text.split(':').map(|p| p.parse::<u32>().ok());
            let (h, m, s) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
            (h < 24 && m < 60 && s < 60).then_some(h * 3600 + m * 60 + s)
        };
        match text.trim() {
            "hourly" => Some(Calendar::Hourly),
            "daily" => Some(Calendar::Daily(0)),
            "weekly" => Some(Calendar::Weekly(0)),
            other => match other.strip_prefix("Mon *-*-* ") {
                Some(time) => clock(time).map(Calendar::Weekly),
                None => clock(other.strip_prefix("*-*-* ")?).map(Calendar::Daily),
            },
        }
    }
    /// The first instant after `t`.
    pub fn next(self, t: SimTime) -> SimTime {
        let (period, offset) = match self {
            Calendar::Hourly => (3600, 0),
            Calendar::Daily(s) => (86_400, u64::from(s)),
            // The epoch was a Thursday: the first Monday is day 4.
            Calendar::Weekly(s) => (604_800, 4 * 86_400 + u64::from(s)),
        };
        let since = (t.secs() + 10 * period - offset % period) / period * period;
        let mut next = SimTime::from_secs(since + offset % period - 9 * period);
        while next <= t {
            next += Span::from_secs(period);
        }
        next
    }
}

/// `ActiveState` with its substate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    /// inactive (dead)
    Inactive,
    /// activating (start): serves from that instant on.
    Activating(SimTime),
    /// active (running)
    Running,
    /// activating (auto-restart): starts again at that instant.
    AutoRestart(SimTime),
    /// failed, with systemd's `Result`.
    Failed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `exit-code`: the status.
    ExitCode(u8),
    /// `signal`
    Signal(kernel::Signal),
    /// `start-limit-hit`
    StartLimit,
    /// 203/EXEC, 217/USER, 200/CHDIR, 209/STDOUT…: status and its name.
    Setup(u8, &'static str),
}

#[derive(Clone, Debug)]
pub struct Unit {
    pub spec: Rc<UnitSpec>,
    pub enabled: bool,
    pub active: Active,
    /// When `active` last changed.
    pub since: SimTime,
    pub main_pid: Option<u32>,
    /// The last main process and how it ended.
    pub last: Option<(u32, ExitStatus)>,
    /// The environment file as it was when the unit started: a later edit changes nothing until a restart.
    pub environment: Rc<BTreeMap<String, String>>,
    /// Starts within the present burst window (StartLimitIntervalSec=10s, StartLimitBurst=5).
    starts: Vec<SimTime>,
    pub restarts: u32,
    /// The timer's next elapse and last one.
    pub next_elapse: Option<SimTime>,
    pub last_elapse: Option<SimTime>,
}

impl Unit {
    pub fn new(spec: UnitSpec, enabled: bool, now: SimTime) -> Unit {
        let next_elapse = spec.calendar.map(|c| c.next(now));
        Unit {
            spec: Rc::new(spec),
            enabled,
            active: Active::Inactive,
            since: now,
            main_pid: None,
            last: None,
            environment: Rc::default(),
            starts: Vec::new(),
            restarts: 0,
            next_elapse,
            last_elapse: None,
        }
    }
    pub fn is_running(&self) -> bool {
        self.active == Active::Running
    }
    /// `systemctl is-active`.
    pub fn active_state(&self) -> &'static str {
        match self.active {
            Active::Inactive => "inactive",
            Active::Activating(_) | Active::AutoRestart(_) => "activating",
            Active::Running => "active",
            Active::Failed(_) => "failed",
        }
    }
    pub fn sub_state(&self) -> &'static str {
        match self.active {
            Active::Inactive => "dead",
            Active::Activating(_) => "start",
            Active::AutoRestart(_) => "auto-restart",
            Active::Running => "running",
            Active::Failed(_) => "failed",
        }
    }
    pub fn result(&self) -> &'static str {
        match self.active {
            Active::Failed(Failure::ExitCode(_) | Failure::Setup(..)) => "exit-code",
            Active::Failed(Failure::Signal(_)) => "signal",
            Active::Failed(Failure::StartLimit) => "start-limit-hit",
            _ => "success",
        }
    }
    fn due(&self) -> Option<SimTime> {
        let state = match self.active {
            Active::Activating(t) | Active::AutoRestart(t) => Some(t),
            _ => None,
        };
        [state, self.next_elapse].into_iter().flatten().min()
    }
    pub fn hash(&self, h: &mut StateHasher) {
        h.str(&self.spec.name);
        h.str(self.active_state());
        h.u64(self.since.micros());
        h.u32(self.main_pid.unwrap_or(0));
        h.u32(self.restarts);
        for (k, v) in self.environment.iter() {
            h.str(k);
            h.str(v);
        }
    }
}

/// All units of a host, by name.
pub type Units = BTreeMap<String, Unit>;

impl World {
    /// Writes to the journal of a host.
    pub fn log(
        &mut self,
        host: HostId,
        unit: &str,
        identifier: &str,
        pid: u32,
        priority: Priority,
        message: impl Into<String>,
    ) {
        let entry = Entry {
            t: self.now(),
            priority,
            unit: unit.into(),
            identifier: identifier.into(),
            pid,
            message: message.into(),
        };
        self.host_mut(host).journald.write(entry);
    }
    fn manager(&mut self, host: HostId, unit: &str, priority: Priority, message: String) {
        self.log(host, unit, "systemd", 1, priority, message);
    }

    fn unit_mut(&mut self, host: HostId, name: &str) -> Option<&mut Unit> {
        self.host_mut(host).units.get_mut(name)
    }

    /// Starts a unit (a running one stays as it is). `ENOENT`: there is no such unit.
    pub fn unit_start(&mut self, host: HostId, name: &str) -> Result<(), Errno> {
        let now = self.now();
        let unit = self.unit_mut(host, name).ok_or(Errno::ENOENT)?;
        if matches!(unit.active, Active::Running | Active::Activating(_)) {
            return Ok(());
        }
        unit.starts.retain(|&t| now.since(t) < Span::from_secs(10));
        if unit.starts.len() >= 5 {
            (unit.active, unit.since) = (Active::Failed(Failure::StartLimit), now);
            let description = unit.spec.description.clone();
            self.manager(host, name, Priority::Warning, format!("{name}: Start request repeated too quickly."));
            self.manager(host, name, Priority::Warning, format!("{name}: Failed with result 'start-limit-hit'."));
            self.manager(host, name, Priority::Error, format!("Failed to start {name} - {description}."));
            return Ok(());
        }
        unit.starts.push(now);
        let spec = unit.spec.clone();
        let restarts = unit.restarts;
        let environment = self.read_environment(host, &spec);
        let account = self.host(host).user(&spec.user).cloned();
        let Some(account) = account else {
            self.unit_failed(host, name, Failure::Setup(217, "USER"));
            return Ok(());
        };
        let program = spec.exec.first().cloned().unwrap_or_default();
        let root = self.host(host).fs.root();
        let exists =
            self.host(host).fs.resolve(root, BStr::new(&program), &Cred::root(), true).is_ok_and(|f| f.node.is_some());
        if !exists {
            self.unit_failed(host, name, Failure::Setup(203, "EXEC"));
            return Ok(());
        }
        let seed = self.seed();
        let h = self.host_mut(host);
        let cred = h.cred_of(&account);
        // The pid is keyed by role and start, so that twin worlds agree on it.
        let pid = fresh_daemon_pid(h, seed, name, restarts, now);
        let cwd = spec
            .directory
            .as_ref()
            .and_then(|d| h.fs.resolve(root, BStr::new(d), &Cred::root(), true).ok())
            .and_then(|f| f.node)
            .unwrap_or(root);
        let comm = program.rsplit('/').next().unwrap_or(&program).to_string();
        let argv = spec.exec.iter().map(|w| BString::from(w.as_str())).collect();
        let mut p = kernel::daemon(pid, 1, &comm, argv, cred, cwd, now);
        p.rss_bytes = spec.resident;
        p.vsz_bytes = spec.resident * 4 + (64 << 20);
        p.threads = spec.threads;
        p.cgroup = format!("/system.slice/{name}").as_str().into();
        let mut env: BTreeMap<BString, BString> = h.login_environment(&account);
        env.retain(|k, _| k != "TERM" && k != "MAIL");
        env.extend(environment.iter().map(|(k, v)| (BString::from(k.as_str()), BString::from(v.as_str()))));
        p.env = Rc::new(env);
        h.kernel.insert(p);
        if let Some(unit) = self.unit_mut(host, name) {
            unit.environment = Rc::new(environment);
            unit.main_pid = Some(pid);
            unit.since = now;
            unit.active = Active::Activating(now + spec.start_takes);
        }
        self.open_daemon_files(ProcRef { host, pid }, &spec);
        match spec.kind {
            UnitKind::Simple => {
                // Type=simple counts as started at once; it serves when its start-up is done.
                self.manager(host, name, Priority::Info, format!("Started {name} - {}.", spec.description));
            }
            UnitKind::Oneshot => {
                self.manager(host, name, Priority::Info, format!("Starting {name} - {}...", spec.description));
            }
        }
        Ok(())
    }

    /// Stops a unit: its processes get TERM and are gone; what they held open is closed.
    pub fn unit_stop(&mut self, host: HostId, name: &str) -> Result<(), Errno> {
        let now = self.now();
        let unit = self.unit_mut(host, name).ok_or(Errno::ENOENT)?;
        let spec = unit.spec.clone();
        let was = unit.active;
        let pid = unit.main_pid.take();
        (unit.active, unit.since) = (Active::Inactive, now);
        if matches!(was, Active::Inactive | Active::Failed(_)) {
            return Ok(());
        }
        self.manager(host, name, Priority::Info, format!("Stopping {name} - {}...", spec.description));
        if let Some(pid) = pid {
            if let Some(unit) = self.unit_mut(host, name) {
                unit.last = Some((pid, ExitStatus::Signalled(kernel::Signal::TERM)));
            }
            self.end(ProcRef { host, pid }, ExitStatus::Signalled(kernel::Signal::TERM));
        }
        self.manager(host, name, Priority::Info, format!("{name}: Deactivated successfully."));
        self.manager(host, name, Priority::Info, format!("Stopped {name} - {}.", spec.description));
        Ok(())
    }

    pub fn unit_restart(&mut self, host: HostId, name: &str) -> Result<(), Errno> {
        self.unit_stop(host, name)?;
        if let Some(unit) = self.unit_mut(host, name) {
            // A restart by hand is not counted against the start limit's automatic ones, but its start is.
            unit.restarts += 1;
        }
        self.unit_start(host, name)
    }

    /// Forgets a failure (systemctl reset-failed).
    pub fn unit_reset_failed(&mut self, host: HostId, name: &str) -> Result<(), Errno> {
        let now = self.now();
        let unit = self.unit_mut(host, name).ok_or(Errno::ENOENT)?;
        unit.starts.clear();
        if matches!(unit.active, Active::Failed(_)) {
            (unit.active, unit.since) = (Active::Inactive, now);
        }
        Ok(())
    }

    pub fn unit_enable(&mut self, host: HostId, name: &str, enabled: bool) -> Result<(), Errno> {
        self.unit_mut(host, name).ok_or(Errno::ENOENT)?.enabled = enabled;
        Ok(())
    }

    fn unit_failed(&mut self, host: HostId, name: &str, failure: Failure) {
        let now = self.now();
        let Some(unit) = self.unit_mut(host, name) else { return };
        let spec = unit.spec.clone();
        unit.main_pid = None;
        (unit.active, unit.since) = (Active::Failed(failure), now);
        let what = match failure {
            Failure::ExitCode(code) => {
                format!("Main process exited, code=exited, status={code}/{}", if code == 1 { "FAILURE" } else { "n/a" })
            }
            Failure::Setup(code, word) => format!("Main process exited, code=exited, status={code}/{word}"),
            Failure::Signal(signal) => {
                format!("Main process exited, code=killed, status={}/{}", signal.number(), signal.name())
            }
            Failure::StartLimit => "Start request repeated too quickly.".to_string(),
        };
        self.manager(host, name, Priority::Notice, format!("{name}: {what}"));
        let result = self.host(host).units.get(name).map_or("exit-code", Unit::result);
        self.manager(host, name, Priority::Warning, format!("{name}: Failed with result '{result}'."));
        if spec.kind == UnitKind::Oneshot {
            self.manager(host, name, Priority::Error, format!("Failed to start {name} - {}.", spec.description));
        }
    }

    /// A daemon has ended: its unit reacts as `Restart=` says.
    pub(in crate::world) fn daemon_ended(&mut self, host: HostId, pid: u32, status: ExitStatus) {
        let now = self.now();
        let Some(name) = self.host(host).units.values().find(|u| u.main_pid == Some(pid)).map(|u| u.spec.name.clone())
        else {
            return;
        };
        let Some(unit) = self.unit_mut(host, &name) else { return };
        unit.main_pid = None;
        unit.last = Some((pid, status));
        let (policy, after) = (unit.spec.restart, unit.spec.restart_after);
        // TERM, HUP, INT and PIPE are clean ends for systemd.
        use kernel::Signal as S;
        let clean =
            matches!(status, ExitStatus::Exited(0) | ExitStatus::Signalled(S::TERM | S::HUP | S::INT | S::PIPE));
        if clean {
            (unit.active, unit.since) = (Active::Inactive, now);
            self.manager(host, &name, Priority::Info, format!("{name}: Deactivated successfully."));
        } else {
            let failure = match status {
                ExitStatus::Exited(code) => Failure::ExitCode(code),
                ExitStatus::Signalled(signal) => Failure::Signal(signal),
            };
            self.unit_failed(host, &name, failure);
        }
        let again = policy == RestartPolicy::Always || policy == RestartPolicy::OnFailure && !clean;
        if let Some(unit) = self.unit_mut(host, &name).filter(|_| again) {
            unit.restarts += 1;
            (unit.active, unit.since) = (Active::AutoRestart(now + after), now);
        }
    }

    /// The next instant at which some unit or timer acts by itself.
    pub fn next_unit_event(&self) -> Option<SimTime> {
        self.hosts().iter().flat_map(|h| h.units.values()).filter_map(Unit::due).min()
    }

    /// Lets units act whose time has come: starts that are done, restarts, timers.
    pub fn run_due_units(&mut self) {
        let now = self.now();
        for host in self.host_ids() {
            let due: Vec<String> = self
                .host(host)
                .units
                .values()
                .filter(|u| u.due().is_some_and(|t| t <= now))
                .map(|u| u.spec.name.clone())
                .collect();
            for name in due {
                self.run_due_unit(host, &name);
            }
        }
    }

    fn run_due_unit(&mut self, host: HostId, name: &str) {
        let now = self.now();
        let Some(unit) = self.unit_mut(host, name) else { return };
        let spec = unit.spec.clone();
        match unit.active {
            Active::Activating(t) if t <= now => match spec.kind {
                UnitKind::Simple => {
                    (unit.active, unit.since) = (Active::Running, now);
                }
                UnitKind::Oneshot => self.oneshot_done(host, &spec),
            },
            Active::AutoRestart(t) if t <= now => {
                let count = unit.restarts;
                unit.active = Active::Inactive;
                let text = format!("{name}: Scheduled restart job, restart counter is at {count}.");
                self.manager(host, name, Priority::Info, text);
                // The unit exists: it was found above.
                let _ = self.unit_start(host, name);
            }
            _ => {}
        }
        let Some(unit) = self.unit_mut(host, name) else { return };
        if let (Some(t), Some(calendar)) = (unit.next_elapse, spec.calendar)
            && t <= now
        {
            unit.last_elapse = Some(t);
            unit.next_elapse = Some(calendar.next(now));
            let _ = self.unit_start(host, name);
        }
    }

    /// The work of a oneshot unit is done at the end of its start: what it runs decides how it ends.
    fn oneshot_done(&mut self, host: HostId, spec: &UnitSpec) {
        let now = self.now();
        let pid = self.unit_mut(host, &spec.name).and_then(|u| u.main_pid).unwrap_or(0);
        let status = match spec.exec.first().and_then(|p| p.rsplit('/').next()) {
            Some("logrotate") => {
                let config = spec.exec.iter().skip(1).find(|a| !a.starts_with('-')).cloned().unwrap_or_default();
                let outcome = self.logrotate(host, &config, false);
                for line in &outcome.errors {
                    self.log(host, &spec.name, "logrotate", pid, Priority::Info, line.clone());
                }
                u8::from(!outcome.errors.is_empty())
            }
            _ => 0,
        };
        if let Some(unit) = self.unit_mut(host, &spec.name) {
            unit.main_pid = None;
            unit.last = Some((pid, ExitStatus::Exited(status)));
            (unit.active, unit.since) = (Active::Inactive, now);
        }
        self.end(ProcRef { host, pid }, ExitStatus::Exited(status));
        if status == 0 {
            self.manager(host, &spec.name, Priority::Info, format!("{}: Deactivated successfully.", spec.name));
            self.manager(host, &spec.name, Priority::Info, format!("Finished {} - {}.", spec.name, spec.description));
        } else {
            self.unit_failed(host, &spec.name, Failure::ExitCode(status));
        }
    }

    /// `EnvironmentFile=` as it is on disk now (systemd.exec(5)): KEY=VALUE lines, `#` and `;` comments, quotes.
    fn read_environment(&self, host: HostId, spec: &UnitSpec) -> BTreeMap<String, String> {
        let Some(path) = &spec.env_file else { return BTreeMap::new() };
        let bytes = self.host(host).read_file(path.trim_start_matches('-')).unwrap_or_default();
        environment_of(&bytes)
    }
}

/// KEY=VALUE lines, as systemd reads them.
pub fn environment_of(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for line in bytes.lines() {
        let line = line.to_str_lossy();
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let unquoted = ['"', '\''].iter().find_map(|&q| value.strip_prefix(q)?.strip_suffix(q)).unwrap_or(value);
        env.insert(key.trim().to_string(), unquoted.to_string());
    }
    env
}

/// A pid for a daemon, keyed by role: early daemons get small numbers, restarted ones later ones.
fn fresh_daemon_pid(h: &super::Host, seed: u64, name: &str, restarts: u32, now: SimTime) -> u32 {
    let mut rng = Rng::new(seed, &format!("{}/{name}/pid/{restarts}", h.name));
    let young = now.since(h.kernel.booted()) < Span::MINUTE;
    loop {
        let pid = if young { rng.between(650, 1900) } else { rng.between(2000, 19_999) } as u32;
        if h.kernel.get(pid).is_none() {
            return pid;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_find_their_next_instant() {
        let t = SimTime::from_secs(1_773_284_820); // Thursday 2026-03-12 03:07:00
        assert_eq!(Calendar::parse("daily").unwrap().next(t), SimTime::from_secs(1_773_360_000));
        assert_eq!(Calendar::parse("*-*-* 06:25:00").unwrap().next(t), SimTime::from_secs(1_773_296_700));
        assert_eq!(Calendar::parse("weekly").unwrap().next(t), SimTime::from_secs(1_773_619_200));
        assert_eq!(Calendar::parse("hourly").unwrap().next(t), SimTime::from_secs(1_773_288_000));
        assert_eq!(Calendar::parse("sometimes"), None);
    }

    #[test]
    fn environment_files_are_read_as_systemd_does() {
        let env = environment_of(b"# x\nLOG_LEVEL=debug\n A = \"b c\" \n;no\nEMPTY=\n");
        assert_eq!(env.get("LOG_LEVEL").map(String::as_str), Some("debug"));
        assert_eq!(env.get("A").map(String::as_str), Some("b c"));
        assert_eq!(env.get("EMPTY").map(String::as_str), Some(""));
        assert_eq!(env.len(), 3);
    }
}
