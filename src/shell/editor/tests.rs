use super::*;

struct Words(&'static [&'static str]);
impl Completer for Words {
    fn complete(&self, before: &str) -> Completion {
        let word = before.rsplit(' ').next().unwrap_or("");
        let fits = self.0.iter().filter(|w| w.starts_with(word));
        let candidates =
            fits.map(|w| Candidate { text: w.to_string(), shown: w.to_string(), suffix: " ".into() }).collect();
        Completion { replaces: word.chars().count(), candidates }
    }
}

fn after(editor: &mut Editor, keys: &str) -> String {
    editor.keys(keys.as_bytes(), &Words(&["status", "start", "stop", "reload"]));
    let mut text = editor.text();
    text.insert(text.char_indices().nth(editor.cursor()).map_or(text.len(), |(at, _)| at), '|');
    text
}

#[test]
fn readline_keys_edit_the_line() {
    for (keys, shown) in [
        ("df -h", "df -h|"),
        ("df -h\x1b[D\x1b[D-", "df -|-h"),
        ("ls\x01sudo ", "sudo |ls"),
        ("cat /etc/hosts\x17", "cat |"),
        ("cat /etc/hosts\x1b\x7f", "cat /etc/|"),
        ("one two\x15\x19!", "one two!|"),
        ("one two three\x17\x17\x19", "one two three|"),
        ("größe\x7f\x7f", "grö|"),
        ("ab\x14", "ba|"),
        ("abc\x1b[H\x1b[3~", "|bc"),
        ("abc\x17\x1f", "abc|"),
        ("foo bar\x01\x1bu\x1bc", "FOO Bar|"),
        ("x re\t", "x reload |"),
        ("x rel\t", "x reload |"),
        ("\x1b[200~a\rb\x1b[201~c", "a\nbc|"),
    ] {
        assert_eq!(after(&mut Editor::default(), keys), shown, "{keys:?}");
    }
}

#[test]
fn history_search_and_last_words() {
    let mut e = Editor::default();
    e.set_history(["grep x /var/log/app.log", "df -h", "grep y /etc/hosts"].map(String::from).to_vec());
    assert_eq!(after(&mut e, "\x12grep"), "|grep y /etc/hosts");
    assert_eq!(after(&mut e, "\x12"), "|grep x /var/log/app.log");
    assert_eq!(String::from_utf8_lossy(&e.redraw("$ ", 80)).matches("(reverse-i-search)`grep': ").count(), 1);
    assert_eq!(after(&mut e, "\x05!"), "grep x /var/log/app.log!|");
    let mut e = Editor::default();
    e.set_history(["a one", "b two"].map(String::from).to_vec());
    assert_eq!(after(&mut e, "cat \x1b."), "cat two|");
    assert_eq!(after(&mut e, "\x1b."), "cat one|");
    assert_eq!(after(&mut e, "\x1b[A"), "b two|");
    assert_eq!(after(&mut e, "\x1b[B"), "cat one|");
}

#[test]
fn what_keys_ask_for() {
    let none = NoCompletion;
    let mut e = Editor::default();
    assert_eq!(e.keys(b"ls\rpwd", &none), (Some(Want::Line("ls".into())), b"pwd".to_vec()));
    assert_eq!(e.keys(b"x\x03", &none).0, Some(Want::Interrupt));
    assert_eq!(e.keys(b"\x04", &none).0, Some(Want::EndOfFile));
    let words = Words(&["start", "stop"]);
    assert_eq!(e.keys(b"st\t", &words).0, Some(Want::Bell));
    assert_eq!(e.keys(b"\t", &words).0, Some(Want::Show(vec!["start".into(), "stop".into()])));
    assert_eq!(columns(&["a".into(), "bb".into(), "c".into()], 9), "a   c\r\nbb\r\n");
}

#[test]
fn a_long_line_wraps() {
    let mut e = Editor::default();
    after(&mut e, "abcdefgh");
    // Two columns of prompt and eight of text fill the row: the cursor is on the next.
    assert_eq!(e.redraw("$ ", 10), b"\r\x1b[J$ abcdefgh\r\n\r");
    after(&mut e, "\x1b[D");
    assert_eq!(e.redraw("$ ", 10), b"\r\x1b[1A\x1b[J$ abcdefgh\r\n\x1b[1A\r\x1b[9C");
}
