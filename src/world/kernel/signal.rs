//! Signals (signal(7), x86-64 numbers): the ones programs and players meet.

use std::fmt;

macro_rules! signals {
    ($($name:ident $number:literal $text:literal $default:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Signal { $($name = $number),* }

        impl Signal {
            pub const ALL: &[Signal] = &[$(Signal::$name),*];
            /// Without `SIG`.
            pub fn name(self) -> &'static str {
                match self { $(Signal::$name => stringify!($name)),* }
            }
            /// strsignal(3): what bash prints of a job that it ended.
            pub fn text(self) -> &'static str {
                match self { $(Signal::$name => $text),* }
            }
            pub fn default_action(self) -> DefaultAction {
                match self { $(Signal::$name => DefaultAction::$default),* }
            }
        }
    };
}

/// What a signal does to a process that neither handles nor ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    Terminate,
    Core,
    Ignore,
    Stop,
    Continue,
}

signals! {
    HUP 1 "Hangup" Terminate,
    INT 2 "Interrupt" Terminate,
    QUIT 3 "Quit" Core,
    ILL 4 "Illegal instruction" Core,
    TRAP 5 "Trace/breakpoint trap" Core,
    ABRT 6 "Aborted" Core,
    BUS 7 "Bus error" Core,
    FPE 8 "Floating point exception" Core,
    KILL 9 "Killed" Terminate,
    USR1 10 "User defined signal 1" Terminate,
    SEGV 11 "Segmentation fault" Core,
    USR2 12 "User defined signal 2" Terminate,
    PIPE 13 "Broken pipe" Terminate,
    ALRM 14 "Alarm clock" Terminate,
    TERM 15 "Terminated" Terminate,
    STKFLT 16 "Stack fault" Terminate,
    CHLD 17 "Child exited" Ignore,
    CONT 18 "Continued" Continue,
    STOP 19 "Stopped (signal)" Stop,
    TSTP 20 "Stopped" Stop,
    TTIN 21 "Stopped (tty input)" Stop,
    TTOU 22 "Stopped (tty output)" Stop,
    URG 23 "Urgent I/O condition" Ignore,
    XCPU 24 "CPU time limit exceeded" Core,
    XFSZ 25 "File size limit exceeded" Core,
    VTALRM 26 "Virtual timer expired" Terminate,
    PROF 27 "Profiling timer expired" Terminate,
    WINCH 28 "Window changed" Ignore,
    IO 29 "I/O possible" Terminate,
    PWR 30 "Power failure" Terminate,
    SYS 31 "Bad system call" Core,
}

impl Signal {
    pub fn number(self) -> u8 {
        self as u8
    }
    pub fn from_number(number: u8) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|s| s.number() == number)
    }
    /// By name in any case, with or without `SIG`, or by number.
    pub fn parse(text: &str) -> Option<Signal> {
        if let Ok(number) = text.parse::<u8>() {
            return Signal::from_number(number);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        Signal::ALL.iter().copied().find(|s| s.name() == name)
    }
    fn bit(self) -> u64 {
        1 << self.number()
    }
}

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalSet(u64);

impl SignalSet {
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }
    pub fn insert(&mut self, signal: Signal) {
        self.0 |= signal.bit();
    }
    pub fn remove(&mut self, signal: Signal) {
        self.0 &= !signal.bit();
    }
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The lowest number first, as Linux delivers standard signals.
    pub fn first(self) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|&s| self.contains(s))
    }
    /// As `/proc/<pid>/status` prints it: bit n − 1 for signal n.
    pub fn mask(self) -> u64 {
        self.0 >> 1
    }
}

/// How a process ended, as wait(2) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Exited(u8),
    Signalled(Signal),
}

impl ExitStatus {
    /// The shell's `$?`.
    pub fn code(self) -> u8 {
        match self {
            ExitStatus::Exited(code) => code,
            ExitStatus::Signalled(signal) => 128 + signal.number(),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}
