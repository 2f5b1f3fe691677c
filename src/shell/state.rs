//! The shell's state: plain data that outlives the future that works on it, and is copied by every fork.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::jobs::Jobs;
use super::parse::ast::Function;
use super::variables::Variables;
use crate::base::{SimTime, StateHasher};
use crate::world::kernel::{Disposition, ProgramState, Signal};

/// `set -o`'s options: name, letter, whether it is on.
macro_rules! options {
    ($($field:ident $name:literal $letter:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Options { $(pub $field: bool),* }

        impl Options {
            /// (name, letter or `\0`), as `set -o` lists them.
            pub const ALL: &[(&str, char)] = &[$(($name, $letter)),*];
            pub fn by_name(&mut self, name: &str) -> Option<&mut bool> {
                match name { $($name => Some(&mut self.$field),)* _ => None }
            }
            pub fn by_letter(&mut self, letter: char) -> Option<&mut bool> {
                if letter == '\0' {
                    return None;
                }
                $(if letter == $letter {
                    return Some(&mut self.$field);
                })*
                None
            }
            pub fn get(&self, name: &str) -> Option<bool> {
                match name { $($name => Some(self.$field),)* _ => None }
            }
        }
    };
}

options! {
    allexport "allexport" 'a',
    braceexpand "braceexpand" 'B',
    emacs "emacs" '\0',
    errexit "errexit" 'e',
    errtrace "errtrace" 'E',
    functrace "functrace" 'T',
    hashall "hashall" 'h',
    histexpand "histexpand" 'H',
    history "history" '\0',
    ignoreeof "ignoreeof" '\0',
    interactive_comments "interactive-comments" '\0',
    keyword "keyword" 'k',
    monitor "monitor" 'm',
    noclobber "noclobber" 'C',
    noexec "noexec" 'n',
    noglob "noglob" 'f',
    nolog "nolog" '\0',
    notify "notify" 'b',
    nounset "nounset" 'u',
    onecmd "onecmd" 't',
    physical "physical" 'P',
    pipefail "pipefail" '\0',
    posix "posix" '\0',
    privileged "privileged" 'p',
    verbose "verbose" 'v',
    vi "vi" '\0',
    xtrace "xtrace" 'x',
}

/// `shopt`'s options that are on by default.
const SHOPT_ON: &[&str] = &[
    "checkwinsize",
    "cmdhist",
    "complete_fullquote",
    "extquote",
    "force_fignore",
    "globasciiranges",
    "globskipdots",
    "hostcomplete",
    "interactive_comments",
    "patsub_replacement",
    "progcomp",
    "promptvars",
    "sourcepath",
];
const SHOPT_OFF: &[&str] = &[
    "assoc_expand_once",
    "autocd",
    "cdable_vars",
    "cdspell",
    "checkhash",
    "checkjobs",
    "compat31",
    "compat32",
    "compat40",
    "compat41",
    "compat42",
    "compat43",
    "compat44",
    "direxpand",
    "dirspell",
    "dotglob",
    "execfail",
    "expand_aliases",
    "extdebug",
    "extglob",
    "failglob",
    "globstar",
    "gnu_errfmt",
    "histappend",
    "histreedit",
    "histverify",
    "huponexit",
    "inherit_errexit",
    "lastpipe",
    "lithist",
    "localvar_inherit",
    "localvar_unset",
    "login_shell",
    "mailwarn",
    "no_empty_cmd_completion",
    "nocaseglob",
    "nocasematch",
    "noexpand_translation",
    "nullglob",
    "progcomp_alias",
    "restricted_shell",
    "shift_verbose",
    "varredir_close",
    "xpg_echo",
];

/// What a trap is set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    Exit,
    Signal(Signal),
    Debug,
    Error,
    Return,
}

#[derive(Clone)]
pub struct ShellState {
    /// `$0`
    pub name: BString,
    pub positional: Rc<Vec<BString>>,
    pub vars: Variables,
    pub functions: Rc<BTreeMap<BString, Rc<Function>>>,
    pub aliases: Rc<BTreeMap<BString, BString>>,
    pub options: Options,
    shopt: Rc<BTreeMap<&'static str, bool>>,
    /// The command of each trap; an empty one ignores the signal.
    pub traps: Rc<BTreeMap<Event, BString>>,
    pub history: Rc<Vec<BString>>,
    /// Commands dropped from the front of the history: the first has this number plus one.
    pub history_base: u64,
    pub jobs: Jobs,
    /// Where commands were found: (path, times used).
    pub hashed: Rc<BTreeMap<BString, (BString, u32)>>,
    pub disabled: Rc<Vec<BString>>,
    /// `pushd`'s stack below the working directory.
    pub directories: Rc<Vec<BString>>,
    pub completions: Rc<BTreeMap<BString, BString>>,
    pub status: u8,
    /// `$!`
    pub last_background: Option<u32>,
    /// `$$`: the pid of the outermost shell.
    pub shell_pid: u32,
    pub subshell: u32,
    pub login: bool,
    pub interactive: bool,
    /// Messages name no line: the shell is interactive, or the child of one that is.
    pub at_prompt: bool,
    /// Text of `-c`: error messages say so.
    pub from_string: bool,
    pub from_stdin: bool,
    /// `SECONDS` counts from here.
    pub started: SimTime,
    pub random: u32,
    pub getopts: (usize, usize),
    /// Traps and `exit` in functions see it; kept for `caller` and FUNCNAME.
    pub calls: Vec<Call>,
    /// Ignored since before this shell began: traps cannot change that.
    pub inherited: Rc<Vec<Signal>>,
    /// Number of commands read at prompts.
    pub commands: u64,
}

/// A function or sourced file under way.
#[derive(Clone, Debug)]
pub struct Call {
    pub function: BString,
    /// Where it was defined or which file it is.
    pub source: BString,
    /// The line of the call.
    pub line: u32,
    pub sourced: bool,
}

impl ShellState {
    pub fn new(name: BString, pid: u32, started: SimTime, seed: u32) -> ShellState {
        let options = Options { braceexpand: true, hashall: true, interactive_comments: true, ..Options::default() };
        let shopt = SHOPT_ON.iter().map(|&n| (n, true)).chain(SHOPT_OFF.iter().map(|&n| (n, false))).collect();
        ShellState {
            name,
            positional: Rc::default(),
            vars: Variables::default(),
            functions: Rc::default(),
            aliases: Rc::default(),
            options,
            shopt: Rc::new(shopt),
            traps: Rc::default(),
            history: Rc::default(),
            history_base: 0,
            jobs: Jobs::default(),
            hashed: Rc::default(),
            disabled: Rc::default(),
            directories: Rc::default(),
            completions: Rc::default(),
            status: 0,
            last_background: None,
            shell_pid: pid,
            subshell: 0,
            login: false,
            interactive: false,
            at_prompt: false,
            from_string: false,
            from_stdin: false,
            started,
            random: seed,
            getopts: (1, 0),
            calls: Vec::new(),
            inherited: Rc::default(),
            commands: 0,
        }
    }

    pub fn shopt(&self, name: &str) -> bool {
        self.shopt.get(name).copied().unwrap_or(false)
    }
    /// `false`: there is no such option.
    pub fn set_shopt(&mut self, name: &str, on: bool) -> bool {
        match Rc::make_mut(&mut self.shopt).get_mut(name) {
            Some(slot) => {
                *slot = on;
                true
            }
            None => false,
        }
    }
    pub fn shopt_all(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.shopt.iter().map(|(&n, &on)| (n, on))
    }

    /// `$-`
    pub fn flags(&self) -> BString {
        let mut options = self.options;
        let mut letters: Vec<char> = Vec::new();
        for &(_, letter) in Options::ALL {
            if letter != '\0' && options.by_letter(letter).is_some_and(|on| *on) {
                letters.push(letter);
            }
        }
        if self.interactive {
            letters.push('i');
        }
        // bash lists small letters first, in its own order of flags.
        const ORDER: &str = "abefhikmnptuvxBCEHPT";
        letters.sort_by_key(|l| ORDER.find(*l));
        if self.from_string {
            letters.push('c');
        }
        if self.from_stdin {
            letters.push('s');
        }
        letters.into_iter().collect::<String>().into()
    }

    /// What the shell is called in its messages: `bash`, `-bash`, or a script's name.
    pub fn shown_name(&self) -> BString {
        // In a function or sourced file it is the file that the text came from.
        match self.calls.last() {
            Some(call) if !self.at_prompt => call.source.clone(),
            _ => self.name.clone(),
        }
    }

    pub fn ifs(&self) -> BString {
        match self.vars.get(b"IFS") {
            Some(v) if v.is_set() => v.text().cloned().unwrap_or_default(),
            _ => " \t\n".into(),
        }
    }
    /// The next of RANDOM's numbers (Park and Miller's generator, as bash has it), 15 bits.
    pub fn next_random(&mut self) -> u16 {
        let seed = if self.random == 0 { 123_459_876 } else { i64::from(self.random) };
        let (h, l) = (seed / 127_773, seed % 127_773);
        let t = 16_807 * l - 2_836 * h;
        self.random = (if t < 0 { t + 0x7fff_ffff } else { t }) as u32;
        // bash 5.1 and later fold the halves together.
        ((self.random >> 16) ^ (self.random & 0xffff)) as u16 & 32_767
    }

    /// A disposition to begin a trap or to end one.
    pub fn default_disposition(&self, signal: Signal) -> Disposition {
        if self.inherited.contains(&signal) { Disposition::Ignore } else { Disposition::Default }
    }
}

impl ProgramState for ShellState {
    fn clone_box(&self) -> Box<dyn ProgramState> {
        Box::new(self.clone())
    }
    fn hash(&self, h: &mut StateHasher) {
        h.bytes(&self.name);
        self.vars.hash_into(h);
        h.u8(self.status);
        h.u32(self.random);
        h.u64(self.functions.len() as u64);
        for name in self.functions.keys() {
            h.bytes(name);
        }
        for (name, value) in self.aliases.iter() {
            h.bytes(name);
            h.bytes(value);
        }
        for word in self.positional.iter() {
            h.bytes(word);
        }
        h.u64(self.history_base + self.history.len() as u64);
        if let Some(last) = self.history.last() {
            h.bytes(last.as_bytes());
        }
        h.u64(self.jobs.list.len() as u64);
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
