//! From a run to the facts that its score rests on: service levels from the alert on, what the player destroyed, and
//! what happens when the world runs on by itself.

use super::Run;
use crate::base::{SimTime, Span};
use crate::scenario::format::{Op, Sli};
use crate::score::judge::{Facts, Judged, Level, Loss};
use crate::score::{Report, judge};
use crate::sim::{Phase, Sim};
use crate::world::World;
use crate::world::kernel::{Actor, Signal};

/// Service levels are looked at on the scrape grid.
const GRID: Span = Span(15_000_000);
/// How long the world runs on after the answer.
const SOAK: Span = Span(24 * 3_600_000_000);
/// A resource that lasts this long at its present rate is not heading for its limit.
const ENOUGH: Span = Span(7 * 86_400_000_000);

/// A service level at an instant.
pub fn sli_at(w: &World, name: &str, sli: &Sli, t: SimTime) -> super::SliNow {
    let series = w.series.iter().find(|s| s.0 == sli.series).map(|s| &s.1);
    let value = series.and_then(|s| w.series_at(s, t));
    // No requests in the window: nobody's request failed.
    let met = value.is_none_or(|v| sli.op.holds(v, sli.target));
    super::SliNow { name: name.to_string(), value, target: sli.target, above_is_good: sli.op == Op::Above, met }
}

/// Judges the run as it stands.
pub fn report(run: &Run) -> Report {
    let after = soak(run);
    let facts = facts(run, &after);
    let incident = run.incident();
    let answer = run.answer();
    judge(&run.header.scenario, run.seed(), &incident.key, answer, &facts, &incident.objects, run.alert_time())
}

/// The world 24 h on: sessions log out, laws and timers go on.
fn soak(run: &Run) -> World {
    let mut w: World = run.world().clone();
    for host in w.host_ids() {
        let tasks: Vec<u32> = w.host(host).kernel.processes().filter(|p| p.is_task).map(|p| p.pid).collect();
        for pid in tasks {
            // A program's code does not come along into the copy; what was left to run goes with its session.
            w.end(crate::world::ProcRef { host, pid }, crate::world::kernel::ExitStatus::Signalled(Signal::HUP));
        }
    }
    let end = w.now() + SOAK;
    let mut sim = Sim::new(&w, Phase::Soak);
    while sim.due() <= end {
        w.set_now(sim.due());
        sim.step(&mut w);
    }
    w
}

fn facts(run: &Run, after: &World) -> Facts {
    let spec = &run.incident().spec;
    let now = run.time(run.now());
    let levels = spec.slis.iter().map(|(name, sli)| {
        // What was said is final, but what was done has the holding time to show.
        let until = now + sli.hold.span();
        let mut t = run.alert_time().ceil_to(GRID);
        let mut samples = Vec::new();
        while t <= until {
            samples.push((run.since_alert(t), sli_at(after, name, sli, t).met));
            t += GRID;
        }
        Level {
            name: name.clone(),
            objective: format!("{} {}", sli.op.sign(), sli.target),
            hold: sli.hold.span(),
            samples,
        }
    });
    Facts {
        answered_us: run.answers().last().map(|a| a.0),
        answers: run.answers().len() as u32,
        levels: levels.collect(),
        losses: losses(run),
        no_recurrence: Some(recurrence(run, after, now)),
        no_limit_ahead: Some(limits_ahead(run, after)),
    }
}

/// Files that a service's requests are kept in: what a player removes or empties of them is lost.
fn losses(run: &Run) -> Vec<Loss> {
    let w = run.world();
    let precious: Vec<_> = w
        .services
        .iter()
        .flat_map(|s| s.endpoints.iter().filter_map(|e| e.writes.as_ref().map(|x| (s.host, &x.path))))
        .collect();
    let destroys = |verb: &str| matches!(verb, "unlink" | "truncate");
    let hit = w.journal.events().iter().filter(|e| {
        e.actor == Actor::Player
            && destroys(e.verb)
            && precious.iter().any(|(host, path)| *host == e.host && **path == e.object)
    });
    let mut losses: Vec<Loss> = hit
        .map(|e| {
            let verb = if e.verb == "unlink" { "removed" } else { "emptied" };
            Loss { t_us: run.since_alert(e.t), what: format!("{verb} {} on {}", e.object, w.host(e.host).name) }
        })
        .collect();
    losses.dedup_by(|a, b| a.what == b.what);
    losses
}

fn recurrence(run: &Run, after: &World, now: SimTime) -> Judged {
    for (name, sli) in &run.incident().spec.slis {
        // The window of the series must have left the incident behind.
        let mut t = now + sli.hold.span();
        let (mut missed, mut first) = (Span::ZERO, None);
        while t <= after.now() {
            if !sli_at(after, name, sli, t).met {
                missed += GRID;
                first.get_or_insert(t);
            }
            t += GRID;
        }
        if let Some(first) = first.filter(|_| missed > Span::MINUTE) {
            let fact = format!(
                "{name} misses its objective again {} after your answer, for {missed} in all.",
                first.since(now)
            );
            return Judged { fine: false, fact, t_us: Some(run.since_alert(first)) };
        }
    }
    Judged { fine: true, fact: format!("The world ran on for {SOAK} and every objective held."), t_us: None }
}

/// Does a file system run full within a week, at the rate of the time it ran on?
fn limits_ahead(run: &Run, after: &World) -> Judged {
    let end = after.now();
    let start = end - Span(SOAK.0 * 3 / 4);
    for host in after.hosts() {
        for (mount, columns) in host.fs.mounts().iter().zip(&host.mount_columns) {
            for (what, column) in [("space", &columns.available), ("inodes", &columns.inodes_free)] {
                let (Some(a), Some(b)) = (column.gauge(start), column.gauge(end)) else { continue };
                let lost = a - b;
                if lost <= 0.0 && b > 0.0 || a <= 0.0 && b <= 0.0 && mount.volume.usage().blocks == 0 {
                    continue;
                }
                let left = b.max(0.0) / lost.max(1e-9) * end.since(start).secs_f64();
                if left < ENOUGH.secs_f64() {
                    let fact = format!(
                        "{what} on {} of {} lasts {} more at its present rate (7 days are asked for).",
                        mount.at,
                        host.name,
                        Span::from_secs_f64(left)
                    );
                    return Judged { fine: false, fact, t_us: Some(run.since_alert(end)) };
                }
            }
        }
    }
    Judged { fine: true, fact: "No file system runs full within 7 days at its present rate.".into(), t_us: None }
}
