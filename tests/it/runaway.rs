//! Nothing that is started can outrun the clock: what does not end by itself is ended by Ctrl+C, at once and at the same
//! instant however time was cut on the way.

use firedrill::base::Span;

use super::terminal::Terminal;

/// What people start by mistake, or to see what happens, and after how many milliseconds they have had enough: those
/// that keep a processor busy sooner, for the sake of whoever waits for this test.
const RUNAWAYS: &[(u64, &str)] = &[
    (145, "yes"),
    (145, "yes > /dev/null"),
    (25, "yes | cat -n | grep 7 | wc -l"),
    (145, "while :; do :; done"),
    (2345, "while :; do date; sleep 1; done"),
    (145, "while true; do /bin/true; done"),
    (145, "until false; do echo x; done > f"),
    (145, "for ((;;)); do ((i++)); done"),
    (2345, "tail -f /var/log/dpkg.log | grep --line-buffered x | while read l; do echo \"$l\"; done"),
    (2345, "watch -n 1 date"),
    (2345, "top"),
    (2345, "cat"),
    (145, "cat /dev/zero | tr '\\0' x"),
    (45, "head -c 100G /dev/zero | md5sum"),
    (145, "dd if=/dev/zero of=/dev/null"),
    (145, "find / -exec sha256sum {} + 2>/dev/null; sleep 100"),
    (2345, "ping beta"),
    (2345, "sleep infinity"),
    (2345, "ssh beta 'while :; do date; sleep 1; done'"),
    (145, "ssh -t beta \"sudo bash -c 'while :; do :; done'\""),
    (145, "ssh beta \"sudo bash -c 'yes | head -n 1000000000 > /dev/null'\""),
    (2345, "sudo tail -f /dev/null"),
    (2345, "timeout 1000 sleep 1000"),
    (145, "f() { f & f; sleep 100; }; f 2>/dev/null"),
    (2345, "xargs -n 1 echo"),
    (2345, "read line"),
    (2345, "wait $(sleep 1000)"),
    (145, "echo $(yes)"),
    (45, "cat <(yes) | tail -n 1"),
];

/// Starts a line, lets `ms` milliseconds pass in the given slices, presses Ctrl+C, and tells the state in which the
/// prompt is back, the instant and the screen.
fn interrupted(line: &str, ms: u64, slices: &[u64]) -> (u64, i64, String) {
    let mut terminal = Terminal::open();
    let start = terminal.now();
    terminal.line(line);
    for &slice in slices.iter().filter(|&&s| s < ms) {
        let gone = terminal.now().since(start).micros() / 1000;
        terminal.pass(Span::from_millis(slice.saturating_sub(gone)));
    }
    let gone = terminal.now().since(start).micros();
    terminal.pass(Span(ms * 1000 - gone.min(ms * 1000)));
    terminal.keys("\u{3}");
    terminal.settle(Span::from_millis(100));
    if !terminal.at_prompt() {
        // `top` and `watch` end with a sweep of the screen; `less` wants q. Nothing else may take longer.
        terminal.settle(Span::from_secs(1));
    }
    assert!(terminal.at_prompt(), "Ctrl+C did not end {line:?} after {ms} ms: …{}", tail(&terminal.text()));
    let taken = terminal.now().since(start).micros() as i64 - ms as i64 * 1000;
    assert!(taken <= 100_000, "Ctrl+C took {taken} µs to end {line:?}");
    terminal.line("echo $?");
    terminal.settle(Span::from_secs(1));
    (terminal.hash(), taken, terminal.text())
}

fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(400);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

#[test]
fn control_c_answers_at_an_exact_instant() {
    for &(ms, line) in RUNAWAYS {
        let whole = interrupted(line, ms, &[]);
        let cut = interrupted(line, ms, &[1, 2, 3, 50, 144, 500, 999, 1000, 1001, 1777, 2344]);
        assert!(whole == cut, "{line:?} differs when time is cut: {} and {}", tail(&whole.2), tail(&cut.2));
    }
}

/// A line's whole screen after at most so many simulated seconds, in which it ends.
fn ended(line: &str, seconds: u64) -> String {
    let mut terminal = Terminal::open();
    terminal.line(line);
    terminal.settle(Span::from_secs(seconds));
    assert!(terminal.at_prompt(), "{line:?} did not end: …{}", tail(&terminal.text()));
    let text = terminal.text();
    let body = text.split_once(line).map_or("", |(_, rest)| rest);
    body.trim_start_matches('\n').rsplit_once("oncall@").map_or("", |(body, _)| body).to_string()
}

#[test]
fn what_ends_on_a_limited_linux_ends_here() {
    assert_eq!(ended("yes | head -n 2", 1), "y\ny\n");
    assert_eq!(ended("cat /dev/zero | head -c 1G | wc -c", 10), "1073741824\n");
    assert_eq!(ended("yes 0123456789 | head -n 1000000 | tail -n 1", 10), "0123456789\n");
    assert_eq!(
        ended("echo {1..1000000000} | wc -c", 2),
        "-bash: brace expansion: cannot allocate memory for 1000000000 elements\n0\n"
    );
    assert_eq!(ended("seq 1 1000000 | sort -rn | head -n 1", 20), "1000000\n");
    let found = ended("find / -xdev -type f -exec ls -d {} + 2>/dev/null | wc -l", 20);
    assert!(found.trim().parse::<u32>().is_ok_and(|n| n > 100), "{found}");
    assert_eq!(ended("x=$(head -c 1000000000 /dev/zero | tr '\\0' a); echo ${#x}", 30).lines().count(), 1);
}

#[test]
fn a_fork_bomb_meets_the_limit_of_processes() {
    let mut terminal = Terminal::open();
    terminal.line(":(){ :|:& };:");
    for _ in 0..20 {
        terminal.pass(Span::from_secs(1));
    }
    assert!(terminal.processes() < 700, "{} processes", terminal.processes());
    assert!(terminal.text().contains("fork: retry: Resource temporarily unavailable"), "{}", tail(&terminal.text()));
    // It goes on for ever, as on a real host, and dies as a whole when its user's processes are killed.
    terminal.keys("\u{3}");
    terminal.settle(Span::from_secs(5));
}
