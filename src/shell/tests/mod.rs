mod prompt;
mod spec;

use crate::testkit::Kit;

/// (script, stdout, status)
fn check(cases: &[(&str, &str, u8)]) {
    let mut kit = Kit::full();
    let mut wrong = String::new();
    for (script, stdout, status) in cases {
        let ran = kit.sh(script);
        if ran.stdout != *stdout || ran.status != *status {
            wrong.push_str(&format!(
                "{script}\n  expected {stdout:?} {status}\n  got      {:?} {} {:?}\n",
                ran.stdout, ran.status, ran.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn smoke() {
    check(&[
        ("echo hello  world", "hello world\n", 0),
        ("echo 'a  b' \"c  $((1+2))\"", "a  b c  3\n", 0),
        ("x=5; echo $x ${x}y \"${x:-z}\"", "5 5y 5\n", 0),
        ("for i in 1 2 3; do echo $i; done | cat", "1\n2\n3\n", 0),
        ("echo a | cat | cat; echo ${PIPESTATUS[@]}", "a\n0 0 0\n", 0),
        ("f() { local y=$1; echo $y; return 3; }; f 7; echo $?", "7\n3\n", 0),
        ("echo $(echo sub) `echo back`", "sub back\n", 0),
        ("cat <<EOF\na $((2*3))\nEOF", "a 6\n", 0),
        ("echo x > f; cat < f; cat f >> g; cat g", "x\nx\n", 0),
        ("nosuch; echo $?", "127\n", 0),
        ("false || echo no; true && echo yes", "no\nyes\n", 0),
        ("a=(1 2 3); echo ${a[1]} ${#a[@]} ${a[@]:1}", "2 3 2 3\n", 0),
        ("exit 4", "", 4),
        ("(exit 5); echo $?", "5\n", 0),
        ("while read l; do echo \"[$l]\"; done <<< $'a\\nb'", "[a]\n[b]\n", 0),
        ("case abc in a*) echo m;; *) echo n;; esac", "m\n", 0),
        ("[[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}", "c\n", 0),
        ("sleep 1 & wait; echo $?", "0\n", 0),
        ("cat <(echo p) <(echo q)", "p\nq\n", 0),
        ("trap 'echo bye' EXIT; exit 3", "bye\n", 3),
        ("i=0; while :; do i=$((i+1)); [ $i -ge 5 ] && break; done; echo $i", "5\n", 0),
        ("printf '%s-%03d\\n' a 7 b 8", "a-007\nb-008\n", 0),
        ("set -e; false; echo no", "", 1),
        ("kill -TERM $$; echo no", "", 143),
    ]);
}

/// The program's own stack. That of the worker is 8 MB, for frames that are a fraction of these: a browser test.
#[test]
#[expect(clippy::disallowed_types, reason = "a test of the stack needs a thread of known size")]
fn nesting_ends_with_bash_s_own_messages() {
    let body = || {
        check(&[
            ("f() { f; }; f 2>&1 | cat", "environment: line 1: f: maximum function nesting level exceeded (160)\n", 0),
            ("x=x; echo $((x)); echo not here", "", 1),
            ("eval \"$(printf '(%.0s' {1..300})\" 2>/dev/null; echo $?", "2\n", 0),
        ]);
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(body).expect("a thread");
    thread.join().expect("no overflow");
}
