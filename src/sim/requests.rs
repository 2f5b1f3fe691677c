//! Requests of a step (T1, T2): how many arrive, what they need, what becomes of them, what is logged. Integers, drawn
//! once; counters, lines and bytes are divided from those, so they agree.

use crate::base::{Rng, SimTime, Span, hash};
use crate::world::fs::Extent;
use crate::world::journald::Priority;
use crate::world::kernel::ProcRef;
use crate::world::services::{Answer, Service};
use crate::world::{Errno, World};

/// Serves the requests of `[t0, t1)`.
pub fn step(w: &mut World, t0: SimTime, t1: SimTime) {
    for n in 0..w.services.len() {
        serve(w, n, t0, t1);
    }
}

fn serve(w: &mut World, n: usize, t0: SimTime, t1: SimTime) {
    let seed = w.seed();
    let Some(service) = w.services.get(n).cloned() else { return };
    let key = hash::hash_str(&service.name);
    let middle = SimTime((t0.micros() + t1.micros()) / 2);
    let mean = service.traffic.rate(middle) * t1.since(t0).secs_f64();
    let mut last = Vec::with_capacity(service.endpoints.len());
    let (mut good, mut failed, mut busy) = (0, 0, 0.0);
    for (e, endpoint) in service.endpoints.iter().enumerate() {
        let mut rng = Rng::at(seed, key ^ (e as u64 + 1), t0.micros());
        // A sum of Poisson draws by share is the Poisson draw of the whole.
        let arrived = rng.poisson(mean * endpoint.share);
        let answer = w.answer(&service, endpoint);
        let (mut ok, mut bad) = match answer {
            Answer::Refused => (0, arrived),
            Answer::Failed(_) => {
                // What little room there is goes to whoever comes first.
                let written = write(w, n, e, arrived, t0);
                (written, arrived - written)
            }
            Answer::Good(_) => {
                let written = if endpoint.writes.is_some() { write(w, n, e, arrived, t0) } else { arrived };
                (written, arrived - written)
            }
        };
        if let (Answer::Failed(errno), Some(writes)) = (answer, &endpoint.writes) {
            complain(w, &service, &writes.complaint, errno, bad);
        }
        let unlucky = rng.poisson(service.error_floor * ok as f64).min(ok);
        ok -= unlucky;
        bad += unlucky;
        busy += ok as f64 * endpoint.latency.secs_f64() * 0.4;
        good += ok;
        failed += bad;
        last.push((ok, bad));
    }
    let Some(s) = w.services.get_mut(n) else { return };
    s.last = last;
    let (r, f) = (s.requests.last().map_or(0.0, |x| x.1), s.failures.last().map_or(0.0, |x| x.1));
    s.requests.push(t1, r + (good + failed) as f64);
    s.failures.push(t1, f + failed as f64);
    let host = service.host;
    w.host_mut(host).busy = busy / t1.since(t0).secs_f64().max(1e-6);
    log(w, &service.name, good, failed, t0, t1);
    account(w, &service.unit, host, busy, t1.since(t0));
}

/// What the unit says on standard error, one line a failed request; journald lets 10,000 in 30 s through, far more.
fn complain(w: &mut World, service: &Service, text: &str, errno: Errno, failed: u64) {
    let Some(unit) = w.host(service.host).units.get(&service.unit) else { return };
    let pid = unit.main_pid.unwrap_or(0);
    let program = unit.spec.exec.first().and_then(|p| p.rsplit('/').next()).unwrap_or("").to_string();
    let message = text.replace("${errno}", errno.name()).replace("${strerror}", &errno.text().to_lowercase());
    // Steps of the past are long, and nobody reads every line of them.
    for _ in 0..failed.min(200) {
        w.log(service.host, &service.unit, &program, pid, Priority::Info, message.clone());
    }
}

/// Requests of one endpoint that could write what they must.
fn write(w: &mut World, n: usize, e: usize, arrived: u64, t0: SimTime) -> u64 {
    let Some(service) = w.services.get(n) else { return 0 };
    let Some(writes) = service.endpoints.get(e).and_then(|x| x.writes.clone()) else { return arrived };
    let (path, bytes) = (writes.path, writes.bytes);
    let host = service.host;
    let Ok((cred, node)) = w.writer(service, &path) else { return 0 };
    if arrived == 0 || bytes == 0 {
        return arrived;
    }
    let now = w.now();
    let Ok(volume) = w.host_mut(host).fs.volume_mut(node.mount) else { return 0 };
    let Ok(at) = volume.content(node.ino).map(|c| c.len()) else { return 0 };
    let wanted = arrived * u64::from(bytes);
    let tag = format!("rows:{path}:{}", t0.micros());
    let extent = Extent::Opaque { tag: tag.as_str().into(), skip: 0, len: wanted };
    let written = volume.append(node.ino, at, extent, cred.uid == 0, now).unwrap_or(0);
    // A record that was cut is a request that failed.
    written / u64::from(bytes)
}

fn log(w: &mut World, service: &str, good: u64, failed: u64, t0: SimTime, t1: SimTime) {
    let seed = w.seed();
    for n in 0..w.streams.len() {
        let Some(stream) = w.streams.get(n).filter(|s| s.service == service) else { continue };
        let level = stream.level(w);
        let lines = stream.run(seed, level, good, failed, t0, t1);
        if !lines.is_empty() {
            w.write_stream(n, lines);
        }
    }
}

/// CPU time that serving took goes to the unit's main process.
fn account(w: &mut World, unit: &str, host: crate::world::HostId, busy_secs: f64, dt: Span) {
    let now = w.now();
    let pid = w.host(host).units.get(unit).and_then(|u| u.main_pid);
    if let Some(p) = pid.and_then(|pid| w.process_mut(ProcRef { host, pid })) {
        p.cpu_ns += (busy_secs * 1e9) as u64;
        p.cpu_rate = (busy_secs * 1e9 / dt.secs_f64().max(1e-6)) as u64;
        p.rated_at = now;
    }
}

/// How long until the first file system is full at the present rates; `None` if none fills.
pub fn time_to_full(w: &World) -> Option<Span> {
    let mut soonest: Option<f64> = None;
    for stream in &w.streams {
        let Some(service) = w.service(&stream.service) else { continue };
        if !w.host(stream.host).units.get(&stream.unit).is_some_and(|u| u.is_running()) {
            continue;
        }
        let bytes = stream.bytes_per_request(stream.level(w), false);
        let mut rate = service.traffic.rate(w.now()) * bytes;
        let mount = w.host(stream.host).node(&stream.path).map_or(0, |n| n.mount);
        for endpoint in &service.endpoints {
            if let Some(writes) = &endpoint.writes {
                rate += service.traffic.rate(w.now()) * endpoint.share * f64::from(writes.bytes);
            }
        }
        let Ok(volume) = w.host(stream.host).fs.volume(mount) else { continue };
        let available = volume.usage().available as f64 * 4096.0;
        // On a disk that is full already nothing fills any more.
        if rate > 0.0 && available > 0.0 {
            let secs = available / rate;
            soonest = Some(soonest.map_or(secs, |s: f64| s.min(secs)));
        }
    }
    soonest.map(Span::from_secs_f64)
}
