//! The shape of `scenario.json`, one serde type a thing; the published JSON Schema is derived from these types and
//! their comments, which therefore speak to authors.
//!
//! Everything that has an identity is a member of an object keyed by it (hosts by role, files by path, units by
//! name), so that a variant overrides one field by a JSON merge patch (RFC 7396) and nothing can be declared twice.
//! Start with [`ScenarioFile`]. Sizes, spans, offsets and instants are the strings of [`crate::base::values`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::base::values::{Duration, Instant, Mode, Offset, Percent, Size};
pub use crate::score::{Factor, Severity, Trigger};

/// The version of this format that the loader reads.
pub const FORMAT_VERSION: u32 = 1;

/// One scenario: a world, what breaks in it, and what is true about that. `${web}` stands for a name drawn by the seed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Where the schema of this file lies, for completion in editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Always 1.
    pub format_version: u32,
    /// The author's name for it: the folder's name. Secret until the debrief.
    pub id: String,
    /// The public number, such as "INC-4127".
    pub number: String,
    /// Secret until the debrief.
    pub title: String,
    /// What the pager says, in one line. Public before a seed is drawn: no names, no figures, no cause.
    pub headline: String,
    /// 1 (one host, visible cause) to 5 (two faults, recovery itself is dangerous).
    #[schemars(range(min = 1, max = 5))]
    pub difficulty: u8,
    /// What the right answer to "how bad is it?" is.
    pub severity: Severity,
    /// Simulated time from the alert to a submitted diagnosis with verified recovery, for a practised player.
    pub par: Duration,
    /// The alert that pages, and when.
    pub page: Page,
    /// How much of the past is simulated before the alert.
    pub history: Duration,
    /// Names drawn by the seed: a role and its pool. `${role}` stands for the name everywhere in this scenario.
    #[serde(default)]
    pub names: BTreeMap<String, Vec<String>>,
    /// Values used in more than one place. `${name}` stands for the value everywhere; a variant may set another.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The machines, keyed by role. Where order matters (ties of simultaneous events) it is that of the roles' names.
    pub hosts: BTreeMap<String, Host>,
    /// What units write to log files as time passes.
    #[serde(default)]
    pub streams: BTreeMap<String, Stream>,
    /// What logrotate does to which log. Whether it works, the world decides (owner and mode of the folder).
    #[serde(default)]
    pub rotations: BTreeMap<String, Rotation>,
    /// What serves requests.
    #[serde(default)]
    pub services: BTreeMap<String, Service>,
    /// Named series over the world, for alerts, objectives and charts.
    #[serde(default)]
    pub series: BTreeMap<String, Series>,
    /// Rules that page, keyed by the name the pager shows.
    #[serde(default)]
    pub alerts: BTreeMap<String, Alert>,
    /// Service levels with their objectives. The fix is judged by these.
    pub slis: BTreeMap<String, Sli>,
    /// What looks like the cause and is not.
    #[serde(default)]
    pub decoys: BTreeMap<String, Decoy>,
    /// The root causes of this scenario; the seed draws one.
    pub variants: BTreeMap<String, Variant>,
}

/// The alert that starts the incident.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The alert's name.
    pub alert: String,
    /// When it pages, in UTC. Every offset of this file is relative to this instant.
    pub at: Instant,
}

/// A machine. The first user with uid 1000 is the one on call and may use sudo without a password.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The host name, usually "${role}".
    pub name: String,
    /// Its IPv4 address.
    pub address: String,
    /// CPU cores.
    #[schemars(range(min = 1, max = 1024))]
    pub cores: u32,
    /// Installed memory.
    pub memory: Size,
    pub os: Os,
    /// When it booted.
    #[serde(default = "default_boot")]
    pub boot: Offset,
    /// Packages beyond the base system: they decide which programs exist.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Accounts beyond root.
    #[serde(default)]
    pub users: BTreeMap<String, User>,
    /// Groups that no user's own group declares.
    #[serde(default)]
    pub groups: BTreeMap<String, Group>,
    /// File systems, keyed by where they are mounted. "/" is required.
    pub mounts: BTreeMap<String, Mount>,
    /// Files and folders, keyed by absolute path. A file shipped as `files/<role>/<path>` needs an entry here only
    /// for what is not the default (root, 0644).
    #[serde(default)]
    pub files: BTreeMap<String, FileSpec>,
    /// systemd units, keyed by full name. The unit file under /etc/systemd/system is written from this.
    #[serde(default)]
    pub units: BTreeMap<String, Unit>,
}

fn default_boot() -> Offset {
    Offset(-41 * 86_400_000_000)
}

/// What `uname` and /etc/os-release say.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Os {
    /// "Debian GNU/Linux 12 (bookworm)".
    pub name: String,
    /// The kernel's release: "6.1.0-31-amd64".
    pub kernel: String,
}

/// An account of /etc/passwd.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub uid: u32,
    /// The primary group; the uid's number and the user's name if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The comment field: a person's full name.
    #[serde(default)]
    pub gecos: String,
    /// The home folder; "/nonexistent" if left out.
    #[serde(default = "default_home")]
    pub home: String,
    /// The login shell; "/usr/sbin/nologin" if left out.
    #[serde(default = "default_shell")]
    pub shell: String,
    /// Further groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether sudo works for this user, without a password.
    #[serde(default)]
    pub sudo: bool,
}

fn default_home() -> String {
    "/nonexistent".into()
}
fn default_shell() -> String {
    "/usr/sbin/nologin".into()
}

/// A line of /etc/group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub gid: u32,
}

/// A mounted file system.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// "/dev/sda1", or "tmpfs".
    pub device: String,
    pub fstype: FsType,
    /// As `df` shows it under "Size".
    pub size: Size,
    /// Blocks that only root may use (ext4: 5 %).
    #[serde(default)]
    pub reserved: Percent,
    /// How many inodes it has; one for each 16 KiB if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inodes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FsType {
    Ext4,
    Xfs,
    Tmpfs,
}

impl FsType {
    /// As `df -T` and /proc/mounts print it.
    pub fn name(self) -> &'static str {
        match self {
            FsType::Ext4 => "ext4",
            FsType::Xfs => "xfs",
            FsType::Tmpfs => "tmpfs",
        }
    }
}

/// A file, folder or link that exists when the simulated past begins. At most one of `text`, `from`, `size`, `log`,
/// `link` and `dir` says what it is; with none of them its text is the shipped file `files/<role>/<path>`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The shipped file that holds its text, below `files/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// So many bytes that nobody reads (a database file, a core dump). With `log`: how large that log file is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Lines of this stream, from `since` to `until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// With `log`: when its first line was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Offset>,
    /// With `log`: when its last line was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Offset>,
    /// A symbolic link to this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dir: bool,
    /// Its owner; root if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its group; the owner's primary group if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its permissions; 0755 for folders, 0644 for files if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// When it was last changed; the host's installation if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Offset>,
}

/// A systemd service, and what its process costs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub description: String,
    /// ExecStart: the command line of the main process.
    pub exec: String,
    /// Type=; simple if left out.
    #[serde(default)]
    pub kind: UnitKind,
    /// User=; root if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// WorkingDirectory=.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// EnvironmentFile=: read when the unit starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_file: Option<String>,
    /// Restart=.
    #[serde(default)]
    pub restart: RestartPolicy,
    /// RestartSec=; 100 ms if left out.
    #[serde(default = "default_restart_delay")]
    pub restart_after: Duration,
    /// OnCalendar= of the timer of the same name: "daily", "weekly", "*-*-* 06:25:00". With it the unit runs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Whether it starts at boot.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What it is doing when the simulated past begins.
    #[serde(default)]
    pub state: UnitState,
    /// When it was last started; the boot if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Offset>,
    /// How long a start takes until it serves.
    #[serde(default = "default_start_time")]
    pub start_takes: Duration,
    /// Resident memory of its main process.
    #[serde(default = "default_resident")]
    pub resident: Size,
    /// Threads of its main process.
    #[serde(default = "one")]
    pub threads: u32,
    /// TCP ports it listens on.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// Other files that its main process holds open, by absolute path.
    #[serde(default)]
    pub holds: Vec<String>,
}

fn default_restart_delay() -> Duration {
    Duration(crate::base::Span::from_millis(100))
}
fn default_start_time() -> Duration {
    Duration(crate::base::Span::from_millis(400))
}
fn default_resident() -> Size {
    Size(8 << 20)
}
fn yes() -> bool {
    true
}
fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    #[default]
    Simple,
    Oneshot,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    #[default]
    No,
    OnFailure,
    Always,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitState {
    #[default]
    Running,
    Dead,
    Failed,
}

/// A log: which unit writes which lines where. The unit holds the file open; lines come from the requests of a service.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The host's role.
    pub host: String,
    /// The unit whose main process holds the file open.
    pub unit: String,
    /// The file, by absolute path. It must not be in the host's `files`: the stream makes it.
    pub path: String,
    /// Owner of the file; the unit's user if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// 0640 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether it is opened with O_APPEND. Without it a truncated log becomes a sparse file.
    #[serde(default = "yes")]
    pub append: bool,
    /// The service whose requests make the lines.
    pub service: String,
    /// Levels from the most talkative to the least. Only lines at or above the level in force are written.
    pub levels: Vec<String>,
    /// Where the unit reads its level when it starts.
    pub level_from: LevelFrom,
    /// The kinds of line.
    pub lines: Vec<Line>,
    /// What `${name}` in a line's text stands for, drawn anew for each line.
    #[serde(default)]
    pub fields: BTreeMap<String, Field>,
    /// When the present file was begun (its first line's time).
    pub since: Offset,
    /// When its file system runs full: the engine solves for the size that the file had when the past begins. Else
    /// `starts_at` gives that size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fills_at: Option<Offset>,
    /// The file's size when the simulated past begins, where `fills_at` does not decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Size>,
}

/// A setting of an environment file that a unit reads when it starts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelFrom {
    /// The file, by absolute path.
    pub file: String,
    /// The key: "LOG_LEVEL".
    pub key: String,
    /// The level when the file or the key is missing or says something else.
    pub default: String,
}

/// One kind of line in a log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub level: String,
    /// How many of these lines one request makes, on average.
    pub per_request: f64,
    /// Which requests make it.
    #[serde(default)]
    pub when: Outcome,
    /// The text without its end of line. `${time}` is the line's time (RFC 3339 with milliseconds); other `${name}`
    /// are `fields`, names and settings.
    pub text: String,
    /// The mean length in bytes with the end of line. The text's own mean must lie within a fifth of it.
    #[schemars(range(min = 1, max = 65536))]
    pub bytes: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every request.
    #[default]
    Any,
    /// Requests that succeed.
    Ok,
    /// Requests that fail.
    Failed,
}

/// What a placeholder of a log line stands for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// A whole number between two bounds, both included.
    Int([i64; 2]),
    /// So many hexadecimal digits, at most 64.
    Hex(u32),
    /// One of these.
    OneOf(Vec<String>),
    /// One of the service's endpoints, by their shares: its method, its path, or both.
    Endpoint(EndpointPart),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointPart {
    Method,
    Path,
    Both,
}

/// What logrotate does to one log, each time its unit runs. How often, how many and how: its stanza says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The host's role.
    pub host: String,
    /// The stanza, by absolute path.
    pub config: String,
    /// The unit that runs logrotate (it has a `calendar`).
    pub unit: String,
    /// The stream whose file it rotates.
    pub stream: String,
    /// When it last worked: what logrotate's status file says.
    pub last: Offset,
}

/// What serves requests: its load, and what its requests need.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The host's role.
    pub host: String,
    /// The unit that serves. While it does not run, every request fails.
    pub unit: String,
    /// The TCP port.
    pub port: u16,
    pub traffic: Traffic,
    /// The kinds of request, keyed by method and path: "POST /orders". Their shares sum to 1.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// The share of requests that fail for no reason worth a page, 0 to 1.
    #[serde(default)]
    pub error_floor: f64,
}

/// How many requests arrive.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Requests a second, averaged over a day, before any ramp.
    pub rps: f64,
    /// How far day and night differ from the average, 0 to 1.
    #[serde(default)]
    pub swing: f64,
    /// The hour of the day in UTC, 0 to 24, when most requests arrive.
    #[serde(default)]
    pub peak_hour: f64,
    /// Lasting changes of the rate.
    #[serde(default)]
    pub ramps: Vec<Ramp>,
}

/// From `at` on, over `over`, the rate grows to `factor` times what it was.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    pub at: Offset,
    #[serde(default)]
    pub over: Duration,
    pub factor: f64,
}

/// One kind of request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its share of the requests, 0 to 1.
    pub share: f64,
    /// The status when it succeeds.
    #[serde(default = "default_status")]
    pub status: u16,
    /// The median of its own time.
    pub latency: Duration,
    /// What it must write to succeed. When that write fails, the request fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Writes>,
}

fn default_status() -> u16 {
    200
}

/// Bytes that a request leaves behind in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Writes {
    /// The file, by absolute path, on the service's host; written as the unit's user.
    pub path: String,
    /// Mean bytes of one request.
    pub bytes: u32,
    /// What the unit says in the journal when the write fails. `${errno}` is the error's name ("ENOSPC"),
    /// `${strerror}` its text.
    pub complaint: String,
}

/// A series over the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Series {
    /// The share of a service's requests that fail, over a window: 0 to 1.
    ErrorRatio(ServiceWindow),
    /// What users other than root may still write to a file system, as a share of its size: 0 to 1.
    FilesystemAvailRatio(FilesystemAvail),
    /// Requests a second of a service.
    RequestRate(ServiceWindow),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceWindow {
    pub service: String,
    /// How far back each value looks.
    pub window: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesystemAvail {
    /// The host's role.
    pub host: String,
    /// Where it is mounted.
    pub mount: String,
}

/// A rule that fires when a series stays beyond a threshold.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    pub series: String,
    pub op: Op,
    pub threshold: f64,
    /// How long it must hold before it fires.
    #[serde(rename = "for", default)]
    pub hold: Duration,
    /// The host it names: where the player starts.
    pub host: String,
    /// "critical", "warning".
    pub severity: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What the pager shows. `${value}` is the series' value when it fired; no typed figures.
    pub summary: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Op {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "<")]
    Below,
}

impl Op {
    pub fn sign(self) -> &'static str {
        match self {
            Op::Above => ">",
            Op::Below => "<",
        }
    }
    /// Whether `value` lies beyond `threshold`.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Op::Above => value > threshold,
            Op::Below => value < threshold,
        }
    }
}

/// A service level and its objective.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sli {
    pub series: String,
    /// Which side of the target is good.
    pub op: Op,
    pub target: f64,
    /// How long it must be good for the mitigation to count.
    pub hold: Duration,
}

/// Something planted that looks like the cause.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decoy {
    /// What it is and what refutes it, for the debrief.
    pub about: String,
    /// The component it points at, by id.
    pub object: String,
    /// The mechanism it seems to be.
    pub mechanism: String,
    /// Words, any of which names it.
    pub words: Vec<String>,
}

/// One root cause.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// How often the seed draws it, relative to the others.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u32,
    /// What it is, for the debrief.
    pub about: String,
    /// A JSON merge patch (RFC 7396) over this file: members replace members, null removes.
    #[serde(default)]
    #[schemars(schema_with = "patch_schema")]
    pub set: Value,
    pub key: KeySpec,
}

fn patch_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "description": "A JSON merge patch (RFC 7396) over this file: members replace members, null removes."
    })
}

/// What is true of a variant: what an answer is compared with.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySpec {
    /// Ids of the components that are the origin: the first is named in the debrief, the others count as much.
    /// `${web}` is a host, `${web}/NAME.service` a unit, `${web}:/PATH` a file, folder or file system, NAME a service.
    pub origins: Vec<String>,
    /// Components beside the origin in the causal chain: half the points.
    #[serde(default)]
    pub adjacent: Vec<String>,
    /// A code of the vocabulary: `firedrill vocab`.
    pub mechanism: String,
    /// The first is named in the debrief, the others count as much.
    pub triggers: Vec<Trigger>,
    /// Since when the cause has been there.
    pub onset: Offset,
    /// Words, any of which names what was changed: a key, a path, a commit.
    pub details: Vec<String>,
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// The service whose users notice.
    pub service: String,
}
