//! Running a child as `sudo`, `su` and `ssh` do: signals of the keyboard are the child's own business, others are passed
//! on, a stopped child stops its parent, and its end becomes the parent's.

use super::context::{Ctx, Outcome, Stop};
use crate::world::ProcRef;
use crate::world::kernel::{Disposition, ExitStatus, Signal};
use crate::world::sys::processes::WaitEvent;

/// What a parent that waits for its child catches.
const RELAYED: &[Signal] = &[Signal::HUP, Signal::TERM, Signal::ALRM, Signal::USR1, Signal::USR2];
const KEYBOARD: &[Signal] = &[Signal::INT, Signal::QUIT, Signal::TSTP];

impl Ctx {
    /// From now on these signals come as [`Stop::Caught`].
    pub fn catch(&self, signals: &[Signal]) {
        self.dispose(signals, Disposition::Catch);
    }
    pub fn uncatch(&self, signals: &[Signal]) {
        self.dispose(signals, Disposition::Default);
    }
    fn dispose(&self, signals: &[Signal], disposition: Disposition) {
        self.sys(|s| {
            for &signal in signals {
                // What the parent made this process ignore stays ignored (nohup).
                let ignored = s.process().is_ok_and(|p| p.disposition(signal) == Disposition::Ignore);
                if !ignored {
                    // Only KILL and STOP are refused, and nobody asks for these.
                    let _ = s.set_disposition(signal, disposition);
                }
            }
        });
    }

    /// Ends by this signal, as if its action were the default one.
    pub async fn die_of(&self, signal: Signal) -> Outcome {
        self.uncatch(&[signal]);
        self.act(|w| w.signal(self.me(), signal));
        self.settle().await?;
        // A signal that does not end a process: the shell's convention instead.
        Ok(ExitStatus::Signalled(signal).code())
    }
    /// Stops until it is continued.
    pub async fn suspend(&self) -> Result<(), Stop> {
        self.act(|w| w.signal(self.me(), Signal::STOP));
        self.settle().await
    }

    /// Waits for a child to end and ends in the same way.
    pub async fn attend(&self, pid: u32) -> Outcome {
        self.catch(RELAYED);
        self.catch(KEYBOARD);
        loop {
            match self.wait_child(Some(pid)).await {
                Ok(Some((_, WaitEvent::Ended(ExitStatus::Exited(code))))) => return Ok(code),
                Ok(Some((_, WaitEvent::Ended(ExitStatus::Signalled(signal))))) => return self.die_of(signal).await,
                Ok(Some((_, WaitEvent::Stopped(_)))) => self.suspend().await?,
                Ok(Some((_, WaitEvent::Continued))) => {}
                Ok(None) => return Ok(1),
                Err(Stop::Caught(signal)) if RELAYED.contains(&signal) => {
                    let child = ProcRef { host: self.me().host, pid };
                    self.act(|w| w.signal(child, signal));
                }
                Err(Stop::Caught(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
    }
}
