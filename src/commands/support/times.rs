//! Instants of the world as programs show them: in the zone of TZ.

use bstr::ByteSlice;

use crate::base::SimTime;
use crate::base::calendar::Civil;
use crate::base::getdate::parse_date;
use crate::base::zone::Zone;
use crate::program::Ctx;

/// The zone of TZ; UTC if it is not set, as on a server.
pub fn zone(c: &Ctx) -> Zone {
    c.env("TZ").map_or_else(Zone::utc, |tz| Zone::named(&tz.to_str_lossy()))
}

pub fn micros(t: SimTime) -> i64 {
    t.micros() as i64
}

/// The world knows no instant before the epoch.
pub fn sim_time(micros: i64) -> SimTime {
    SimTime(micros.max(0) as u64)
}

pub fn civil(t: SimTime, zone: &Zone) -> Civil {
    Civil::new(micros(t), zone)
}

/// Words for an instant, read in the program's zone.
pub fn parse(c: &Ctx, text: &[u8]) -> Option<i64> {
    parse_date(text.to_str().ok()?, micros(c.now()), &zone(c))
}
