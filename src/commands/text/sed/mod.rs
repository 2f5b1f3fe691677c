//! sed: options here; scripts are read in `parse`, run in `run`, inputs and outputs are in `files`, `s` in `subst`.

mod files;
mod parse;
mod run;
mod subst;

use bstr::{BString, ByteSlice};

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "sed",
    package: "sed",
    summary: "Filter and transform text.",
    usage: &["[OPTION]... {script-only-if-no-other-script} [input-file]..."],
    options: &[
        Opt::flag('n', "quiet", "suppress automatic printing of pattern space"),
        Opt::long("silent", "suppress automatic printing of pattern space"),
        Opt::long("debug", "annotate program execution").unmodelled(),
        Opt::value('e', "expression", "script", "add the script to the commands to be executed"),
        Opt::value('f', "file", "script-file", "add the contents of script-file to the commands to be executed"),
        Opt::long("follow-symlinks", "follow symlinks when processing in place"),
        Opt::flag('i', "in-place", "edit files in place (makes backup if SUFFIX supplied)").optional("SUFFIX"),
        Opt::value('l', "line-length", "N", "specify the desired line-wrap length for the `l' command"),
        Opt::long("posix", "disable all GNU extensions").accepted(),
        Opt::flag('E', "regexp-extended", "use extended regular expressions in the script"),
        Opt::flag('r', "", "use extended regular expressions in the script"),
        Opt::flag('s', "separate", "consider files as separate rather than as a single continuous long stream"),
        Opt::long("sandbox", "operate in sandbox mode (disable e/r/w commands)"),
        Opt::flag('u', "unbuffered", "load minimal amounts of data and flush the output buffers more often"),
        Opt::flag('b', "binary", "open files in binary mode").accepted(),
        Opt::flag('z', "null-data", "separate lines by NUL characters"),
        Opt::long("zero-terminated", "separate lines by NUL characters"),
    ],
    own_help: include_str!("help.txt"),
    examples: &[
        Example { run: "printf 'a b\\n' | sed 's/a/x/; s/b/[&]/'", prints: "x [b]\n" },
        Example { run: "seq 5 | sed -n '2,3p'", prints: "2\n3\n" },
    ],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut operands = a.operands().to_vec();
    let mut chunks: Vec<parse::Chunk> = Vec::new();
    let mut expressions = 0;
    for (option, value) in a.given() {
        let value = value.clone().unwrap_or_default();
        if option.is("expression") {
            expressions += 1;
            chunks.push(parse::Chunk { text: value, file: None, number: expressions });
        } else if option.is("file") {
            let fd = match c.open_input(value.as_ref()) {
                Ok(fd) => fd,
                Err(errno) => {
                    c.complain(format_args!("couldn't open file {value}: {errno}")).await?;
                    return Ok(1);
                }
            };
            let text = match c.read_to_end(fd).await? {
                Ok(text) => BString::from(text),
                Err(errno) => {
                    c.complain(format_args!("read error on {value}: {errno}")).await?;
                    return Ok(4);
                }
            };
            c.close_input(fd);
            let text: BString = text.strip_suffix(b"\n").map_or(text.clone(), BString::from);
            chunks.push(parse::Chunk { text, file: Some(value), number: 0 });
        }
    }
    if chunks.is_empty() {
        if operands.is_empty() {
            let called = c.called().to_string();
            c.err(COMMAND.help(&called)).await?;
            return Ok(1);
        }
        chunks.push(parse::Chunk { text: operands.remove(0), file: None, number: 1 });
    }
    let extended = a.has("regexp-extended") || a.has("r");
    let script = match parse::parse(&chunks, extended, a.has("sandbox")) {
        Ok(script) => script,
        Err(text) => {
            c.complain(text).await?;
            return Ok(1);
        }
    };
    let wrap = match a.get("line-length") {
        None => 70,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse().ok()) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid line length: {text}")).await?;
                return Ok(1);
            }
        },
    };
    let in_place = a.has("in-place").then(|| a.get("in-place").map(BString::from).unwrap_or_default());
    let options = run::Options {
        quiet: a.has("quiet") || a.has("silent") || script.quiet,
        separate: a.has("separate") || in_place.is_some(),
        in_place,
        follow: a.has("follow-symlinks"),
        unbuffered: a.has("unbuffered"),
        end: if a.has("null-data") || a.has("zero-terminated") { 0 } else { b'\n' },
        wrap,
    };
    if operands.is_empty() {
        operands.push("-".into());
    }
    run::run(&c, &script, options, operands).await
}
