use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "cat",
    summary: "Concatenate FILE(s) to standard output.",
    options: &[
        Opt::flag('A', "show-all", "equivalent to -vET"),
        Opt::flag('b', "number-nonblank", "number nonempty output lines, overrides -n"),
        Opt::flag('e', "", "equivalent to -vE"),
        Opt::flag('E', "show-ends", "display $ at end of each line"),
        Opt::flag('n', "number", "number all output lines"),
        Opt::flag('s', "squeeze-blank", "suppress repeated empty output lines"),
        Opt::flag('t', "", "equivalent to -vT"),
        Opt::flag('T', "show-tabs", "display TAB characters as ^I"),
        Opt::flag('u', "", "(ignored)").accepted(),
        Opt::flag('v', "show-nonprinting", "use ^ and M- notation, except for LFD and TAB"),
    ],
    examples: &[Example { run: "printf 'a\\n\\nb\\n' | cat -n", prints: "     1\ta\n     2\t\n     3\tb\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let ends = a.has("show-ends") || a.has("show-all") || a.has("e");
    let tabs = a.has("show-tabs") || a.has("show-all") || a.has("t");
    let visible = a.has("show-nonprinting") || a.has("show-all") || a.has("e") || a.has("t");
    let nonblank = a.has("number-nonblank");
    let number = a.has("number") || nonblank;
    let plain = !(ends || tabs || visible || number || a.has("squeeze-blank"));
    let (mut status, mut count, mut blank_before) = (0, 0u64, false);
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                status = 1;
                continue;
            }
        };
        if plain {
            loop {
                match c.read_fd(fd, 131_072).await? {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => {
                        c.out(&bytes).await?;
                        // cat does not buffer: what it has read it hands on.
                        c.flush().await?;
                    }
                    Err(errno) => {
                        c.complain(format_args!("{path}: {errno}")).await?;
                        status = 1;
                        break;
                    }
                }
            }
        } else {
            let mut lines = Lines::new(&c, fd);
            loop {
                let line = match lines.next().await? {
                    Ok(Some(line)) => line,
                    Ok(None) => break,
                    Err(errno) => {
                        c.complain(format_args!("{path}: {errno}")).await?;
                        status = 1;
                        break;
                    }
                };
                let (text, newline) = match line.strip_suffix(b"\n") {
                    Some(text) => (text, true),
                    None => (&line[..], false),
                };
                let blank = text.is_empty() && newline;
                if blank && blank_before && a.has("squeeze-blank") {
                    continue;
                }
                blank_before = blank;
                let mut out = Vec::with_capacity(line.len() + 8);
                if number && !(nonblank && blank) {
                    count += 1;
                    out.extend_from_slice(format!("{count:6}\t").as_bytes());
                }
                for &b in text {
                    show(b, visible, tabs, &mut out);
                }
                if newline {
                    if ends {
                        out.push(b'$');
                    }
                    out.push(b'\n');
                }
                c.out(&out).await?;
            }
        }
        c.close_input(fd);
    }
    Ok(status)
}

/// One byte in cat's `^` and `M-` notation.
fn show(b: u8, visible: bool, tabs: bool, out: &mut Vec<u8>) {
    match b {
        b'\t' if tabs => out.extend_from_slice(b"^I"),
        b'\t' => out.push(b),
        128.. if visible => {
            out.extend_from_slice(b"M-");
            match b - 128 {
                low @ 0..32 => out.extend_from_slice(&[b'^', low + 64]),
                127 => out.extend_from_slice(b"^?"),
                low => out.push(low),
            }
        }
        0..32 if visible => out.extend_from_slice(&[b'^', b + 64]),
        127 if visible => out.extend_from_slice(b"^?"),
        _ => out.push(b),
    }
}
