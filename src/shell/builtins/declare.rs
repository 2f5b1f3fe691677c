//! Variables and their attributes: `declare`, `local`, `export`, `readonly`, `unset`.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::{getopt, usage_error};
use crate::shell::parse::ast::{Assign, AssignValue};
use crate::shell::parse::{assignment_split, is_name};
use crate::shell::run::{Flow, Place, Ran, Shell};
use crate::shell::text;
use crate::shell::variables::{Value, Variable};

/// `name=value` with a value that is already expanded, or the text of an array to be parsed again.
pub(super) async fn declared_word(shell: &mut Shell, assign: &Rc<Assign>) -> Result<BString, Flow> {
    let mut out = assign.name.clone();
    if let Some(index) = &assign.index {
        out.push(b'[');
        out.extend_from_slice(&shell.expand_single(index).await?);
        out.push(b']');
    }
    out.extend_from_slice(if assign.append { b"+=" } else { b"=" });
    match &assign.value {
        AssignValue::Scalar(word) => out.extend_from_slice(&shell.expand_assigned(word).await?),
        AssignValue::Array(_) => {
            // The builtin looks its elements up again: they are kept aside under the word's number.
            shell.arrays.push(assign.clone());
            out.push(1);
            out.extend_from_slice(format!("{}", shell.arrays.len() - 1).as_bytes());
        }
    }
    Ok(out)
}

/// A line of `declare -p`, without its newline.
pub fn declaration(name: &[u8], v: &Variable) -> BString {
    let letters = v.letters();
    let flags = if letters.is_empty() { "-".to_string() } else { letters };
    let mut out = BString::from(format!("declare -{flags} {}", name.as_bstr()));
    match &v.value {
        Value::Unset => {}
        Value::Scalar(value) => {
            out.push(b'=');
            out.extend_from_slice(&text::double_quote(value));
        }
        Value::Indexed(array) if v.bare && array.is_empty() => {}
        Value::Associative(array) if v.bare && array.is_empty() => {}
        Value::Indexed(array) => {
            out.extend_from_slice(b"=(");
            let list: Vec<String> = array.iter().map(|(k, v)| format!("[{k}]={}", text::double_quote(v))).collect();
            out.extend_from_slice(list.join(" ").as_bytes());
            out.push(b')');
        }
        Value::Associative(array) => {
            out.extend_from_slice(b"=(");
            for (k, v) in array.iter() {
                let plain = k.iter().all(|&b| {
                    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'+' | b'%' | b',')
                }) && !k.is_empty();
                let key = if plain { k.clone() } else { text::double_quote(k) };
                out.extend_from_slice(format!("[{key}]={} ", text::double_quote(v)).as_bytes());
            }
            out.push(b')');
        }
    }
    out
}

/// `declare`'s letters, each on (`-x`) or off (`+x`).
#[derive(Default)]
struct Attributes {
    on: Vec<u8>,
    off: Vec<u8>,
    print: bool,
    global: bool,
    functions: bool,
    names_only: bool,
}

const LETTERS: &[u8] = b"aAfFgiIlnrtuxp";

async fn attributes(shell: &mut Shell, words: &[BString]) -> Result<Result<(Attributes, usize), u8>, Flow> {
    let mut a = Attributes::default();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        if word == "--" {
            at += 1;
            break;
        }
        if word.len() < 2 || !matches!(word[0], b'-' | b'+') {
            break;
        }
        for &letter in &word[1..] {
            if !LETTERS.contains(&letter) {
                let what = format!("{}{}: invalid option", word[0] as char, letter as char);
                return usage_error(shell, &words[0], &what).await.map(Err);
            }
            match (letter, word[0]) {
                (b'p', _) => a.print = true,
                (b'g', _) => a.global = true,
                (b'f', _) => a.functions = true,
                (b'F', _) => (a.functions, a.names_only) = (true, true),
                (letter, b'-') => a.on.push(letter),
                (letter, _) => a.off.push(letter),
            }
        }
        at += 1;
    }
    Ok(Ok((a, at)))
}

pub(super) async fn declare(shell: &mut Shell, words: &[BString]) -> Ran {
    let (a, rest) = match attributes(shell, words).await? {
        Ok(found) => found,
        Err(status) => return Ok(status),
    };
    let local = shell.st.vars.depth() > 0 && !shell.st.calls.iter().all(|c| c.sourced) && !a.global;
    apply(shell, words, rest, a, local).await
}

pub(super) async fn local(shell: &mut Shell, words: &[BString]) -> Ran {
    if shell.st.calls.iter().all(|c| c.sourced) {
        shell.complain("local: can only be used in a function").await?;
        return Ok(1);
    }
    let (a, rest) = match attributes(shell, words).await? {
        Ok(found) => found,
        Err(status) => return Ok(status),
    };
    if rest >= words.len() && a.on.is_empty() {
        let mut out = Vec::new();
        for (name, v) in shell.st.vars.locals() {
            out.extend_from_slice(&declaration(name, v));
            out.push(b'\n');
        }
        return shell.print(&out, "local").await;
    }
    apply(shell, words, rest, a, true).await
}

/// A line of `set`.
pub(super) fn plain_line(name: &[u8], v: &Variable) -> Vec<u8> {
    let mut line = Vec::from(name);
    match &v.value {
        Value::Unset => {}
        Value::Scalar(value) => {
            line.push(b'=');
            if !value.is_empty() {
                line.extend_from_slice(&text::shell_quote(value));
            }
        }
        _ => {
            let whole = declaration(name, v);
            let at = whole.find_byte(b'=').unwrap_or(whole.len());
            line.extend_from_slice(&whole[at..]);
        }
    }
    line.push(b'\n');
    line
}

pub(super) fn function_text(name: &[u8], function: &crate::shell::parse::ast::Function) -> Vec<u8> {
    let mut out = Vec::from(name);
    out.extend_from_slice(b" () \n");
    out.extend_from_slice(&crate::shell::parse::print::function_body(function));
    out.push(b'\n');
    out
}

async fn apply(shell: &mut Shell, words: &[BString], rest: usize, a: Attributes, local: bool) -> Ran {
    let names = &words[rest..];
    let who = words[0].clone();
    if a.functions {
        return functions(shell, names, &a).await;
    }
    if a.print || names.is_empty() {
        return print(shell, names, &a, &who).await;
    }
    let mut status = 0;
    for word in names {
        let split = assignment_split(word);
        let (name, index, append, value) = match split {
            Some((name, index, append, value)) => (name, index, append, Some(value)),
            None => match assignment_split(&[&word[..], b"="].concat()) {
                Some((name, index, false, _)) => (name, index, false, None),
                _ => (word.clone(), None, false, None),
            },
        };
        if !is_name(&name) {
            shell.complain(format_args!("{who}: `{word}': not a valid identifier")).await?;
            status = 1;
            continue;
        }
        if shell.st.vars.find(&name).is_some_and(|v| v.readonly)
            && (value.is_some() || a.off.contains(&b'r'))
            && (!local || shell.st.vars.find_local(&name).is_some_and(|v| v.readonly))
        {
            let what = if value.is_some() {
                format!("{name}: readonly variable")
            } else {
                format!("{who}: {name}: readonly variable")
            };
            shell.complain(what).await?;
            status = 1;
            continue;
        }
        if let Err(message) = set_attributes(shell, &name, &a, local, index.is_some()) {
            shell.complain(format_args!("{who}: {message}")).await?;
            status = 1;
            continue;
        }
        let Some(value) = value else { continue };
        if value.first() == Some(&1) {
            let kept = value[1..]
                .to_str()
                .ok()
                .and_then(|n| n.parse::<usize>().ok())
                .and_then(|n| shell.arrays.get(n).cloned());
            if let Some(assign) = kept
                && let AssignValue::Array(elements) = &assign.value
            {
                shell.assign_array(&name, elements, append, local).await?;
            }
            continue;
        }
        // `declare -a x='(1 2)'`: a compound value in a string.
        let is_array =
            matches!(shell.st.vars.get(&name).map(|v| &v.value), Some(Value::Indexed(_) | Value::Associative(_)));
        if is_array && index.is_none() && value.starts_with(b"(") && value.ends_with(b")") {
            let text = BString::from([&name[..], b"=", &value[..]].concat());
            let mut parser = crate::shell::parse::Parser::new(text, shell.line, shell.dialect());
            if let Ok(Some(list)) = parser.next_command(shell.dialect())
                && let Some(crate::shell::parse::ast::Command::Simple(simple)) =
                    list.first().and_then(|i| i.first.commands.first()).map(|c| &**c)
                && let Some(assign) = simple.assigns.first().cloned()
                && let AssignValue::Array(elements) = &assign.value
            {
                shell.assign_array(&name, elements, append, local).await?;
                continue;
            }
        }
        let readonly = std::mem::replace(&mut scope_entry(shell, &name, local, a.global).readonly, false);
        let place = match index {
            Some(index) => Some(shell.place_of(&name, index).await?),
            None => None,
        };
        let reference = a.on.contains(&b'n');
        let result = if reference {
            scope_entry(shell, &name, local, a.global).value = Value::Scalar(value);
            Ok(())
        } else if a.global && !local {
            assign_global(shell, &name, place, value, append)
        } else {
            shell.assign_text(&name, place, value, append)
        };
        scope_entry(shell, &name, local, a.global).readonly = readonly;
        if let Err(message) = result {
            shell.complain(format_args!("{who}: {message}")).await?;
            status = 1;
        }
    }
    // Readonly comes last, so that the value could still be given.
    if a.on.contains(&b'r') {
        for word in names {
            let name = assignment_split(word).map_or_else(|| word.clone(), |s| s.0);
            if is_name(&name) {
                scope_entry(shell, &name, local, a.global).readonly = true;
            }
        }
    }
    shell.arrays.clear();
    Ok(status)
}

fn assign_global(
    shell: &mut Shell,
    name: &[u8],
    place: Option<Place>,
    value: BString,
    append: bool,
) -> Result<(), String> {
    if shell.st.vars.find_local(name).is_none() || shell.st.vars.depth() == 0 {
        return shell.assign_text(name, place, value, append);
    }
    shell.st.vars.global_entry(name).value = Value::Scalar(value);
    Ok(())
}

fn scope_entry<'a>(shell: &'a mut Shell, name: &[u8], local: bool, global: bool) -> &'a mut Variable {
    if local {
        shell.st.vars.local_entry(name)
    } else if global {
        shell.st.vars.global_entry(name)
    } else {
        shell.st.vars.entry(name)
    }
}

fn set_attributes(shell: &mut Shell, name: &[u8], a: &Attributes, local: bool, indexed: bool) -> Result<(), String> {
    // A local begins unset, unless it is declared again.
    let inherit = shell.st.shopt("localvar_inherit");
    let outer = shell.st.vars.find(name).cloned();
    let exported = outer.as_ref().is_some_and(|v| v.exported) && shell.st.vars.find_local(name).is_none();
    let fresh = local && shell.st.vars.find_local(name).is_none();
    if fresh
        && outer.as_ref().is_some_and(|v| v.readonly && shell.st.vars.depth() > 0)
        && outer.as_ref().is_some_and(|v| v.readonly)
    {
        return Err(format!("{}: readonly variable", name.as_bstr()));
    }
    let v = scope_entry(shell, name, local, a.global);
    if fresh {
        v.exported |= exported;
        if let (true, Some(outer)) = (inherit, &outer) {
            v.value = outer.value.clone();
        }
    }
    let on = |letter: u8| a.on.contains(&letter);
    let to_indexed = on(b'a') || indexed && !matches!(v.value, Value::Associative(_));
    if on(b'A') {
        match &v.value {
            Value::Associative(_) => {}
            Value::Indexed(_) => {
                return Err(format!("{}: cannot convert indexed to associative array", name.as_bstr()));
            }
            Value::Scalar(text) => {
                let mut array = crate::shell::variables::Associative::default();
                array.set("0".into(), text.clone());
                v.value = Value::Associative(Rc::new(array));
            }
            Value::Unset => (v.value, v.bare) = (Value::Associative(Rc::default()), true),
        }
    } else if to_indexed {
        match &v.value {
            Value::Indexed(_) => {}
            Value::Associative(_) => {
                return Err(format!("{}: cannot convert associative to indexed array", name.as_bstr()));
            }
            Value::Scalar(text) => v.value = Value::Indexed(Rc::new([(0, text.clone())].into())),
            Value::Unset => (v.value, v.bare) = (Value::Indexed(Rc::default()), true),
        }
    }
    for (letters, value) in [(&a.on, true), (&a.off, false)] {
        for letter in letters {
            match letter {
                b'i' => v.integer = value,
                b'l' => {
                    v.lower = value;
                    v.upper &= !value;
                }
                b'u' => {
                    v.upper = value;
                    v.lower &= !value;
                }
                b'n' => v.reference = value,
                b't' => v.trace = value,
                b'x' => v.exported = value,
                _ => {}
            }
        }
    }
    Ok(())
}

async fn print(shell: &mut Shell, names: &[BString], a: &Attributes, who: &BString) -> Ran {
    let mut out = Vec::new();
    let mut status = 0;
    if names.is_empty() {
        let wants = |v: &Variable| {
            a.on.iter().all(|letter| match letter {
                b'a' => matches!(v.value, Value::Indexed(_)),
                b'A' => matches!(v.value, Value::Associative(_)),
                letter => v.letters().contains(*letter as char),
            })
        };
        for (name, v) in shell.st.vars.all() {
            if !wants(v) {
                continue;
            }
            if a.print || !a.on.is_empty() {
                out.extend_from_slice(&declaration(name, v));
                out.push(b'\n');
            } else if v.is_set() {
                out.extend_from_slice(&plain_line(name, v));
            }
        }
        if !a.print && a.on.is_empty() {
            for (name, function) in shell.st.functions.iter() {
                out.extend_from_slice(&function_text(name, function));
            }
        }
        return shell.print(&out, "declare").await;
    }
    let mut missing = Vec::new();
    for name in names {
        match shell.st.vars.find(name) {
            Some(v) => {
                out.extend_from_slice(&declaration(name, v));
                out.push(b'\n');
            }
            None => missing.push(name.clone()),
        }
    }
    shell.print(&out, "declare").await?;
    for name in missing {
        shell.complain(format_args!("{who}: {name}: not found")).await?;
        status = 1;
    }
    Ok(status)
}

async fn functions(shell: &mut Shell, names: &[BString], a: &Attributes) -> Ran {
    let mut out = Vec::new();
    let mut status = 0;
    let all: Vec<BString> =
        if names.is_empty() { shell.st.functions.keys().cloned().collect() } else { names.to_vec() };
    for name in &all {
        match shell.st.functions.get(name) {
            Some(_) if a.names_only && !names.is_empty() => {
                out.extend_from_slice(name);
                out.push(b'\n');
            }
            Some(_) if a.names_only => out.extend_from_slice(format!("declare -f {name}\n").as_bytes()),
            Some(function) => out.extend_from_slice(&function_text(name, function)),
            None => status = 1,
        }
    }
    shell.print(&out, "declare").await?;
    Ok(status)
}

pub(super) async fn export(shell: &mut Shell, words: &[BString]) -> Ran {
    mark(shell, words, b'x').await
}
pub(super) async fn readonly(shell: &mut Shell, words: &[BString]) -> Ran {
    mark(shell, words, b'r').await
}

/// `export` and `readonly`: one attribute on (or, with -n, off).
async fn mark(shell: &mut Shell, words: &[BString], letter: u8) -> Ran {
    let given = match getopt(shell, words, if letter == b'x' { "fnp" } else { "aAfp" }).await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    if names.is_empty() {
        let mut out = Vec::new();
        for (name, v) in shell.st.vars.all() {
            if if letter == b'x' { v.exported } else { v.readonly } {
                out.extend_from_slice(&declaration(name, v));
                out.push(b'\n');
            }
        }
        return shell.print(&out, &words[0].to_string()).await;
    }
    if given.has(b'f') {
        let missing = names.iter().find(|n| !shell.st.functions.contains_key(*n)).cloned();
        if let Some(name) = missing {
            shell.complain(format_args!("{}: {name}: not a function", words[0])).await?;
            return Ok(1);
        }
        return Ok(0);
    }
    let mut a = Attributes::default();
    if given.has(b'n') {
        a.off.push(letter)
    } else {
        a.on.push(letter)
    }
    for flag in [b'a', b'A'] {
        if given.has(flag) {
            a.on.push(flag);
        }
    }
    apply(shell, words, given.rest, a, false).await
}

pub(super) async fn unset(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "fvn").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for word in &words[given.rest..] {
        if given.has(b'f') {
            Rc::make_mut(&mut shell.st.functions).remove(word);
            continue;
        }
        let (name, index) = match assignment_split(&[&word[..], b"="].concat()) {
            Some((name, index, false, _)) => (name, index),
            _ => {
                if shell.st.functions.contains_key(word) && !given.has(b'v') {
                    Rc::make_mut(&mut shell.st.functions).remove(word);
                    continue;
                }
                // What is no name may still have been a function's.
                if given.has(b'v') {
                    shell.complain(format_args!("unset: `{word}': not a valid identifier")).await?;
                    status = 1;
                }
                continue;
            }
        };
        let name = if given.has(b'n') { name } else { shell.st.vars.resolve(&name) };
        match shell.st.vars.find(&name).cloned() {
            Some(v) if v.readonly => {
                shell.complain(format_args!("unset: {name}: cannot unset: readonly variable")).await?;
                status = 1;
            }
            Some(v) => match index {
                None => {
                    shell.st.vars.unset(&name);
                    shell.variable_changed(&name);
                }
                Some(index) if index == "@" || index == "*" => {
                    if matches!(v.value, Value::Associative(_)) && index == "*" {
                        unset_element(shell, &name, Place::Key(index));
                    } else {
                        shell.st.vars.unset(&name);
                    }
                }
                Some(index) => {
                    let place = shell.place_of(&name, index).await?;
                    unset_element(shell, &name, place);
                }
            },
            None if !given.has(b'v') && index.is_none() && shell.st.functions.contains_key(&name) => {
                Rc::make_mut(&mut shell.st.functions).remove(&name);
            }
            None => {}
        }
    }
    Ok(status)
}

fn unset_element(shell: &mut Shell, name: &[u8], place: Place) {
    let v = shell.st.vars.entry(name);
    match (&mut v.value, place) {
        (Value::Indexed(array), Place::Number(n)) => {
            let last = array.keys().next_back().copied();
            let at = if n >= 0 { Some(n as u64) } else { last.and_then(|l| (l + 1).checked_add_signed(n)) };
            if let Some(at) = at {
                Rc::make_mut(array).remove(&at);
            }
        }
        (Value::Associative(array), Place::Key(key)) => Rc::make_mut(array).remove(&key),
        (Value::Scalar(_), Place::Number(0)) => v.value = Value::Unset,
        _ => {}
    }
}
