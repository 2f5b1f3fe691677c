use super::session::Session;
use crate::protocol::*;

/// The first scenario, packed as the page fetches it.
fn pack() -> String {
    fn walk(at: &std::path::Path, root: &std::path::Path, texts: &mut std::collections::BTreeMap<String, String>) {
        #[expect(clippy::disallowed_methods, reason = "a test reads the scenario's folder")]
        for entry in std::fs::read_dir(at).expect("the scenario's folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, texts);
            } else {
                let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
                texts.insert(name, std::fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/disk-full");
    let mut texts = std::collections::BTreeMap::new();
    walk(&root, &root, &mut texts);
    crate::scenario::Pack::new(texts).expect("the scenario packs").to_json()
}

/// A page that talks to a session directly and keeps what it would store.
struct Page {
    session: Session,
    seq: u64,
    screen: Vec<String>,
    file: Vec<String>,
    end: String,
    record: Vec<Recorded>,
    last: Update,
}

impl Page {
    fn open(saved: Option<&Page>) -> Page {
        let mut page = Page {
            session: Session::default(),
            seq: 0,
            screen: Vec::new(),
            file: Vec::new(),
            end: String::new(),
            record: Vec::new(),
            last: Update::default(),
        };
        let mut start = Start { pack: pack(), seed: 7, cols: 60, rows: 20, ..Start::default() };
        if let Some(old) = saved {
            page.file.clone_from(&old.file);
            page.record.clone_from(&old.record);
            start.saved = Some(format!("{}\n{}\n", old.file.join("\n"), old.end));
            start.record.clone_from(&old.record);
        }
        page.send(ToEngine::Start(Box::new(start)));
        page
    }

    fn send(&mut self, body: ToEngine) {
        self.seq += 1;
        let mut heard = Vec::new();
        self.session.handle(Letter { seq: self.seq, body }, &mut |answer| heard.push(answer));
        for answer in heard {
            let FromEngine::Update(update) = answer else { continue };
            for frame in &update.terms {
                if frame.fresh {
                    self.screen.clear();
                }
                for (row, text) in &frame.dirty {
                    self.screen.resize((*row as usize + 1).max(self.screen.len()), String::new());
                    self.screen[*row as usize] = text.text();
                }
            }
            self.record.extend(update.record.iter().cloned());
            if let Some(saved) = &update.saved {
                self.file.extend(saved.lines.iter().cloned());
                self.end.clone_from(&saved.end);
            }
            self.last = *update;
        }
    }

    fn type_keys(&mut self, keys: &str) {
        self.send(ToEngine::Keys { term: 0, bytes: keys.as_bytes().to_vec() });
    }

    fn wait(&mut self, us: u64) {
        self.send(ToEngine::Beat { us, chart: None });
    }

    fn text(&self) -> String {
        self.screen.join("\n").trim_end().to_owned()
    }
}

#[test]
fn a_line_is_edited_here_and_run_there() {
    let mut page = Page::open(None);
    page.type_keys("ecko hi\x1b[D\x1b[D\x1b[D\x1b[D\x7fh");
    assert!(page.text().ends_with("$ echo hi"), "{}", page.text());
    let line = page.last.terms[0].line.clone().expect("the edited line");
    assert_eq!((line.text.as_str(), line.cursor), ("echo hi", 3));
    page.type_keys("\r");
    page.wait(1_000_000);
    assert!(page.text().contains("$ echo hi\nhi\n"), "{}", page.text());
    // Only the line is logged, none of its keys.
    let lines: Vec<_> = page.file.iter().filter(|l| l.contains("echo")).collect();
    assert_eq!(lines.len(), 1);
}

#[test]
fn tab_completes_and_a_second_tab_lists() {
    let mut page = Page::open(None);
    page.type_keys("cat /etc/hostn\t");
    assert!(page.text().ends_with("$ cat /etc/hostname"), "{}", page.text());
    page.type_keys("\x15cat /etc/host\t\t");
    let text = page.text();
    let rows: Vec<&str> = text.lines().rev().take(3).collect();
    assert!(rows[0].ends_with("$ cat /etc/host") && rows[2].ends_with("$ cat /etc/host"), "{text}");
    assert_eq!(rows[1].split_whitespace().collect::<Vec<_>>(), ["hostname", "hosts"]);
    // What the editor printed is there after a reload too, and is no difference.
    page.type_keys("s\r");
    page.wait(1_000_000);
    let again = Page::open(Some(&page));
    assert!(matches!(again.last.resumed, Some(Resumed::Equal { .. })), "{:?}", again.last.resumed);
    assert_eq!(again.text(), page.text());
}

#[test]
fn control_r_searches_the_shells_history() {
    let mut page = Page::open(None);
    for line in ["echo first\r", "HISTFILE=x\r", "echo second\r"] {
        page.type_keys(line);
        page.wait(1_000_000);
    }
    let before = page.text();
    page.type_keys("\x12fir");
    assert!(page.text().ends_with("\n(reverse-i-search)`fir': echo first"), "{}", page.text());
    page.type_keys("\x07");
    assert_eq!(page.text(), before);
    page.type_keys("\x12echo\x12\r");
    page.wait(1_000_000);
    assert!(page.text().contains("$ echo first\nfirst\n"), "{}", page.text());
    page.type_keys("\x1b[A\x1b[A");
    assert!(page.text().ends_with("$ echo second"), "{}", page.text());
}

#[test]
fn a_soft_keyboards_edit_is_answered_with_its_number() {
    let mut page = Page::open(None);
    page.send(ToEngine::Edit { term: 0, edit: Edit { seq: 5, left: 0, right: 0, insert: "df".into() } });
    let line = page.last.terms[0].line.clone().expect("the edited line");
    assert_eq!((line.seq, line.text.as_str()), (5, "df"));
}

#[test]
fn a_reload_shows_and_reexecutes_the_same_bytes() {
    let mut page = Page::open(None);
    page.type_keys("echo one\r");
    page.wait(2_000_000);
    page.type_keys("sleep 3\r");
    page.wait(1_000_000);
    page.send(ToEngine::Resize { term: 0, cols: 40, rows: 10 });
    page.type_keys("");
    page.wait(5_000_000);
    page.type_keys("echo two\r");
    page.wait(0);
    let mut again = Page::open(Some(&page));
    assert!(matches!(again.last.resumed, Some(Resumed::Equal { bytes }) if bytes > 0), "{:?}", again.last.resumed);
    assert_eq!(again.last.now, page.last.now);
    assert_eq!(again.text(), page.text());
    // And it goes on, as often as one likes.
    again.type_keys("echo three\r");
    again.wait(1_000_000);
    assert!(again.text().contains("\nthree\n"), "{}", again.text());
    let third = Page::open(Some(&again));
    assert!(matches!(third.last.resumed, Some(Resumed::Equal { .. })), "{:?}", third.last.resumed);
    assert_eq!(third.text(), again.text());
}

#[test]
fn a_closed_terminal_hangs_up_its_jobs_but_a_logout_does_not() {
    let jobs = |end: &dyn Fn(&mut Page)| {
        let mut page = Page::open(None);
        for line in ["sleep 1001 &\r", "nohup sleep 1002 &\r", "sleep 1003 & disown\r", "sleep 1004\r", "\x1a"] {
            page.type_keys(line);
            page.wait(1_000_000);
        }
        end(&mut page);
        page.wait(1_000_000);
        page.screen.clear();
        page.send(ToEngine::Open { host: "prod-web-02".into(), cols: 60, rows: 20 });
        page.wait(3_000_000);
        page.send(ToEngine::Keys { term: 1, bytes: b"pgrep -f 'sleep 100' -a\r".to_vec() });
        page.wait(3_000_000);
        let shown = page.text();
        shown
            .split_whitespace()
            .filter(|w| w.parse::<u32>().is_ok_and(|n| (1001..=1004).contains(&n)))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(jobs(&|page| page.send(ToEngine::Close { term: 0 })), ["1002", "1003"]);
    // bash warns of the stopped one first.
    assert_eq!(jobs(&|page| page.type_keys("exit\rexit\r")), ["1001", "1002", "1003"]);
}

#[test]
fn a_record_that_differs_is_told_and_not_shown() {
    let mut page = Page::open(None);
    page.type_keys("echo one\r");
    page.wait(2_000_000);
    for item in &mut page.record {
        if let Recorded::Bytes { bytes, .. } = item {
            *bytes = String::from_utf8_lossy(bytes).replace("one", "ONE").into_bytes();
        }
    }
    let again = Page::open(Some(&page));
    assert!(matches!(&again.last.resumed, Some(Resumed::Differs { why }) if why.contains("replayed differently")));
    assert!(again.text().contains("\none\n"));
}

#[test]
fn a_paused_clock_moves_by_what_a_command_needs() {
    let mut page = Page::open(None);
    page.send(ToEngine::Pause(true));
    let before = page.last.now;
    page.type_keys("sleep 30\r");
    let moved = page.last.now - before;
    assert!((30_000_000..30_500_000).contains(&moved), "{moved}");
    assert!(page.text().ends_with('$'), "{}", page.text());
}

#[test]
fn a_letter_without_an_incident_is_answered() {
    let mut heard = Vec::new();
    Session::default().handle(Letter { seq: 3, body: ToEngine::Beat { us: 1, chart: None } }, &mut |a| heard.push(a));
    assert!(matches!(&heard[..], [FromEngine::Failed { ack: 3, .. }]));
}

#[test]
fn a_broken_pack_fails_in_plain_words() {
    let mut heard = Vec::new();
    let start = Start { pack: "{".into(), ..Start::default() };
    Session::default().handle(Letter { seq: 1, body: ToEngine::Start(Box::new(start)) }, &mut |a| heard.push(a));
    assert!(matches!(&heard[..], [FromEngine::Failed { ack: 1, why }] if !why.contains("Error(")), "{heard:?}");
}
