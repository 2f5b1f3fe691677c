//! What a host's counters say: CPU time, memory, logins. Queries that return rows; `top`, `vmstat`, `free`, `/proc` and
//! the panels share them, so that they cannot disagree.

use super::fs::Volume;
use super::host::Host;
use super::io::TtyId;
use super::kernel::Process;
use crate::base::SimTime;

/// Jiffies a second (USER_HZ): the unit of `/proc/stat`.
pub const HERTZ: u64 = 100;

/// CPU time since boot over all cores, microseconds: the columns of `/proc/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    pub user: u64,
    pub nice: u64,
    pub system: u64,
    pub idle: u64,
    pub iowait: u64,
    pub irq: u64,
    pub softirq: u64,
    pub steal: u64,
}

impl CpuTimes {
    /// In the order of `/proc/stat`.
    pub fn columns(&self) -> [u64; 8] {
        [self.user, self.nice, self.system, self.idle, self.iowait, self.irq, self.softirq, self.steal]
    }
    pub fn total(&self) -> u64 {
        self.columns().iter().sum()
    }
    /// What was used from `earlier` to here.
    pub fn since(&self, earlier: &CpuTimes) -> CpuTimes {
        CpuTimes {
            user: self.user.saturating_sub(earlier.user),
            nice: self.nice.saturating_sub(earlier.nice),
            system: self.system.saturating_sub(earlier.system),
            idle: self.idle.saturating_sub(earlier.idle),
            iowait: self.iowait.saturating_sub(earlier.iowait),
            irq: self.irq.saturating_sub(earlier.irq),
            softirq: self.softirq.saturating_sub(earlier.softirq),
            steal: self.steal.saturating_sub(earlier.steal),
        }
    }
}

/// Memory in bytes: the lines of `/proc/meminfo` that tools read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub total: u64,
    pub free: u64,
    pub available: u64,
    pub buffers: u64,
    pub cached: u64,
    /// Kernel memory that it gives back when asked (SReclaimable): `free` counts it as cache.
    pub reclaimable: u64,
    pub shared: u64,
    pub swap_total: u64,
    pub swap_free: u64,
    /// Anonymous memory of processes.
    pub anonymous: u64,
}

/// What the kernel counts besides its processes.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// CPU time of processes that are gone, nanoseconds.
    pub ended_cpu_ns: u64,
    /// Time that cores were idle while a process waited for a disk, microseconds.
    pub iowait_us: u64,
    /// Time that the hypervisor gave to others, microseconds.
    pub steal_us: u64,
    pub forks: u64,
    /// Kilobytes read from and written to disks.
    pub read_kb: u64,
    pub written_kb: u64,
    pub swap_bytes: u64,
    pub swap_used_bytes: u64,
}

/// A line of wtmp: who was logged in, from where, until when.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    /// `None` for a session without a terminal.
    pub tty: Option<TtyId>,
    /// Where from: an address.
    pub from: String,
    pub at: SimTime,
    /// sshd's process for this session.
    pub pid: u32,
    pub ended: Option<SimTime>,
}

impl Process {
    /// The part of its CPU time that was spent in the kernel, nanoseconds: a quarter, as with most servers.
    pub fn system_ns(&self, now: SimTime) -> u64 {
        self.cpu_ns_at(now) / 4
    }
}

impl Host {
    pub fn cpu_times(&self, now: SimTime) -> CpuTimes {
        let all = now.since(self.kernel.booted()).micros().saturating_mul(u64::from(self.cores));
        let (mut user, mut nice) = (self.kernel.counters.ended_cpu_ns * 3 / 4, 0);
        let mut system = self.kernel.counters.ended_cpu_ns / 4;
        for p in self.kernel.processes() {
            let own = p.system_ns(now);
            system += own;
            *(if p.nice > 0 { &mut nice } else { &mut user }) += p.cpu_ns_at(now) - own;
        }
        let (user, nice, system) = (user / 1000, nice / 1000, system / 1000);
        let (iowait, steal) = (self.kernel.counters.iowait_us, self.kernel.counters.steal_us);
        // The network's soft interrupts go with what the kernel does for processes.
        let softirq = system / 20;
        let busy = user + nice + system + softirq + iowait + steal;
        CpuTimes { user, nice, system, idle: all.saturating_sub(busy), iowait, irq: 0, softirq, steal }
    }

    /// Interrupts and context switches since boot: the timer's while a core is busy, and an idle host's few.
    pub fn interrupts(&self, now: SimTime) -> (u64, u64) {
        let times = self.cpu_times(now);
        let up = now.since(self.kernel.booted()).secs();
        let busy_ms = (times.total() - times.idle) / 1000;
        let interrupts = busy_ms / 4 + up * 60 * u64::from(self.cores);
        (interrupts, interrupts * 7 / 4 + self.kernel.counters.forks * 3)
    }

    /// Memory in use by processes, bytes.
    pub fn memory_used(&self) -> u64 {
        self.kernel.processes().map(|p| p.rss_bytes).sum()
    }

    pub fn memory(&self) -> Memory {
        let total = self.memory_bytes;
        let shared: u64 = self.fs.mounts().iter().map(|m| tmpfs_bytes(&m.volume)).sum();
        let anonymous = self.memory_used();
        let rest = total.saturating_sub(anonymous).saturating_sub(shared);
        // A host that has been up for days has filled most of what nobody needs with cache.
        let cache = rest / 10 * 6;
        let (buffers, reclaimable) = (cache / 20, cache / 16);
        let cached = cache - buffers - reclaimable + shared;
        let free = rest - cache;
        let swap = &self.kernel.counters;
        Memory {
            total,
            free,
            available: free + cache / 10 * 9,
            buffers,
            cached,
            reclaimable,
            shared,
            swap_total: swap.swap_bytes,
            swap_free: swap.swap_bytes.saturating_sub(swap.swap_used_bytes),
            anonymous,
        }
    }

    /// `/proc/meminfo`, the lines that `free` and people read.
    pub fn meminfo(&self) -> String {
        let m = self.memory();
        let lines = [
            ("MemTotal", m.total),
            ("MemFree", m.free),
            ("MemAvailable", m.available),
            ("Buffers", m.buffers),
            ("Cached", m.cached),
            ("SwapCached", 0),
            ("Active", m.anonymous / 2 + m.cached / 2),
            ("Inactive", m.anonymous - m.anonymous / 2 + m.cached - m.cached / 2),
            ("SwapTotal", m.swap_total),
            ("SwapFree", m.swap_free),
            ("Dirty", 0),
            ("Writeback", 0),
            ("AnonPages", m.anonymous),
            ("Shmem", m.shared),
            ("Slab", m.reclaimable),
            ("SReclaimable", m.reclaimable),
        ];
        lines.iter().map(|(name, bytes)| format!("{:<16}{:>8} kB\n", format!("{name}:"), bytes / 1024)).collect()
    }

    /// `/proc/stat`.
    pub fn stat(&self, now: SimTime) -> String {
        let jiffies = |us: u64| us * HERTZ / 1_000_000;
        let line = |name: &str, times: &CpuTimes, share: u64| {
            let columns: String = times.columns().iter().map(|c| format!(" {}", jiffies(c / share))).collect();
            format!("{name}{columns} 0 0\n")
        };
        let times = self.cpu_times(now);
        let mut out = line("cpu ", &times, 1);
        for core in 0..self.cores {
            out.push_str(&line(&format!("cpu{core}"), &times, u64::from(self.cores.max(1))));
        }
        let (interrupts, switches) = self.interrupts(now);
        let running = self.kernel.processes().filter(|p| p.state.letter() == 'R').count();
        let blocked = self.kernel.processes().filter(|p| p.state.letter() == 'D').count();
        out.push_str(&format!(
            "intr {interrupts}\nctxt {switches}\nbtime {}\nprocesses {}\nprocs_running {running}\nprocs_blocked {blocked}\n",
            self.kernel.booted().secs(),
            self.kernel.counters.forks,
        ));
        out
    }

    /// Sessions that are open now, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = &Login> {
        self.logins.iter().filter(|l| l.ended.is_none())
    }
}

/// What a file system in memory takes.
fn tmpfs_bytes(volume: &Volume) -> u64 {
    match volume.fstype.as_str() {
        "tmpfs" | "devtmpfs" => volume.usage().used * super::fs::BLOCK,
        _ => 0,
    }
}
