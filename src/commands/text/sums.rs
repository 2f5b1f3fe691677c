//! Checksums: md5sum, sha1sum, sha224sum…sha512sum, cksum.

use bstr::{BStr, ByteSlice};
use sha2::Digest as _;

use crate::base::digest::{Cksum, Digest};
use crate::base::quote::quotef;
use crate::commands::support::{complain_file, usage};
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};
use crate::world::Errno;

const OPTIONS: &[Opt] = &[
    Opt::flag('b', "binary", "read in binary mode"),
    Opt::flag('c', "check", "read checksums from the FILEs and check them"),
    Opt::long("tag", "create a BSD-style checksum"),
    Opt::flag('t', "text", "read in text mode (default)").accepted(),
    Opt::flag('z', "zero", "end each output line with NUL, not newline, and disable file name escaping"),
    Opt::long("ignore-missing", "don't fail or report status for missing files"),
    Opt::long("quiet", "don't print OK for each successfully verified file"),
    Opt::long("status", "don't output anything, status code shows success"),
    Opt::long("strict", "exit non-zero for improperly formatted checksum lines"),
    Opt::flag('w', "warn", "warn about improperly formatted checksum lines"),
];

const BASE: Command = Command { options: OPTIONS, ..Command::BASE };

pub const MD5: Command = Command {
    name: "md5sum",
    summary: "Print or check MD5 (128-bit) checksums.",
    examples: &[Example { run: "printf abc | md5sum", prints: "900150983cd24fb0d6963f7d28e17f72  -\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Md5)),
    ..BASE
};
pub const SHA1: Command = Command {
    name: "sha1sum",
    summary: "Print or check SHA1 (160-bit) checksums.",
    examples: &[Example { run: "printf abc | sha1sum", prints: "a9993e364706816aba3e25717850c26c9cd0d89d  -\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Sha1)),
    ..BASE
};
pub const SHA224: Command = Command {
    name: "sha224sum",
    summary: "Print or check SHA224 (224-bit) checksums.",
    examples: &[Example { run: "printf abc | sha224sum | cut -c1-16", prints: "23097d223405d822\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Sha224)),
    ..BASE
};
pub const SHA256: Command = Command {
    name: "sha256sum",
    summary: "Print or check SHA256 (256-bit) checksums.",
    examples: &[Example { run: "printf abc | sha256sum | cut -c1-16", prints: "ba7816bf8f01cfea\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Sha256)),
    ..BASE
};
pub const SHA384: Command = Command {
    name: "sha384sum",
    summary: "Print or check SHA384 (384-bit) checksums.",
    examples: &[Example { run: "printf abc | sha384sum | cut -c1-16", prints: "cb00753f45a35e8b\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Sha384)),
    ..BASE
};
pub const SHA512: Command = Command {
    name: "sha512sum",
    summary: "Print or check SHA512 (512-bit) checksums.",
    examples: &[Example { run: "printf abc | sha512sum | cut -c1-16", prints: "ddaf35a193617aba\n" }],
    main: |c, a| Box::pin(main(c, a, Kind::Sha512)),
    ..BASE
};
pub const CKSUM: Command = Command {
    name: "cksum",
    summary: "Print or verify checksums. By default use the 32 bit CRC algorithm.",
    options: &[
        Opt::value('a', "algorithm", "TYPE", "select the digest type to use").unmodelled(),
        Opt::flag('c', "check", "read checksums from the FILEs and check them").unmodelled(),
    ],
    examples: &[Example { run: "printf 'abc\\n' | cksum", prints: "1112837078 4\n" }],
    main: |c, a| Box::pin(cksum(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

enum Hasher {
    Own(Digest),
    S224(sha2::Sha224),
    S256(sha2::Sha256),
    S384(sha2::Sha384),
    S512(sha2::Sha512),
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Md5 => "MD5",
            Kind::Sha1 => "SHA1",
            Kind::Sha224 => "SHA224",
            Kind::Sha256 => "SHA256",
            Kind::Sha384 => "SHA384",
            Kind::Sha512 => "SHA512",
        }
    }
    fn digits(self) -> usize {
        match self {
            Kind::Md5 => 32,
            Kind::Sha1 => 40,
            Kind::Sha224 => 56,
            Kind::Sha256 => 64,
            Kind::Sha384 => 96,
            Kind::Sha512 => 128,
        }
    }
    fn hasher(self) -> Hasher {
        match self {
            Kind::Md5 => Hasher::Own(Digest::md5()),
            Kind::Sha1 => Hasher::Own(Digest::sha1()),
            Kind::Sha224 => Hasher::S224(sha2::Sha224::new()),
            Kind::Sha256 => Hasher::S256(sha2::Sha256::new()),
            Kind::Sha384 => Hasher::S384(sha2::Sha384::new()),
            Kind::Sha512 => Hasher::S512(sha2::Sha512::new()),
        }
    }
}

impl Hasher {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Own(d) => d.update(bytes),
            Hasher::S224(d) => d.update(bytes),
            Hasher::S256(d) => d.update(bytes),
            Hasher::S384(d) => d.update(bytes),
            Hasher::S512(d) => d.update(bytes),
        }
    }
    fn hex(self) -> String {
        let bytes = match self {
            Hasher::Own(d) => d.finish(),
            Hasher::S224(d) => d.finalize().to_vec(),
            Hasher::S256(d) => d.finalize().to_vec(),
            Hasher::S384(d) => d.finalize().to_vec(),
            Hasher::S512(d) => d.finalize().to_vec(),
        };
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

async fn sum(c: &Ctx, path: &BStr, kind: Kind) -> Result<Result<String, Errno>, Stop> {
    let fd = match c.open_input(path) {
        Ok(fd) => fd,
        Err(errno) => return Ok(Err(errno)),
    };
    let mut hasher = kind.hasher();
    let result = loop {
        match c.read_fd(fd, 131_072).await? {
            Ok(bytes) if bytes.is_empty() => break Ok(hasher.hex()),
            Ok(bytes) => {
                // Some 500 MB/s.
                c.work(bytes.len() as u64 * 2).await?;
                hasher.update(&bytes);
            }
            Err(errno) => break Err(errno),
        }
    };
    c.close_input(fd);
    Ok(result)
}

async fn main(c: Ctx, a: Args, kind: Kind) -> Outcome {
    if a.has("check") {
        return check(&c, &a, kind).await;
    }
    for option in ["ignore-missing", "quiet", "status", "strict", "warn"] {
        if a.has(option) {
            let text = format!("the --{option} option is meaningful only when verifying checksums");
            return usage(&c, 1, text).await;
        }
    }
    let end = if a.has("zero") { 0 } else { b'\n' };
    let mut status = 0;
    for path in a.inputs() {
        let digest = match sum(&c, path.as_ref(), kind).await? {
            Ok(digest) => digest,
            Err(errno) => {
                complain_file(&c, path.as_ref(), errno).await?;
                status = 1;
                continue;
            }
        };
        let escaped = end == b'\n' && path.iter().any(|b| matches!(b, b'\n' | b'\\' | b'\r'));
        let name =
            if escaped { path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r") } else { path.to_vec() };
        let lead = if escaped { "\\" } else { "" };
        let mut line = if a.has("tag") {
            [format!("{lead}{} (", kind.name()).as_bytes(), &name, format!(") = {digest}").as_bytes()].concat()
        } else {
            let mark = if a.last_of(&["binary", "text"]) == Some("binary") { '*' } else { ' ' };
            [format!("{lead}{digest} {mark}").as_bytes(), &name].concat()
        };
        line.push(end);
        c.out(&line).await?;
    }
    Ok(status)
}

/// `digest  name` or `MD5 (name) = digest`.
fn parse(line: &[u8], kind: Kind) -> Option<(String, Vec<u8>)> {
    let line = line.trim_ascii_start();
    let hex = |t: &[u8]| {
        (t.len() == kind.digits() && t.iter().all(u8::is_ascii_hexdigit)).then(|| t.to_str_lossy().to_lowercase())
    };
    if let Some(rest) = line.strip_prefix(format!("{} (", kind.name()).as_bytes()) {
        let (name, digest) = rest.rsplit_once_str(") = ")?;
        return Some((hex(digest)?, name.to_vec()));
    }
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let (digest, rest) = line.split_at_checked(kind.digits())?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *")).or_else(|| rest.strip_prefix(b" "))?;
    (!name.is_empty()).then_some((hex(digest)?, name.to_vec()))
}

async fn check(c: &Ctx, a: &Args, kind: Kind) -> Outcome {
    let mut status = 0;
    let (silent, quiet) = (a.has("status"), a.has("quiet"));
    for list in a.inputs() {
        let fd = match c.open_input(list.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                complain_file(c, list.as_ref(), errno).await?;
                status = 1;
                continue;
            }
        };
        let list = if list == "-" { "standard input".into() } else { list };
        let mut lines = Lines::new(c, fd);
        let (mut good, mut bad, mut missing, mut odd, mut number) = (0u64, 0u64, 0u64, 0u64, 0u64);
        loop {
            let line = match lines.next().await? {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(errno) => {
                    complain_file(c, list.as_ref(), errno).await?;
                    status = 1;
                    break;
                }
            };
            number += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            if line.starts_with(b"#") {
                continue;
            }
            let Some((digest, name)) = parse(line, kind) else {
                odd += 1;
                if a.has("warn") {
                    let text = format!("improperly formatted {} checksum line", kind.name());
                    c.complain(format_args!("{}: {number}: {text}", quotef(&list))).await?;
                }
                continue;
            };
            let shown = quotef(&name);
            match sum(c, BStr::new(&name), kind).await? {
                Ok(found) if found == digest => {
                    good += 1;
                    if !silent && !quiet {
                        c.out(format!("{shown}: OK\n")).await?;
                    }
                }
                Ok(_) => {
                    bad += 1;
                    if !silent {
                        c.out(format!("{shown}: FAILED\n")).await?;
                    }
                }
                Err(Errno::ENOENT) if a.has("ignore-missing") => {}
                Err(errno) => {
                    missing += 1;
                    c.complain(format_args!("{shown}: {errno}")).await?;
                    if !silent {
                        c.out(format!("{shown}: FAILED open or read\n")).await?;
                    }
                }
            }
        }
        c.close_input(fd);
        if good + bad + missing == 0 && !(a.has("ignore-missing") && odd < number) {
            let name = quotef(&list);
            c.complain(format_args!("{name}: no properly formatted checksum lines found")).await?;
            status = 1;
            continue;
        }
        let warn = async |n: u64, one: &str, many: &str| -> Result<(), Stop> {
            if n > 0 && !silent {
                let text = if n == 1 { one } else { many };
                c.complain(format_args!("WARNING: {n} {text}")).await?;
            }
            Ok(())
        };
        warn(odd, "line is improperly formatted", "lines are improperly formatted").await?;
        warn(missing, "listed file could not be read", "listed files could not be read").await?;
        warn(bad, "computed checksum did NOT match", "computed checksums did NOT match").await?;
        if a.has("ignore-missing") && good + bad == 0 {
            c.complain(format_args!("{}: no file was verified", quotef(&list))).await?;
            status = 1;
        }
        if bad + missing > 0 || odd > 0 && a.has("strict") {
            status = 1;
        }
    }
    Ok(status)
}

async fn cksum(c: Ctx, a: Args) -> Outcome {
    let mut status = 0;
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                complain_file(&c, path.as_ref(), errno).await?;
                status = 1;
                continue;
            }
        };
        let mut sum = Cksum::default();
        loop {
            match c.read_fd(fd, 131_072).await? {
                Ok(bytes) if bytes.is_empty() => {
                    let (crc, length) = sum.finish();
                    let name = if a.operands().is_empty() { String::new() } else { format!(" {path}") };
                    c.out(format!("{crc} {length}{name}\n")).await?;
                    break;
                }
                Ok(bytes) => {
                    c.work(bytes.len() as u64).await?;
                    sum.update(&bytes);
                }
                Err(errno) => {
                    complain_file(&c, path.as_ref(), errno).await?;
                    status = 1;
                    break;
                }
            }
        }
        c.close_input(fd);
    }
    Ok(status)
}
