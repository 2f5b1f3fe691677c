//! strftime(3) for prompts, `printf %(…)T` and HISTTIMEFORMAT.

use bstr::{BString, ByteSlice};

use crate::base::SimTime;
use crate::base::calendar::Civil;
use crate::base::zone::Zone;

/// A time in the zone that a TZ value names.
pub fn strftime(format: &[u8], time: SimTime, zone: &[u8]) -> BString {
    let instant = i64::try_from(time.micros()).unwrap_or(i64::MAX);
    Civil::new(instant, &Zone::named(&zone.to_str_lossy())).format(format).into()
}
