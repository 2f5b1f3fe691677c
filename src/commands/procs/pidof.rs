use bstr::ByteSlice;

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "pidof",
    package: "sysvinit-utils",
    summary: "Find the process ID of a running program.",
    usage: &["[options] <program-name> [...]"],
    options: &[
        Opt::flag('s', "", "return one PID only"),
        Opt::flag('c', "", "omit processes with different root").accepted(),
        Opt::flag('q', "", "quiet mode, only set the exit code"),
        Opt::flag('w', "", "show kernel workers too").accepted(),
        Opt::flag('x', "", "also find shells running the named scripts"),
        Opt::flag('z', "", "list zombie and I/O waiting processes").accepted(),
        Opt::value('o', "", "PID,...", "omit processes with PID"),
        Opt::value('S', "", "SEP", "use SEP as separator put between PIDs"),
        Opt::flag('d', "", "").accepted(),
        Opt::flag('n', "", "avoid using stat system function on network shares").accepted(),
    ],
    examples: &[Example { run: "pidof systemd", prints: "1\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let rows = c.read(|w| w.process_rows(c.me().host));
    c.work(12_000 * rows.len() as u64).await?;
    let omitted: Vec<u32> = a
        .all("o")
        .iter()
        .flat_map(|v| v.split_str(",").filter_map(|n| n.to_str().ok()?.parse().ok()).collect::<Vec<u32>>())
        .collect();
    let mut pids = Vec::new();
    for name in a.operands() {
        let base = name.rsplit_str("/").next().unwrap_or(name);
        let named = |arg: &[u8]| arg == name.as_bytes() || arg.rsplit_str("/").next() == Some(base);
        for p in rows.iter().rev().filter(|p| p.pid != c.pid() && !omitted.contains(&p.pid)) {
            let first = p.argv.first().is_some_and(|arg| named(arg));
            let script = a.has("x") && p.argv.get(1).is_some_and(|arg| named(arg));
            if first || script || p.comm.as_bytes() == base || p.exe == *name {
                pids.push(p.pid.to_string());
                if a.has("s") {
                    break;
                }
            }
        }
    }
    if pids.is_empty() {
        return Ok(1);
    }
    if !a.has("q") {
        let separator = a.get("S").map_or_else(|| " ".to_string(), |s| s.to_string());
        c.out(format!("{}\n", pids.join(&separator))).await?;
    }
    Ok(0)
}
