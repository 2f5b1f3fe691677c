use bstr::{BString, ByteSlice};

use crate::base::stamp::stamp;
use crate::base::{Rng, Span};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::services::Answer;
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "curl",
    package: "curl",
    summary: "Transfer a URL.",
    usage: &["[options...] <url>"],
    options: &[
        Opt::value('A', "user-agent", "name", "Send User-Agent <name> to server").accepted(),
        Opt::long_value("connect-timeout", "fractional seconds", "Maximum time allowed for connection").accepted(),
        Opt::value('d', "data", "data", "HTTP POST data"),
        Opt::long_value("data-raw", "data", "HTTP POST data, '@' allowed"),
        Opt::flag('f', "fail", "Fail fast with no output on HTTP errors"),
        Opt::flag('g', "globoff", "Disable URL sequences and ranges using {} and []").accepted(),
        Opt::flag('G', "get", "Put the post data in the URL and use GET"),
        Opt::value('H', "header", "header/@file", "Pass custom header(s) to server"),
        Opt::flag('I', "head", "Show document info only"),
        Opt::flag('i', "include", "Include protocol response headers in the output"),
        Opt::flag('k', "insecure", "Allow insecure server connections").accepted(),
        Opt::flag('L', "location", "Follow redirects").accepted(),
        Opt::value('m', "max-time", "fractional seconds", "Maximum time allowed for transfer"),
        Opt::flag('N', "no-buffer", "Disable buffering of the output stream").accepted(),
        Opt::value('o', "output", "file", "Write to file instead of stdout"),
        Opt::flag('O', "remote-name", "Write output to a file named as the remote file").unmodelled(),
        Opt::long_value("resolve", "host:port:addr", "Resolve the host+port to this address").unmodelled(),
        Opt::long_value("retry", "num", "Retry request if transient problems occur").unmodelled(),
        Opt::flag('s', "silent", "Silent mode"),
        Opt::flag('S', "show-error", "Show error even when -s is used"),
        Opt::flag('v', "verbose", "Make the operation more talkative"),
        Opt::value('w', "write-out", "format", "Use output FORMAT after completion"),
        Opt::value('X', "request", "method", "Specify request method to use"),
        Opt::value('u', "user", "user:password", "Server user and password").accepted(),
        Opt::value('x', "proxy", "url", "Use this proxy").unmodelled(),
    ],
    usage_status: 2,
    cost_ns: 5_000_000,
    examples: &[Example {
        run: "curl -sS http://beta/ 2>&1",
        prints: "curl: (7) Failed to connect to beta port 80 after 0 ms: Couldn't connect to server\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

struct Url {
    scheme: String,
    host: String,
    port: u16,
    path: String,
}

fn parse_url(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let rest = rest.split('#').next().unwrap_or("");
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let authority = authority.rsplit('@').next().unwrap_or("");
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
    (!host.is_empty()).then(|| Url { scheme: scheme.to_lowercase(), host: host.into(), port, path })
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

async fn fail(c: &Ctx, a: &Args, code: u8, what: String) -> Outcome {
    if !a.has("silent") || a.has("show-error") {
        c.err(format!("curl: ({code}) {what}\n")).await?;
    }
    Ok(code)
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let Some(text) = a.operands().first().map(|o| o.to_string()) else {
        c.err("curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n").await?;
        return Ok(2);
    };
    let Some(url) = parse_url(&text) else {
        return fail(&c, &a, 3, "URL using bad/illegal format or missing URL".into()).await;
    };
    if url.scheme != "http" && url.scheme != "https" {
        return fail(&c, &a, 1, format!("Protocol \"{}\" not supported or disabled in libcurl", url.scheme)).await;
    }
    let here = c.me().host;
    let target = if matches!(url.host.as_str(), "localhost" | "127.0.0.1") {
        Some(here)
    } else {
        c.read(|w| w.host_named(&url.host))
    };
    let Some(target) = target else {
        return fail(&c, &a, 6, format!("Could not resolve host: {}", url.host)).await;
    };
    let method = match a.get("request") {
        Some(method) => method.to_str_lossy().into_owned(),
        None if a.has("head") => "HEAD".into(),
        None if (a.has("data") || a.has("data-raw")) && !a.has("get") => "POST".into(),
        None => "GET".into(),
    };
    let trip = c.read(|w| w.round_trip(here, target, w.now()));
    c.sleep(trip).await?;
    // What would this request get now: the simulation's step asks the same function.
    let path_only = url.path.split('?').next().unwrap_or("/").to_string();
    let found = c.read(|w| {
        let service = w.services.iter().find(|s| s.host == target && s.port == url.port)?;
        let of = |m: &str| service.endpoints.iter().find(|e| e.path == path_only && e.method.eq_ignore_ascii_case(m));
        let endpoint = of(&method).or_else(|| if method == "HEAD" { of("GET") } else { None });
        let answer = match endpoint {
            Some(endpoint) => w.answer(service, endpoint),
            None => match w.host(target).units.get(&service.unit).is_some_and(|u| u.is_running()) {
                true if service.endpoints.iter().any(|e| e.path == path_only) => Answer::Good(405),
                true => Answer::Good(404),
                false => Answer::Refused,
            },
        };
        let mut rng = Rng::at(w.seed(), crate::base::hash::hash_str(&service.name) ^ 0x6375_726c, w.now().micros());
        let latency =
            endpoint.map_or(Span::from_millis(1), |e| Span((e.latency.micros() as f64 * rng.lognormal(0.35)) as u64));
        Some((answer, latency, service.name.clone()))
    });
    let took = |us: u64| format!("{:.6}", us as f64 / 1e6);
    let verbose = a.has("verbose");
    let address = c.read(|w| if target == here { "127.0.0.1".into() } else { w.host(target).address.clone() });
    if verbose {
        c.err(format!("*   Trying {address}:{}...\n", url.port)).await?;
    }
    let Some((answer, latency, server)) = found.filter(|f| f.0 != Answer::Refused) else {
        let ms = trip.micros() / 1000;
        if verbose {
            c.err(format!("* connect to {address} port {} failed: Connection refused\n* Failed to connect to {} port {} after {ms} ms: Couldn't connect to server\n* Closing connection 0\n", url.port, url.host, url.port)).await?;
        }
        if let Some(format) = a.get("write-out") {
            c.out(write_out(
                &format.to_str_lossy(),
                &[("http_code", "000".into()), ("time_total", took(trip.micros()))],
            ))
            .await?;
        }
        return fail(
            &c,
            &a,
            7,
            format!("Failed to connect to {} port {} after {ms} ms: Couldn't connect to server", url.host, url.port),
        )
        .await;
    };
    if url.scheme == "https" {
        return fail(&c, &a, 35, "error:0A00010B:SSL routines::wrong version number".into()).await;
    }
    if let Some(limit) = a.get("max-time").and_then(|t| t.to_str().ok()?.parse::<f64>().ok())
        && latency > Span::from_secs_f64(limit)
    {
        c.sleep(Span::from_secs_f64(limit)).await?;
        let ms = (limit * 1000.0) as u64;
        return fail(&c, &a, 28, format!("Operation timed out after {ms} milliseconds with 0 bytes received")).await;
    }
    c.sleep(latency + trip).await?;
    let (status, error) = match answer {
        Answer::Good(status) => (status, None),
        Answer::Failed(errno) => (500, Some(errno)),
        Answer::Refused => (0, None),
    };
    let body = match (status, error) {
        (204, _) => String::new(),
        // What the application's error handler knows of it.
        (_, Some(_)) => format!("{{\"error\":\"{}\"}}\n", reason(500)),
        (400.., None) => format!("{{\"error\":\"{}\"}}\n", reason(status)),
        _ => format!("{{\"service\":\"{server}\",\"status\":\"ok\"}}\n"),
    };
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\nDate: {}\r\nContent-Type: application/json\r\n",
        reason(status),
        stamp(c.now(), "%a, %d %b %Y %T GMT")
    );
    if status != 204 {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("Connection: keep-alive\r\n\r\n");
    if verbose {
        let sent = a.get("data").or(a.get("data-raw")).map_or(0, |d| d.len());
        let mut request = format!(
            "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n",
            url.path,
            if url.port == 80 { url.host.clone() } else { format!("{}:{}", url.host, url.port) }
        );
        for header in a.all("header") {
            request.push_str(&format!("{header}\r\n"));
        }
        if sent > 0 {
            request.push_str(&format!("Content-Length: {sent}\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
        }
        let lines: String = request.split_terminator("\r\n").map(|l| format!("> {l}\n")).collect();
        let back: String = head.split_terminator("\r\n").map(|l| format!("< {l}\n")).collect();
        c.err(format!("* Connected to {} ({address}) port {} (#0)\n{lines}> \n{back}", url.host, url.port)).await?;
    }
    let quiet_failure = a.has("fail") && status >= 400;
    let shown_body = if method == "HEAD" || quiet_failure { "" } else { &body };
    let mut output = BString::default();
    if (a.has("include") || a.has("head")) && !quiet_failure {
        output.extend_from_slice(head.as_bytes());
    }
    output.extend_from_slice(shown_body.as_bytes());
    match a.get("output") {
        Some(path) => match c.sys(|s| s.open(path, OpenFlags::WRITE, 0o666)) {
            Ok(fd) => {
                let written = c.write_fd(fd, &output).await?;
                c.close_input(fd);
                if written.is_err() {
                    return fail(&c, &a, 23, "Failure writing output to destination".into()).await;
                }
            }
            Err(errno) => {
                c.err(format!("Warning: Failed to open the file {path}: {errno}\n")).await?;
                return fail(&c, &a, 23, "Failure writing output to destination".into()).await;
            }
        },
        None => c.out(output).await?,
    }
    if verbose {
        c.err(format!("* Connection #0 to host {} left intact\n", url.host)).await?;
    }
    if let Some(format) = a.get("write-out") {
        let connect = trip.micros();
        let total = 2 * trip.micros() + latency.micros();
        let facts = [
            ("http_code", format!("{status:03}")),
            ("response_code", format!("{status:03}")),
            ("time_total", took(total)),
            ("time_connect", took(connect)),
            ("time_starttransfer", took(total)),
            ("time_namelookup", took(if target == here { 30 } else { 400 })),
            ("time_appconnect", took(0)),
            ("time_pretransfer", took(connect + 40)),
            ("size_download", shown_body.len().to_string()),
            ("remote_ip", address),
            ("remote_port", url.port.to_string()),
            ("url_effective", text.clone()),
            ("method", method),
            ("content_type", "application/json".into()),
            ("num_redirects", "0".into()),
        ];
        c.out(write_out(&format.to_str_lossy(), &facts)).await?;
    }
    if quiet_failure {
        return fail(&c, &a, 22, format!("The requested URL returned error: {status}")).await;
    }
    Ok(0)
}

/// `%{http_code}\n`: variables, `%%`, and the escapes \n, \t, \r.
fn write_out(format: &str, facts: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(ch) = rest.chars().next() {
        rest = &rest[ch.len_utf8()..];
        match ch {
            '%' if rest.starts_with('{') => match rest.split_once('}') {
                Some((name, tail)) => {
                    let name = name.trim_start_matches('{');
                    out.push_str(facts.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v));
                    rest = tail;
                }
                None => out.push(ch),
            },
            '%' if rest.starts_with('%') => {
                out.push('%');
                rest = &rest[1..];
            }
            '\\' => {
                let next = rest.chars().next();
                out.push(match next {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    _ => '\\',
                });
                if matches!(next, Some('n' | 't' | 'r')) {
                    rest = &rest[1..];
                }
            }
            ch => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn what_does_not_answer_is_said_as_curl_does() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}\\n", "http://beta:8080/"]);
        assert_eq!((ran.stdout.as_str(), ran.status), ("000\n", 7));
        assert_eq!(kit.run(&["curl", "http://gamma/"]).stderr, "curl: (6) Could not resolve host: gamma\n");
        assert_eq!(kit.run(&["curl"]).status, 2);
    }
}
