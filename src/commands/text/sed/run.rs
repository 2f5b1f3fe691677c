//! Runs a script over the lines: the pattern space, the hold space, ranges and what waits to be printed.

use bstr::{BString, ByteSlice};

use super::files::Inputs;
use super::parse::{Action, Address, Command, End, Pattern, Script};
use crate::base::regex::Regex;
use crate::program::{Ctx, Lines, Outcome, Stop};
use crate::world::sys::OpenFlags;

pub struct Options {
    pub quiet: bool,
    pub separate: bool,
    pub in_place: Option<BString>,
    pub follow: bool,
    pub unbuffered: bool,
    pub end: u8,
    pub wrap: usize,
}

/// Where a range stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    Out,
    /// Until this line; `u64::MAX`: until something else ends it.
    In(u64),
    /// A range from a line number is over for good.
    Over,
}

/// What is printed at the end of the cycle.
enum Queued {
    Text(BString),
    File(BString),
    Line(BString),
}

struct Output {
    fd: u32,
    /// The last line lacked its newline: the next output brings it.
    owes: bool,
    buffer: Vec<u8>,
}

struct Machine<'s, 'c> {
    c: &'c Ctx,
    script: &'s Script,
    o: Options,
    inputs: Inputs<'c>,
    space: Vec<u8>,
    /// Did the line in the pattern space end in a newline?
    chomped: bool,
    hold: Vec<u8>,
    ranges: Vec<Range>,
    queue: Vec<Queued>,
    main: Output,
    outputs: Vec<Output>,
    readers: Vec<(BString, Option<Lines<'c>>)>,
    last: Option<&'s Regex>,
    replaced: bool,
}

enum Flow {
    /// The end of the script: print and go on.
    End,
    /// Go on without printing.
    Skip,
    /// Again, with what is in the pattern space.
    Again,
    Quit(u8, bool),
}

pub async fn run(c: &Ctx, script: &Script, o: Options, files: Vec<BString>) -> Outcome {
    let mut outputs = Vec::new();
    for name in &script.outputs {
        let fd = match &name[..] {
            b"/dev/stdout" => 1,
            b"/dev/stderr" => 2,
            _ => match c.sys(|s| s.open(name.as_ref(), OpenFlags::WRITE, 0o666)) {
                Ok(fd) => fd,
                Err(errno) => {
                    c.complain(format_args!("couldn't open file {name}: {errno}")).await?;
                    return Ok(4);
                }
            },
        };
        outputs.push(Output { fd, owes: false, buffer: Vec::new() });
    }
    let inputs = Inputs::new(c, files, o.end, o.in_place.clone(), o.follow, o.separate);
    let mut m = Machine {
        c,
        script,
        inputs,
        space: Vec::new(),
        chomped: true,
        hold: Vec::new(),
        ranges: vec![Range::Out; script.commands.len()],
        queue: Vec::new(),
        main: Output { fd: 1, owes: false, buffer: Vec::new() },
        outputs,
        readers: Vec::new(),
        last: None,
        replaced: false,
        o,
    };
    m.all().await
}

impl<'s> Machine<'s, '_> {
    async fn all(&mut self) -> Outcome {
        let mut again = false;
        let mut code = 0;
        loop {
            if !again && !self.read(false).await? {
                break;
            }
            self.c.work(150 + self.space.len() as u64).await?;
            self.replaced &= again;
            let flow = self.cycle().await?;
            again = false;
            match flow {
                Flow::End => {
                    if !self.o.quiet {
                        self.print_space();
                    }
                    self.end_cycle().await?;
                }
                Flow::Skip => self.end_cycle().await?,
                Flow::Again => {
                    self.end_cycle().await?;
                    again = true;
                }
                Flow::Quit(status, print) => {
                    code = status;
                    if print {
                        if !self.o.quiet {
                            self.print_space();
                        }
                        self.end_cycle().await?;
                    }
                    break;
                }
            }
        }
        self.hand_on().await?;
        self.inputs.finish().await?;
        Ok(if code != 0 { code } else { self.inputs.status })
    }

    /// Reads the next line into the pattern space, after what is there if `append`.
    async fn read(&mut self, append: bool) -> Result<bool, Stop> {
        let in_place = self.o.in_place.is_some();
        if !self.inputs.more_here().await? && in_place {
            self.hand_on().await?;
            self.main.owes = false;
        } else if self.main.buffer.len() > 16_384 || self.o.unbuffered {
            self.hand_on().await?;
        } else if !self.main.buffer.is_empty() {
            // What is done is shown before the next line is waited for; `Ctx` buffers as stdio does.
            self.give_main().await?;
        }
        let before = self.space.len();
        if append {
            self.space.push(self.o.end);
        } else {
            self.space.clear();
        }
        match self.inputs.next(&mut self.space).await? {
            Some(chomped) => {
                self.chomped = chomped;
                self.main.fd = self.inputs.output();
                Ok(true)
            }
            None => {
                if append {
                    self.space.truncate(before);
                }
                Ok(false)
            }
        }
    }

    async fn cycle(&mut self) -> Result<Flow, Stop> {
        let script: &'s Script = self.script;
        let mut at = 0;
        let mut turns = 0u64;
        while let Some(command) = script.commands.get(at) {
            turns += 1;
            if turns.is_multiple_of(64) {
                self.c.work(64 * 40).await?;
            }
            let applies = self.selects(at, command).await? != command.negated;
            at += 1;
            if let Action::Open(end) = command.action {
                if !applies {
                    at = end;
                }
                continue;
            }
            if !applies {
                continue;
            }
            match &command.action {
                Action::Open(_) => {}
                Action::Number => {
                    let text = format!("{}\n", self.inputs.line);
                    self.print(text.as_bytes());
                }
                Action::Append(text) => self.queue.push(Queued::Text(text.clone())),
                Action::Insert(text) => self.print(text),
                Action::Change(text) => {
                    let ends =
                        command.second.is_none() || command.negated || !matches!(self.ranges[at - 1], Range::In(_));
                    if ends {
                        self.print(text);
                    }
                    return Ok(Flow::Skip);
                }
                Action::Branch(to) => at = *to,
                Action::BranchIf(to) => {
                    if std::mem::take(&mut self.replaced) {
                        at = *to;
                    }
                }
                Action::BranchIfNot(to) => {
                    if !std::mem::take(&mut self.replaced) {
                        at = *to;
                    }
                }
                Action::Delete => return Ok(Flow::Skip),
                Action::DeleteFirst => match self.space.find_byte(self.o.end) {
                    None => return Ok(Flow::Skip),
                    Some(cut) => {
                        self.space.drain(..=cut);
                        return Ok(Flow::Again);
                    }
                },
                Action::Execute => {
                    self.c.note_unmodelled("sed: e command");
                    self.c.complain("the e command is real, but not modelled in this simulation").await?;
                    return Err(Stop::Exit(1));
                }
                Action::FileName => {
                    let text = format!("{}\n", self.inputs.name);
                    self.print(text.as_bytes());
                }
                Action::Get => self.space.clone_from(&self.hold),
                Action::GetAppend => {
                    self.space.push(self.o.end);
                    self.space.extend_from_slice(&self.hold);
                }
                Action::Hold => self.hold.clone_from(&self.space),
                Action::HoldAppend => {
                    self.hold.push(self.o.end);
                    self.hold.extend_from_slice(&self.space);
                }
                Action::List(wrap) => {
                    let text = listed(&self.space, wrap.unwrap_or(self.o.wrap));
                    self.print(&text);
                }
                Action::Next | Action::NextAppend => {
                    let append = matches!(command.action, Action::NextAppend);
                    if self.inputs.exhausted().await? {
                        // GNU prints what there is before it ends.
                        return Ok(Flow::Quit(0, true));
                    }
                    if !append && !self.o.quiet {
                        self.print_space();
                    }
                    self.end_cycle().await?;
                    if !self.read(append).await? {
                        return Ok(Flow::Quit(0, append));
                    }
                }
                Action::Print => self.print_space(),
                Action::PrintFirst => {
                    let cut = self.space.find_byte(self.o.end).unwrap_or(self.space.len());
                    let mut line = self.space[..cut].to_vec();
                    line.push(self.o.end);
                    self.print(&line);
                }
                Action::Quit(code) => return Ok(Flow::Quit(*code, true)),
                Action::QuitSilently(code) => return Ok(Flow::Quit(*code, false)),
                Action::Read(name) => self.queue.push(Queued::File(name.clone())),
                Action::ReadLine(name) => self.queue.push(Queued::Line(name.clone())),
                Action::Substitute(s) => {
                    let regex = self.regex(&s.pattern).await?;
                    if let Some(line) = s.apply(regex, &self.space) {
                        self.space = line;
                        self.replaced = true;
                        if s.evaluate {
                            self.c.note_unmodelled("sed: s///e");
                            self.c.complain("the e flag is real, but not modelled in this simulation").await?;
                            return Err(Stop::Exit(1));
                        }
                        if s.print > 0 {
                            self.print_space();
                        }
                        if let Some(n) = s.output {
                            self.write_to(n, self.space.len()).await?;
                        }
                    }
                }
                Action::Write(n) => self.write_to(*n, self.space.len()).await?,
                Action::WriteFirst(n) => {
                    let cut = self.space.find_byte(self.o.end).unwrap_or(self.space.len());
                    self.write_to(*n, cut).await?;
                }
                Action::Exchange => std::mem::swap(&mut self.space, &mut self.hold),
                Action::Translate(pairs) => {
                    let mut out = Vec::with_capacity(self.space.len());
                    for (from, to, ch) in self.space.char_indices() {
                        match pairs.iter().find(|(a, _)| *a == ch) {
                            Some((_, b)) => out.extend_from_slice(b.encode_utf8(&mut [0; 4]).as_bytes()),
                            None => out.extend_from_slice(&self.space[from..to]),
                        }
                    }
                    self.space = out;
                }
                Action::Zap => self.space.clear(),
            }
        }
        Ok(Flow::End)
    }

    async fn regex(&mut self, pattern: &'s Pattern) -> Result<&'s Regex, Stop> {
        match pattern {
            Pattern::Own(regex) => {
                self.last = Some(regex);
                Ok(regex)
            }
            Pattern::Last => match self.last {
                Some(regex) => Ok(regex),
                None => {
                    self.c.complain("-e expression #1, char 0: no previous regular expression").await?;
                    Err(Stop::Exit(1))
                }
            },
        }
    }

    async fn meets(&mut self, address: &'s Address) -> Result<bool, Stop> {
        let line = self.inputs.line;
        Ok(match address {
            Address::Line(n) => line == *n,
            Address::Step(first, 0) => line == *first,
            Address::Step(first, step) => line >= *first && (line - first).is_multiple_of(*step),
            Address::Last => self.inputs.at_end().await?,
            Address::Match(pattern) => {
                let regex = self.regex(pattern).await?;
                regex.is_match(&self.space)
            }
            Address::Zero => false,
        })
    }

    async fn selects(&mut self, at: usize, command: &'s Command) -> Result<bool, Stop> {
        let Some(first) = &command.first else { return Ok(true) };
        let Some(second) = &command.second else { return self.meets(first).await };
        let line = self.inputs.line;
        if matches!(first, Address::Zero) && line == 1 && self.ranges[at] == Range::Out {
            self.ranges[at] = Range::In(u64::MAX);
        }
        match self.ranges[at] {
            Range::In(until) => {
                let over = match second {
                    End::Address(Address::Line(n)) => {
                        if line > *n {
                            // The end was passed elsewhere: this line begins anew or not at all.
                            self.ranges[at] = Range::Over;
                            return Ok(matches!(first, Address::Line(f) if *f == line));
                        }
                        line == *n
                    }
                    End::Address(address) => self.meets(address).await?,
                    _ => line >= until,
                };
                if over {
                    self.ranges[at] =
                        if matches!(first, Address::Line(_) | Address::Zero) { Range::Over } else { Range::Out };
                }
                Ok(true)
            }
            Range::Over if !self.o.separate => Ok(false),
            _ => {
                if !self.meets(first).await? {
                    return Ok(false);
                }
                self.ranges[at] = match second {
                    End::Plus(0) => Range::Out,
                    End::Plus(n) => Range::In(line.saturating_add(*n)),
                    End::Multiple(0) => Range::Out,
                    End::Multiple(n) if line.is_multiple_of(*n) => Range::Out,
                    End::Multiple(n) => Range::In(line.next_multiple_of(*n)),
                    // A line already reached ends it at once; an expression is tried from the next line on.
                    End::Address(Address::Line(n)) if *n <= line => Range::Out,
                    End::Address(Address::Last) if self.inputs.at_end().await? => Range::Out,
                    End::Address(_) => Range::In(u64::MAX),
                };
                Ok(true)
            }
        }
    }

    fn print(&mut self, text: &[u8]) {
        if std::mem::take(&mut self.main.owes) {
            self.main.buffer.push(self.o.end);
        }
        self.main.buffer.extend_from_slice(text);
    }
    fn print_space(&mut self) {
        let space = std::mem::take(&mut self.space);
        self.print(&space);
        self.space = space;
        if self.chomped {
            self.main.buffer.push(self.o.end);
        } else {
            self.main.owes = true;
        }
    }

    async fn write_to(&mut self, n: usize, len: usize) -> Result<(), Stop> {
        let (end, chomped) = (self.o.end, self.chomped || len < self.space.len());
        if self.outputs[n].fd == 1 {
            let line = self.space[..len].to_vec();
            self.print(&line);
            if chomped {
                self.main.buffer.push(end)
            } else {
                self.main.owes = true
            }
            return Ok(());
        }
        let out = &mut self.outputs[n];
        if std::mem::take(&mut out.owes) {
            out.buffer.push(end);
        }
        out.buffer.extend_from_slice(&self.space[..len]);
        if chomped {
            out.buffer.push(end)
        } else {
            out.owes = true
        }
        if out.buffer.len() > 16_384 { self.hand_on().await } else { Ok(()) }
    }

    /// What a, r and R put off.
    async fn end_cycle(&mut self) -> Result<(), Stop> {
        for queued in std::mem::take(&mut self.queue) {
            match queued {
                Queued::Text(text) => self.print(&text),
                Queued::File(name) => {
                    // A file that can't be read is an empty one. What sed itself wrote must be there to be read.
                    self.hand_on().await?;
                    let path = if name == "/dev/stdin" { "-".into() } else { name };
                    let Ok(fd) = self.c.open_input(path.as_ref()) else { continue };
                    while let Ok(bytes) = self.c.read_fd(fd, 65_536).await? {
                        if bytes.is_empty() {
                            break;
                        }
                        self.print(&bytes);
                    }
                    self.c.close_input(fd);
                }
                Queued::Line(name) => {
                    let c = self.c;
                    let n = match self.readers.iter().position(|(known, _)| *known == name) {
                        Some(n) => n,
                        None => {
                            let lines = c.open_input(name.as_ref()).ok().map(|fd| Lines::delimited(c, fd, self.o.end));
                            self.readers.push((name, lines));
                            self.readers.len() - 1
                        }
                    };
                    if let Some(lines) = &mut self.readers[n].1
                        && let Ok(Some(mut line)) = lines.next().await?
                    {
                        if line.last() != Some(&self.o.end) {
                            line.push(self.o.end);
                        }
                        self.print(&line);
                    }
                }
            }
        }
        Ok(())
    }

    async fn give_main(&mut self) -> Result<(), Stop> {
        let bytes = std::mem::take(&mut self.main.buffer);
        if self.main.fd == 1 {
            self.c.out(&bytes).await?;
        } else if !bytes.is_empty()
            && let Err(errno) = self.c.write_fd(self.main.fd, &bytes).await?
        {
            let name = self.inputs.name.clone();
            self.c.complain(format_args!("couldn't write {} items to {name}: {errno}", bytes.len())).await?;
            return Err(Stop::Exit(4));
        }
        Ok(())
    }

    async fn hand_on(&mut self) -> Result<(), Stop> {
        self.give_main().await?;
        if self.o.unbuffered {
            self.c.flush().await?;
        }
        for n in 0..self.outputs.len() {
            let bytes = std::mem::take(&mut self.outputs[n].buffer);
            if !bytes.is_empty()
                && let Err(errno) = self.c.write_fd(self.outputs[n].fd, &bytes).await?
            {
                let name = &self.script.outputs[n];
                self.c.complain(format_args!("couldn't write {} items to {name}: {errno}", bytes.len())).await?;
                return Err(Stop::Exit(4));
            }
        }
        Ok(())
    }
}

/// `l`: every byte visible, lines folded.
fn listed(text: &[u8], wrap: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut column = 0;
    for (from, to, ch) in text.char_indices() {
        let piece: Vec<u8> = match ch {
            '\\' => b"\\\\".to_vec(),
            '\u{7}' => b"\\a".to_vec(),
            '\u{8}' => b"\\b".to_vec(),
            '\u{c}' => b"\\f".to_vec(),
            '\n' => b"\\n".to_vec(),
            '\r' => b"\\r".to_vec(),
            '\t' => b"\\t".to_vec(),
            '\u{b}' => b"\\v".to_vec(),
            ' '..='~' => text[from..to].to_vec(),
            _ => text[from..to].iter().flat_map(|b| format!("\\{b:03o}").into_bytes()).collect(),
        };
        if wrap > 1 && column + piece.len() > wrap - 1 {
            out.extend_from_slice(b"\\\n");
            column = 0;
        }
        column += piece.len();
        out.extend(piece);
    }
    out.extend_from_slice(b"$\n");
    out
}
