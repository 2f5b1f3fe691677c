use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "hostname",
    package: "hostname",
    summary: "Show or set the system's host name.",
    usage: &["[-b] {hostname|-F file}", "[-a|-A|-d|-f|-i|-I|-s|-y]"],
    options: &[
        Opt::flag('a', "alias", "alias names"),
        Opt::flag('A', "all-fqdns", "all long host names (FQDNs)"),
        Opt::flag('d', "domain", "DNS domain name"),
        Opt::flag('f', "fqdn", "long host name (FQDN)"),
        Opt::flag('i', "ip-address", "IP addresses for the hostname"),
        Opt::flag('I', "all-ip-addresses", "all addresses for the host"),
        Opt::flag('s', "short", "short host name"),
        Opt::flag('y', "yp", "NIS/YP domain name").unmodelled(),
        Opt::value('F', "file", "file", "read host name from file").unmodelled(),
    ],
    examples: &[Example { run: "hostname", prints: "alpha\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if !a.operands().is_empty() {
        c.complain("you must be root to change the host name").await?;
        return Ok(1);
    }
    let (name, address) = c.read(|w| {
        let h = w.host(c.me().host);
        (h.name.clone(), h.address.clone())
    });
    let (short, domain) = name.split_once('.').unwrap_or((&name, ""));
    let text = match a.last_of(&["alias", "all-fqdns", "domain", "fqdn", "ip-address", "all-ip-addresses", "short"]) {
        Some("alias") => String::new(),
        Some("domain") => domain.to_string(),
        Some("all-fqdns") => format!("{name} "),
        // Debian maps a host's own name to 127.0.1.1 in /etc/hosts.
        Some("ip-address") => "127.0.1.1".into(),
        Some("all-ip-addresses") => format!("{address} "),
        Some("short") => short.to_string(),
        _ => name.clone(),
    };
    c.out(format!("{text}\n")).await?;
    Ok(0)
}
