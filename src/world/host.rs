//! One machine: its files, its processes, its accounts.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString};

use super::Errno;
use super::accounting::Login;
use super::fs::{Content, Cred, Kind, NodeId, Vfs, new_file};
use super::journald::Journald;
use super::kernel::Kernel;
use super::metrics::MountColumns;
use super::units::Units;
use crate::base::SimTime;

/// An account, as /etc/passwd and /etc/group tell it.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: String,
    pub shell: String,
    /// May run anything as root without a password.
    pub sudo: bool,
}

#[derive(Clone, Debug)]
pub struct Host {
    /// What `hostname` prints.
    pub name: String,
    pub address: String,
    pub kernel_release: String,
    pub cores: u32,
    pub memory_bytes: u64,
    pub fs: Vfs,
    pub kernel: Kernel,
    pub accounts: Vec<Account>,
    /// Group names by number.
    pub groups: BTreeMap<u32, String>,
    /// Names of the packages whose programs are installed.
    pub packages: Vec<String>,
    /// CPU slowdown at the last step end: at least 1; work of programs is stretched by it.
    pub slowdown: f64,
    /// Threads' worth of CPU that the host's services used in the last step.
    pub busy: f64,
    pub units: Units,
    pub journald: Journald,
    /// By mount, as `fs` numbers them.
    pub mount_columns: Vec<MountColumns>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// wtmp: every login since the disk was new, in order.
    pub logins: Vec<Login>,
}

impl Host {
    pub fn user(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == name)
    }
    pub fn user_of(&self, uid: u32) -> Option<&Account> {
        self.accounts.iter().find(|a| a.uid == uid)
    }
    /// The name for `ls -l`, or the number.
    pub fn user_name(&self, uid: u32) -> String {
        self.user_of(uid).map_or_else(|| uid.to_string(), |a| a.name.clone())
    }
    pub fn group_name(&self, gid: u32) -> String {
        self.groups.get(&gid).cloned().unwrap_or_else(|| gid.to_string())
    }
    pub fn group_of_name(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|(_, n)| *n == name).map(|(&gid, _)| gid)
    }
    pub fn cred_of(&self, account: &Account) -> Cred {
        let mut groups = vec![account.gid];
        groups.extend(account.groups.iter().filter(|&&g| g != account.gid));
        Cred { uid: account.uid, gid: account.gid, groups: Rc::new(groups) }
    }
    /// The home directory, or `/` if it is missing (as login(1) does).
    pub fn home_of(&self, account: &Account) -> NodeId {
        let root = self.fs.root();
        let found = self.fs.resolve(root, BStr::new(account.home.as_bytes()), &Cred::root(), true);
        found.ok().and_then(|f| f.node).unwrap_or(root)
    }
    /// What a login shell starts with.
    pub fn login_environment(&self, account: &Account) -> BTreeMap<BString, BString> {
        let path = if account.uid == 0 {
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        } else {
            "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
        };
        let vars = [
            ("HOME", account.home.as_str()),
            ("LANG", "C.UTF-8"),
            ("LOGNAME", &account.name),
            ("MAIL", &format!("/var/mail/{}", account.name)),
            ("PATH", path),
            ("PWD", &account.home),
            ("SHELL", &account.shell),
            ("TERM", "xterm-256color"),
            ("USER", &account.name),
        ]
        .map(|(k, v)| (BString::from(k), BString::from(v)));
        vars.into_iter().collect()
    }

    /// The node at an absolute path, as root sees it.
    pub fn node(&self, path: &str) -> Option<NodeId> {
        self.fs.resolve(self.fs.root(), BStr::new(path), &Cred::root(), true).ok()?.node
    }
    /// A small file's bytes (at most 1 MiB), as root reads it.
    pub fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        let id = self.node(path)?;
        self.fs.volume(id.mount).ok()?.content(id.ino).ok().map(|c| c.read(0, 1 << 20))
    }
    /// Replaces or makes a file as root does.
    pub fn write_file(&mut self, path: &str, bytes: &[u8], mode: u16, now: SimTime) -> Result<(), Errno> {
        match self.node(path) {
            Some(id) => self.fs.volume_mut(id.mount)?.set_content(id.ino, Content::literal(bytes), true, now),
            None => {
                let (dir, name) = path.rsplit_once('/').ok_or(Errno::EINVAL)?;
                let parent = self.fs.make_dirs(BStr::new(dir), now)?;
                let volume = self.fs.volume_mut(parent.mount)?;
                let ino = volume.create(parent.ino, BStr::new(name), new_file(Content::new(), mode, 0, 0, now))?;
                volume.set_content(ino, Content::literal(bytes), true, now)
            }
        }
    }
    /// Regular files in a directory, or the file itself, by absolute path.
    pub fn files_in(&self, path: &str) -> Vec<String> {
        let Some(id) = self.node(path) else { return Vec::new() };
        let Ok(volume) = self.fs.volume(id.mount) else { return Vec::new() };
        match volume.dir(id.ino) {
            Ok(dir) => {
                let is_file = |ino: u64| volume.get(ino).is_some_and(|i| i.kind() == Kind::File);
                let names = dir.entries.iter().filter(|&(_, &ino)| is_file(ino));
                names.map(|(name, _)| format!("{}/{name}", path.trim_end_matches('/'))).collect()
            }
            Err(_) => vec![path.to_string()],
        }
    }

    /// A node's path for `lsof` and `/proc`: its name, or the last one it had with ` (deleted)`.
    pub fn name_of(&self, id: NodeId) -> String {
        if let Ok(volume) = self.fs.volume(id.mount)
            && volume.dir(id.ino).is_ok()
        {
            return self.fs.path_of(id).to_string();
        }
        let Ok(volume) = self.fs.volume(id.mount) else { return String::new() };
        for (ino, inode) in volume.inodes() {
            if let super::fs::Node::Dir(dir) = &inode.node
                && let Some((name, _)) = dir.entries.iter().find(|&(_, &child)| child == id.ino)
            {
                let parent = self.fs.path_of(NodeId { mount: id.mount, ino });
                let slash = if parent == "/" { "" } else { "/" };
                return format!("{parent}{slash}{name}");
            }
        }
        let last = volume.last_name(id.ino).unwrap_or_default();
        format!("{last} (deleted)")
    }

    /// `/proc/loadavg`.
    pub fn loadavg(&self) -> String {
        let running = self.kernel.processes().filter(|p| p.state.letter() == 'R').count();
        let all = self.kernel.processes().count();
        let last = self.kernel.processes().map(|p| p.pid).max().unwrap_or(1);
        let [a, b, c] = self.load;
        format!("{a:.2} {b:.2} {c:.2} {running}/{all} {last}\n")
    }
}
