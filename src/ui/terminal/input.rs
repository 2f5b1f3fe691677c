//! Events of a terminal as letters to the engine. The textarea mirrors the edited line: text that the browser puts into it
//! (typed, dictated, composed, corrected) is found by comparing; keys that are no text are sent as a terminal encodes them.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, KeyboardEvent, Range};

use super::view;
use crate::present::keys::{self, Meaning, Press};
use crate::present::{mirror, paste as pasted, rows};
use crate::protocol::{Edit, ToEngine};
use crate::ui::dom::document;
use crate::ui::link;

/// Two presses of Escape within this time leave the terminal.
const TWICE_MS: f64 = 600.0;

type Ask = Box<dyn Fn(u32, String)>;

thread_local! {
    static ASK: RefCell<Option<Ask>> = const { RefCell::new(None) };
}

/// Who asks before several lines are pasted.
pub(super) fn on_paste(ask: impl Fn(u32, String) + 'static) {
    ASK.with_borrow_mut(|slot| *slot = Some(Box::new(ask)));
}

/// A key on the focus stop: Enter goes in.
pub(super) fn stop_keydown(term: u32, event: &KeyboardEvent) {
    let own = event
        .target()
        .and_then(|t| t.dyn_into::<Element>().ok())
        .is_some_and(|e| e.get_attribute("data-term").is_some());
    if own && event.key() == "Enter" && !event.ctrl_key() && !event.alt_key() && !event.meta_key() {
        event.prevent_default();
        view::enter(term);
    }
}

/// A key in the log that is being reviewed: Escape goes back to typing.
pub(super) fn log_keydown(term: u32, event: &KeyboardEvent) {
    if event.key() == "Escape" {
        event.prevent_default();
        event.stop_propagation();
        view::enter(term);
    }
}

pub(super) fn keydown(term: u32, event: &KeyboardEvent) {
    // 229: an input method has the key.
    if event.is_composing() || event.key_code() == 229 {
        return;
    }
    event.stop_propagation();
    let Some((modes, prompt, empty, selected)) =
        view::with(term, |view| (view.modes, view.line.is_some(), view.shadow.is_empty(), view.selected()))
    else {
        return;
    };
    let key = event.key();
    let press = Press {
        key: &key,
        ctrl: event.ctrl_key(),
        alt: event.alt_key(),
        shift: event.shift_key(),
        meta: event.meta_key(),
    };
    if key == "Escape" {
        let twice = view::with(term, |view| {
            let now = view::now();
            let twice = now - view.escaped_at < TWICE_MS;
            view.escaped_at = if twice { f64::MIN } else { now };
            twice
        });
        if twice == Some(true) {
            event.prevent_default();
            view::leave(term);
            return;
        }
    }
    match keys::meaning(press, modes.app_cursor, prompt, empty, selected) {
        Meaning::Send(bytes) => {
            event.prevent_default();
            send(term, bytes);
        }
        Meaning::Leave => {
            event.prevent_default();
            view::leave(term);
        }
        Meaning::Copy => {
            event.prevent_default();
            copy_selection();
        }
        Meaning::Scroll(to) => {
            event.prevent_default();
            view::scroll(term, to);
        }
        Meaning::Review => {
            event.prevent_default();
            view::review(term);
        }
        // The browser puts text and pastes into the textarea, and keeps its own keys.
        Meaning::Text | Meaning::Paste | Meaning::Other => {}
    }
}

fn send(term: u32, bytes: Vec<u8>) {
    link::send(ToEngine::Keys { term, bytes });
}

/// The textarea's text has changed.
pub(super) fn edited(term: u32) {
    let letter = view::with(term, |view| {
        if view.composing {
            return None;
        }
        let value = view.parts.mirror.value();
        if view.line.is_none() {
            view.parts.mirror.set_value("");
            return (!value.is_empty()).then(|| ToEngine::Keys { term, bytes: value.replace('\n', "\r").into_bytes() });
        }
        let edit = mirror::difference(&view.shadow, view.shadow_cursor, &value)?;
        view.seq += 1;
        let caret = view.parts.mirror.selection_start().ok().flatten().unwrap_or(0);
        view.shadow_cursor = chars_before(&value, caret);
        view.shadow = value;
        // A soft keyboard's Enter arrives as a line end in the text.
        let edit = Edit { seq: view.seq, ..edit };
        Some(ToEngine::Edit { term, edit })
    });
    let Some(Some(letter)) = letter else { return };
    let enter = matches!(&letter, ToEngine::Edit { edit, .. } if edit.insert.contains('\n'));
    link::send(letter);
    if enter {
        send(term, vec![b'\r']);
    }
}

fn chars_before(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    text.chars()
        .take_while(|c| {
            let fits = left >= c.len_utf16();
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .count()
}

/// An input method starts or ends: nothing is sent in between.
pub(super) fn composing(term: u32, now: bool) {
    view::with(term, |view| {
        view.composing = now;
        crate::ui::dom::set(&view.parts.stop, "data-composing", if now { "true" } else { "false" });
    });
    if !now {
        edited(term);
    }
}

pub(super) fn paste(term: u32, event: &ClipboardEvent) {
    event.prevent_default();
    let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
    if text.is_empty() {
        return;
    }
    if pasted::lines(&text) > 1 {
        ASK.with_borrow(|ask| {
            if let Some(ask) = ask {
                ask(term, text);
            }
        });
    } else {
        link::send(ToEngine::Paste { term, text });
    }
}

/// What is selected goes to the clipboard through the copy event, which needs no permission.
fn copy_selection() {
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = document.exec_command("copy");
    }
    if let Ok(Some(selection)) = document().get_selection() {
        let _ = selection.remove_all_ranges();
    }
}

/// Lines as they were written: wrapped rows join, trailing blanks go, no decoration.
pub(super) fn copy(term: u32, event: &ClipboardEvent) {
    let Ok(Some(selection)) = document().get_selection() else { return };
    let Ok(range) = selection.get_range_at(0) else { return };
    let text = view::with(term, |view| {
        let found = view.parts.scroll.query_selector_all(".row").ok()?;
        let mut lines = Vec::new();
        for index in 0..found.length() {
            let Some(row) = found.get(index) else { continue };
            if range.intersects_node(&row).unwrap_or(false) {
                let wrapped = row.dyn_ref::<Element>().is_some_and(|e| e.has_attribute("data-w"));
                lines.push((within(&range, &row).unwrap_or_default(), wrapped));
            }
        }
        Some(rows::join(lines.iter().map(|(text, wrapped)| (text.as_str(), *wrapped))))
    });
    if let (Some(Some(text)), Some(data)) = (text, event.clipboard_data())
        && data.set_data("text/plain", &text).is_ok()
    {
        event.prevent_default();
    }
}

/// The part of a row that lies in the selection.
fn within(range: &Range, row: &web_sys::Node) -> Option<String> {
    let part = Range::new().ok()?;
    part.select_node_contents(row).ok()?;
    if part.compare_boundary_points(Range::START_TO_START, range).ok()? < 0 {
        part.set_start(&range.start_container().ok()?, range.start_offset().ok()?).ok()?;
    }
    if part.compare_boundary_points(Range::END_TO_END, range).ok()? > 0 {
        part.set_end(&range.end_container().ok()?, range.end_offset().ok()?).ok()?;
    }
    Some(String::from(part.to_string()))
}

/// A full-screen program has no scrollback: there the wheel presses the arrow keys, as terminals do.
pub(super) fn wheel(term: u32, event: &web_sys::WheelEvent) {
    let Some(modes) = view::with(term, |view| view.modes) else { return };
    let lines = event.delta_y() / if event.delta_mode() == 0 { 38.0 } else { 1.0 };
    if modes.alternate && lines.abs() >= 0.5 {
        event.prevent_default();
        let key: &[u8] = match (modes.app_cursor, lines > 0.0) {
            (false, false) => b"\x1b[A",
            (false, true) => b"\x1b[B",
            (true, false) => b"\x1bOA",
            (true, true) => b"\x1bOB",
        };
        send(term, key.repeat((lines.abs().round() as usize).clamp(1, 10)));
    }
}

/// Closes the menu that a button stands in.
pub(super) fn close_menu(event: &web_sys::MouseEvent) {
    if let Some(menu) =
        event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest("details").ok().flatten())
    {
        let _ = menu.remove_attribute("open");
    }
}

pub(super) fn close_on_escape(event: &KeyboardEvent) {
    if event.key() != "Escape" {
        return;
    }
    if let Some(menu) =
        event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest("details").ok().flatten())
    {
        let _ = menu.remove_attribute("open");
        if let Some(summary) =
            menu.query_selector("summary").ok().flatten().and_then(|s| s.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = summary.focus();
        }
    }
}
