use bstr::ByteSlice;

use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::kernel::{HostId, Signal, Wait};

pub const COMMAND: Command = Command {
    name: "ping",
    aliases: &["ping4"],
    package: "iputils-ping",
    summary: "Send ICMP ECHO_REQUEST to network hosts.",
    usage: &["[options] <destination>"],
    options: &[
        Opt::flag('4', "", "use IPv4").accepted(),
        Opt::flag('6', "", "use IPv6").unmodelled(),
        Opt::flag('a', "", "use audible ping").accepted(),
        Opt::value('c', "", "count", "stop after <count> replies"),
        Opt::flag('D', "", "print timestamps"),
        Opt::flag('f', "", "flood ping").unmodelled(),
        Opt::value('i', "", "interval", "seconds between sending each packet"),
        Opt::value('I', "", "interface", "either interface name or address").accepted(),
        Opt::flag('n', "", "no dns name resolution").accepted(),
        Opt::flag('O', "", "report outstanding replies"),
        Opt::flag('q', "", "quiet output"),
        Opt::value('s', "", "size", "use <size> as number of data bytes to be sent"),
        Opt::value('t', "", "ttl", "define time to live").accepted(),
        Opt::value('w', "", "deadline", "reply wait <deadline> in seconds"),
        Opt::value('W', "", "timeout", "time to wait for response"),
    ],
    usage_status: 2,
    cost_ns: 1_500_000,
    examples: &[Example { run: "ping -c1 nosuch 2>&1", prints: "ping: nosuch: Name or service not known\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// Replies so far, round-trip times in microseconds.
#[derive(Default)]
struct Tally {
    sent: u64,
    times: Vec<u64>,
}

fn number(a: &Args, name: &str) -> Option<f64> {
    a.get(name).and_then(|t| t.to_str().ok()?.parse::<f64>().ok()).filter(|n| *n >= 0.0)
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let Some(name) = a.operands().first().map(|o| o.to_string()) else {
        c.complain("usage error: Destination address required").await?;
        return Ok(1);
    };
    for option in ["c", "i", "s", "w", "W"] {
        if a.has(option) && number(&a, option).is_none() {
            c.complain(format_args!("invalid argument: '{}'", a.get(option).unwrap_or_default())).await?;
            return Ok(1);
        }
    }
    let here = c.me().host;
    let local = matches!(name.as_str(), "localhost" | "127.0.0.1");
    let target: Option<HostId> = if local { Some(here) } else { c.read(|w| w.host_named(&name)) };
    let is_address = name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok());
    let Some((address, reachable)) = (match target {
        Some(_) if local => Some(("127.0.0.1".to_string(), target)),
        Some(id) => Some((c.read(|w| w.host(id).address.clone()), target)),
        None if is_address => Some((name.clone(), None)),
        None => None,
    }) else {
        c.complain(format_args!("{name}: Name or service not known")).await?;
        return Ok(2);
    };
    let bytes = number(&a, "s").map_or(56, |n| n as u64);
    c.out(format!("PING {name} ({address}) {bytes}({}) bytes of data.\n", bytes + 28)).await?;
    c.flush().await?;
    c.catch(&[Signal::INT, Signal::QUIT]);
    let count = number(&a, "c").map_or(u64::MAX, |n| n as u64);
    let interval = Span::from_secs_f64(number(&a, "i").unwrap_or(1.0).max(0.002));
    let patience = Span::from_secs_f64(number(&a, "W").unwrap_or(10.0));
    let began = c.now();
    let deadline = number(&a, "w").map(|secs| began + Span::from_secs_f64(secs));
    let mut tally = Tally::default();
    let mut last_sent = began;
    let status = loop {
        if tally.sent >= count || deadline.is_some_and(|t| c.now() >= t) {
            break Ok(());
        }
        let sent_at = c.now();
        last_sent = sent_at;
        tally.sent += 1;
        let seq = tally.sent;
        let next = sent_at + interval;
        if let Some(id) = reachable {
            let trip = c.read(|w| w.round_trip(here, id, sent_at));
            match c.wait(Wait::Until(sent_at + trip)).await {
                Ok(()) => {}
                Err(Stop::Caught(Signal::INT)) => break Ok(()),
                Err(Stop::Caught(_)) => {}
                Err(stop) => break Err(stop),
            }
            tally.times.push(trip.micros());
            if !a.has("q") {
                let stamp = if a.has("D") {
                    format!("[{}.{:06}] ", c.now().secs(), c.now().micros() % 1_000_000)
                } else {
                    String::new()
                };
                let from = if name == address { address.clone() } else { format!("{name} ({address})") };
                c.out(format!(
                    "{stamp}{} bytes from {from}: icmp_seq={seq} ttl=64 time={} ms\n",
                    bytes + 8,
                    trip_text(trip.micros())
                ))
                .await?;
                c.flush().await?;
            }
        } else if a.has("O") && seq > 1 {
            c.out(format!("no answer yet for icmp_seq={}\n", seq - 1)).await?;
            c.flush().await?;
        }
        let last = tally.sent >= count;
        let mut until = if last && reachable.is_none() { sent_at + patience } else { next };
        if last && reachable.is_some() {
            break Ok(());
        }
        if let Some(t) = deadline {
            until = until.min(t);
        }
        match c.wait(Wait::Until(until)).await {
            Ok(()) => {}
            Err(Stop::Caught(Signal::INT)) => break Ok(()),
            // ^\ shows how it stands.
            Err(Stop::Caught(_)) => {
                c.err(format!("{}/{} packets, {}% loss\n", tally.times.len(), tally.sent, loss(&tally))).await?
            }
            Err(stop) => break Err(stop),
        }
    };
    status?;
    // Until the last request went out (iputils' cur_time), not until somebody lost patience.
    let took = last_sent.since(began).micros() / 1000;
    let mut text = format!(
        "\n--- {name} ping statistics ---\n{} packets transmitted, {} received, {}% packet loss, time {took}ms\n",
        tally.sent,
        tally.times.len(),
        loss(&tally)
    );
    if let (Some(min), Some(max)) = (tally.times.iter().min(), tally.times.iter().max()) {
        let n = tally.times.len() as f64;
        let mean = tally.times.iter().sum::<u64>() as f64 / n;
        let square = tally.times.iter().map(|&t| t as f64 * t as f64).sum::<f64>() / n;
        let ms = |us: f64| format!("{:.3}", us / 1000.0);
        let deviation = (square - mean * mean).max(0.0).sqrt();
        text.push_str(&format!(
            "rtt min/avg/max/mdev = {}/{}/{}/{} ms\n",
            ms(*min as f64),
            ms(mean),
            ms(*max as f64),
            ms(deviation)
        ));
    } else {
        text.push('\n');
    }
    c.out(text).await?;
    Ok(u8::from(tally.times.is_empty() || deadline.is_some() && (tally.times.len() as u64) < count.min(tally.sent)))
}

fn loss(tally: &Tally) -> String {
    let (sent, lost) = (tally.sent.max(1), tally.sent - tally.times.len() as u64);
    let share = lost as f64 * 100.0 / sent as f64;
    if share.fract() == 0.0 { format!("{share:.0}") } else { format!("{share:.4}") }
}

/// As ping rounds: three decimals below 1 ms, then fewer.
fn trip_text(us: u64) -> String {
    match us {
        0..10_000 if us < 1000 => format!("0.{us:03}"),
        1000..10_000 => format!("{:.2}", us as f64 / 1000.0),
        10_000..100_000 => format!("{:.1}", us as f64 / 1000.0),
        _ => format!("{:.0}", us as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn interrupted_it_still_sums_up() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["ping", "beta"], 80, 24);
        kit.advance(Span::from_millis(2500));
        let text = kit.screen(t);
        assert!(text.starts_with("PING beta (10.0.0.12) 56(84) bytes of data.\r\n64 bytes from beta (10.0.0.12): icmp_seq=1 ttl=64 time=0."), "{text}");
        assert_eq!(text.lines().count(), 4);
        kit.keys(t, "\x03", Span::from_millis(10));
        let text = kit.screen(t);
        assert!(
            text.contains(
                "--- beta ping statistics ---\r\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms"
            ),
            "{text}"
        );
        assert_eq!(kit.status(t), Some(0));
        let ran = kit.run(&["ping", "-c2", "-W1", "10.9.9.9"]);
        assert_eq!(ran.status, 1);
        assert!(ran.stdout.contains("2 packets transmitted, 0 received, 100% packet loss"), "{}", ran.stdout);
    }
}
