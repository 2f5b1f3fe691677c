//! Hostile and mistaken scenario files: each is refused with its line, its place and what to write.

use super::*;
use crate::scenario::Catalogue;

/// The thin incident's texts, to be broken in one place.
fn texts() -> BTreeMap<String, String> {
    Catalogue::embedded().pack("disk-full").unwrap().texts.clone()
}

fn load_with(name: &str, change: impl FnOnce(&str) -> String) -> Result<Scenario, Vec<Problem>> {
    let mut texts = texts();
    let changed = change(&texts[name]);
    assert_ne!(changed, texts[name], "the test changes nothing");
    texts.insert(name.to_string(), changed);
    Scenario::load(Pack::new(texts)?)
}

/// Replaces `from`, which occurs in the file, by `to`, and gives the problems with the line where `from` stands.
fn broken(from: &str, to: &str) -> (u32, Vec<Problem>) {
    let line = |text: &str| text.split(from).next().map_or(0, |before| before.lines().count().max(1)) as u32;
    let at = line(&texts()[FILE]);
    let problems = load_with(FILE, |text| text.replacen(from, to, 1)).err().unwrap_or_else(|| panic!("accepted {to}"));
    (at, problems)
}

#[test]
fn each_mistake_is_named_with_line_place_and_mend() {
    let mut wrong = Vec::new();
    for (from, to, path, mend) in [
        // syntax
        ("\"difficulty\": 1,", "\"difficulty\": 1,,", "", "double quotes"),
        ("\"difficulty\": 1,", "\"difficulty\": 1", "", "comma"),
        ("\"difficulty\": 1,", "\"difficulty\": 1e999,", "", "number"),
        // shape
        ("\"cores\": 4", "\"coers\": 4", "hosts.web.coers", "did you mean \"cores\"?"),
        ("\"cores\": 4", "\"cores\": \"four\"", "hosts.web.cores", "whole number"),
        ("\"cores\": 4", "\"cores\": -4", "hosts.web.cores", "not negative"),
        ("\"cores\": 4", "\"cores\": 99999999999999999999", "hosts.web.cores", "whole number"),
        ("\"cores\": 4", "\"cores\": 2048", "hosts.web.cores", "from 1 to 1024"),
        ("\"cores\": 4", "\"cores\": 4, \"cores\": 4", "hosts.web.cores", "keep one of the two"),
        ("\"format_version\": 1", "\"format_version\": 2", "format_version", "write 1"),
        ("\"memory\": \"8G\"", "\"memory\": \"8 gigs\"", "hosts.web.memory", "\"80G\""),
        ("\"memory\": \"8G\"", "\"memory\": 8", "hosts.web.memory", "double quotes"),
        ("\"fstype\": \"ext4\"", "\"fstype\": \"ext5\"", "hosts.web.mounts[\"/\"].fstype", "\"ext4\""),
        ("\"reserved\": \"5%\"", "\"reserved\": \"500%\"", "hosts.web.mounts[\"/\"].reserved", "from 0 to 100"),
        ("\"par\": \"12m\"", "\"par\": \"soon\"", "par", "\"5m\""),
        ("\"at\": \"2026-03-12T03:07:00Z\"", "\"at\": \"yesterday\"", "page.at", "2026-03-12T03:07:00Z"),
        (
            "\"mode\": \"0640\", \"modified\": \"-163d\"",
            "\"mode\": \"rw-r\", \"modified\": \"-163d\"",
            "hosts.web.files[\"/etc/myapp/env\"].mode",
            "octal",
        ),
        // meaning
        (
            "\"unit\": \"myapp.service\",",
            "\"unit\": \"myap.service\",",
            "streams.app.unit",
            "did you mean \"myapp.service\"?",
        ),
        ("\"alert\": \"MyappHighErrorRate\"", "\"alert\": \"Nope\"", "page.alert", "write one of"),
        ("\"share\": 0.46", "\"share\": 0.47", "services.myapp.endpoints", "sum to 1"),
        ("\"bytes\": 572", "\"bytes\": 57", "streams.app.lines[2].bytes", "write \"bytes\""),
        (
            "\"owner\": \"root\", \"group\": \"myapp\"",
            "\"owner\": \"rot\", \"group\": \"myapp\"",
            "hosts.web.files[\"/etc/myapp/env\"]",
            "did you mean \"root\"?",
        ),
        (
            "\"mechanism\": \"ST-1/unrotated-log\"",
            "\"mechanism\": \"ST-1/unrotated-logs\"",
            "variants.a.key.mechanism",
            "ST-1/unrotated-log",
        ),
        ("\"number\": \"INC-4127\"", "\"number\": \"4127\"", "number", "INC-4127"),
        ("orders fail with server errors", "40% of orders fail", "headline", "in words"),
        (
            "\"headline\": \"myapp: orders fail with",
            "\"headline\": \"disk full: orders fail with",
            "headline",
            "what the pager says",
        ),
        ("${value} left on / of ${web}", "0.0% left on / of ${web}", "alerts.DiskSpaceLow.summary", "${value}"),
        ("\"name\": \"${web}\"", "\"name\": \"${wbe}\"", "hosts.web.name", "names or settings"),
        ("\"prod-web-02\", \"shop-web-01\"", "\"prod_web 02\", \"shop-web-01\"", "names.web", "hyphens"),
        ("\"log_level\": \"info\"", "\"log_level\": \"in\\u001b[2Jfo\"", "settings.log_level", "remove it"),
        ("\"peak_hour\": 15", "\"peak_hour\": 25", "services.myapp.traffic.peak_hour", "from 0 to 24"),
        // a variant's patch is to blame where it holds the value
        (
            "\"streams\": { \"app\": { \"since\": \"-4d3h7m\" } }",
            "\"streams\": { \"app\": { \"since\": \"+4d\" } }",
            "variants.a.set.streams.app.since",
            "before it",
        ),
        (
            "\"settings\": {\n          \"log_level\": \"debug\"",
            "\"difficulty\": 2, \"settings\": {\n          \"log_level\": \"debug\"",
            "variants.a.set.difficulty",
            "remove it",
        ),
    ] {
        let (line, problems) = broken(from, to);
        let fits = problems.iter().any(|p| {
            p.file == FILE && p.line >= 1 && p.line.abs_diff(line) <= 2 && p.path == path && p.write.contains(mend)
        });
        if !fits {
            let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n    ");
            wrong.push(format!("{to}\n  wanted line {line}, {path}, {mend}; got\n    {said}"));
        }
        if problems.iter().any(|p| p.to_string().contains('\u{1b}') || p.wrong.is_empty() || p.write.is_empty()) {
            wrong.push(format!("{to}: a message drives the screen or says nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hostile_files_are_refused_and_nothing_worse() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let wide = format!("{{\"names\": {{\"web\": [{}]}}}}", vec!["\"a\""; 200_000].join(","));
    for text in [
        "",
        "null",
        "[]",
        "{",
        "\u{feff}{}",
        "{}",
        "\0",
        "{\"format_version\": 1}",
        "{\"format_version\": \"1\"}",
        "{\"format_version\": 18446744073709551616}",
        "{\"variants\": {\"a\": {\"set\": []}}}",
        "{\"variants\": []}",
        "{\"variants\": {\"a\": null}}",
        "{\"settings\": {\"a\": \"${a}\"}}",
        &deep,
        &wide,
        &"{\"a\":".repeat(200),
        &"9".repeat(5000),
        &" ".repeat(2 << 20),
    ] {
        let problems = load_with(FILE, |_| text.to_string()).expect_err("accepted a hostile file");
        assert!(!problems.is_empty() && problems.len() <= 21);
        for problem in problems {
            assert!(
                !problem.wrong.is_empty() && !problem.write.is_empty() && problem.to_string().len() < 2000,
                "{problem}"
            );
        }
    }
}

/// Whatever single member is removed or replaced by another type, the loader answers; it never panics.
#[test]
fn every_member_may_be_missing_or_strange() {
    fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
        let members: Vec<(String, &Value)> = match value {
            Value::Object(members) => {
                members.iter().map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v)).collect()
            }
            Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
            _ => Vec::new(),
        };
        for (name, inner) in members {
            let at = format!("{at}/{name}");
            paths(inner, &at, found);
            found.push(at);
        }
    }
    let text = texts()[FILE].clone();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    paths(&whole, "", &mut found);
    assert!(found.len() > 300);
    // Every seventh place with every kind of value: a different seventh for each kind.
    let kinds = [
        Value::Null,
        Value::from(-1),
        Value::from("\u{202e}x"),
        Value::from(1e300),
        serde_json::json!({"x": []}),
        serde_json::json!([[]]),
    ];
    for (k, kind) in kinds.iter().enumerate() {
        for at in found.iter().skip(k).step_by(7) {
            let mut value = whole.clone();
            *value.pointer_mut(at).unwrap() = kind.clone();
            let changed = serde_json::to_string(&value).unwrap();
            if let Err(problems) = load_with(FILE, |_| changed) {
                assert!(problems.iter().all(|p| !p.write.is_empty() && !p.to_string().contains('\u{202e}')), "{at}");
            }
        }
    }
}

#[test]
fn a_missing_or_strange_file_beside_it_is_named() {
    let mut without = texts();
    without.remove("files/web/etc/myapp/env");
    let problems = Scenario::load(Pack::new(without).unwrap()).unwrap_err();
    assert!(problems.iter().any(|p| p.write.contains("files/web/etc/myapp/env") && p.line > 0), "{problems:?}");

    let mut strange = texts();
    strange.insert("files/nohost/etc/motd".into(), String::new());
    let problems = Scenario::load(Pack::new(strange).unwrap()).unwrap_err();
    assert!(problems.iter().any(|p| p.wrong.contains("files/nohost/etc/motd")), "{problems:?}");

    let problems =
        load_with("plays/solve", |text| text.replace("until sli orders ok 15m", "until sli order ok 15m")).unwrap_err();
    assert!(
        problems.iter().any(|p| p.file == "plays/solve" && p.line > 10 && p.write.contains("orders")),
        "{problems:?}"
    );

    let mut none = texts();
    none.remove(FILE);
    assert_eq!(Scenario::load(Pack::new(none).unwrap()).unwrap_err()[0].file, FILE);
}

#[test]
fn seeds_draw_variants_by_weight_and_names_from_pools() {
    let scenario = Catalogue::embedded().load("disk-full").unwrap().unwrap();
    let drawn: Vec<Incident> = (0..200).map(|seed| scenario.draw(seed).unwrap()).collect();
    let a = drawn.iter().filter(|i| i.variant == "a").count();
    assert!((70..130).contains(&a), "{a} of 200");
    for incident in &drawn {
        let pools = &scenario.about().names;
        assert!(pools.iter().all(|(role, pool)| pool.contains(&incident.words[role])));
        assert_eq!(incident.spec.hosts["web"].name, incident.words["web"]);
        assert!(incident.key.origins[0].starts_with(&incident.words["web"]));
        // Only what is filled in later is still a template.
        let spec = serde_json::to_string(&incident.spec.hosts).unwrap();
        assert!(!spec.contains("${"), "{spec}");
    }
    let again = scenario.draw(7).unwrap();
    assert_eq!((again.variant, again.words), (drawn[7].variant.clone(), drawn[7].words.clone()));
}

#[test]
fn variants_differ_in_the_world_and_not_only_in_the_key() {
    let scenario = Catalogue::embedded().load("disk-full").unwrap().unwrap();
    let (a, b) = (scenario.draw_variant(3, "a").unwrap(), scenario.draw_variant(3, "b").unwrap());
    assert_eq!(a.words["web"], b.words["web"]);
    let level = |i: &Incident| i.file_text("web", "/etc/myapp/env").unwrap().lines().any(|l| l == "LOG_LEVEL=debug");
    assert!(level(&a) && !level(&b));
    let mode = |i: &Incident| i.spec.hosts["web"].files["/var/log/myapp"].mode.unwrap().bits();
    assert_eq!((mode(&a), mode(&b)), (0o750, 0o775));
    assert_ne!(a.key.origins, b.key.origins);
    assert!(scenario.draw_variant(3, "z").is_err());
}

#[test]
fn every_component_of_the_key_can_be_named_and_the_list_tells_nothing() {
    let scenario = Catalogue::embedded().load("disk-full").unwrap().unwrap();
    let ids = |v| scenario.draw_variant(5, v).unwrap().objects.into_iter().map(|o| o.id).collect::<Vec<_>>();
    assert_eq!(ids("a"), ids("b"));
    let key = scenario.draw_variant(5, "a").unwrap().key;
    assert!(key.origins.iter().chain(&key.adjacent).all(|id| ids("a").contains(id)));
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let committed = include_str!("../../../scenarios/scenario.schema.json");
    let fresh = crate::scenario::schema_json();
    assert!(committed == fresh, "write it again: cargo run -- schema > scenarios/scenario.schema.json");
}
