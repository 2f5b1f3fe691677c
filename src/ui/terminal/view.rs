//! Rows on the page. Lines that have left the screen become nodes that are never touched again, so selecting, finding and
//! reviewing go on while output streams; only the screen's changed rows are rewritten, once a frame of the browser.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlElement, HtmlTextAreaElement, ResizeObserver};

use crate::present::keys::Scroll;
use crate::present::{announce, rows};
use crate::protocol::{CommandMark, CommandState, CursorShape, EditLine, Modes, Row, TermFrame, ToEngine};
use crate::ui::dom::{document, element, real_ms, set, style};
use crate::ui::link;
use crate::ui::store::Store;

/// Lines in the page; the worker keeps more.
const MOUNTED: u64 = 2000;
/// Lines of one chunk: what the browser lays out or skips as a whole.
const CHUNK: u32 = 50;
/// Lines that one press of "Show older lines" fetches.
const OLDER: u32 = 500;
/// Texts kept for the announcement of a command's output.
const HEARD: usize = 400;
/// Commands whose marks the page keeps, as many as the worker.
const MARKS: usize = 2000;
/// Narrower is scrolled sideways instead.
const LEAST_COLS: u16 = 40;

pub(super) struct Parts {
    pub(super) stop: HtmlElement,
    pub(super) scroll: HtmlElement,
    pub(super) past: HtmlElement,
    pub(super) grid: HtmlElement,
    pub(super) cursor: HtmlElement,
    pub(super) mirror: HtmlTextAreaElement,
    pub(super) pill: HtmlElement,
    pub(super) more: HtmlElement,
}

pub(super) struct View {
    store: Store,
    pub(super) parts: Parts,
    pending: Vec<TermFrame>,
    scheduled: bool,
    live: Vec<(HtmlElement, String)>,
    live_marks: Vec<Option<(u32, CommandState)>>,
    /// Numbers of the first line in the page and of the screen's top line.
    first: u64,
    top: u64,
    chunk_fill: u32,
    heard: VecDeque<String>,
    marks: BTreeMap<u64, CommandMark>,
    /// Commands that have ended in this terminal.
    done: u64,
    cursor_row: u16,
    following: bool,
    scroll_top: i32,
    unseen: u64,
    ch: f64,
    row_height: f64,
    size: (u16, u16),
    resize_due: bool,
    pub(super) line: Option<EditLine>,
    pub(super) shadow: String,
    pub(super) shadow_cursor: usize,
    pub(super) seq: u64,
    pub(super) modes: Modes,
    pub(super) composing: bool,
    pub(super) escaped_at: f64,
    observer: Option<ResizeObserver>,
}

type Shared = Rc<RefCell<View>>;

thread_local! {
    static VIEWS: RefCell<BTreeMap<u32, Shared>> = const { RefCell::new(BTreeMap::new()) };
    static ACTIVE: RefCell<Option<u32>> = const { RefCell::new(None) };
}

fn view(term: u32) -> Option<Shared> {
    VIEWS.with_borrow(|views| views.get(&term).cloned())
}

pub(super) fn with<T>(term: u32, f: impl FnOnce(&mut View) -> T) -> Option<T> {
    view(term).map(|view| f(&mut view.borrow_mut()))
}

pub(super) fn active() -> Option<u32> {
    ACTIVE.with_borrow(|active| *active)
}

pub(super) fn set_active(term: Option<u32>) {
    ACTIVE.with_borrow_mut(|active| *active = term);
    if let Some(term) = term {
        // Its panel has just been shown: now it has a size.
        request_animation_frame(move || measure(term));
    }
}

/// Columns and rows of the terminal that is shown.
pub(super) fn size() -> Option<(u16, u16)> {
    with(active()?, |view| view.size).filter(|size| size.0 > 0)
}

pub(super) fn mount(store: Store, term: u32, parts: Parts) {
    // Not an attribute that the markup's checker knows.
    set(&parts.mirror, "autocorrect", "off");
    let shared = Rc::new(RefCell::new(View {
        store,
        parts,
        pending: Vec::new(),
        scheduled: false,
        live: Vec::new(),
        live_marks: Vec::new(),
        first: 0,
        top: 0,
        chunk_fill: CHUNK,
        heard: VecDeque::new(),
        marks: BTreeMap::new(),
        done: 0,
        cursor_row: 0,
        following: true,
        scroll_top: 0,
        unseen: 0,
        ch: 8.0,
        row_height: 19.0,
        size: (0, 0),
        resize_due: false,
        line: None,
        shadow: String::new(),
        shadow_cursor: 0,
        seq: 0,
        modes: Modes::default(),
        composing: false,
        escaped_at: f64::MIN,
        observer: None,
    }));
    let resized = Closure::<dyn FnMut(JsValue)>::new(move |_| {
        let due = with(term, |view| std::mem::replace(&mut view.resize_due, true));
        if due == Some(false) {
            // One resize for a whole drag of the window's edge.
            gloo_timers::callback::Timeout::new(100, move || measure(term)).forget();
        }
    });
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(&shared.borrow().parts.stop);
        shared.borrow_mut().observer = Some(observer);
    }
    // The observer is disconnected when the panel goes; its closure is a few bytes.
    resized.forget();
    VIEWS.with_borrow_mut(|views| views.insert(term, shared));
    link::attach(term, Rc::new(move |frames| receive(term, frames)));
    measure(term);
}

pub(super) fn unmount(term: u32) {
    link::detach(term);
    let view = VIEWS.with_borrow_mut(|views| views.remove(&term));
    if let Some(observer) = view.and_then(|view| view.borrow_mut().observer.take()) {
        observer.disconnect();
    }
}

/// Frames wait for the browser's next frame: a burst is drawn once.
fn receive(term: u32, frames: Vec<TermFrame>) {
    let scheduled = with(term, |view| {
        view.pending.extend(frames);
        std::mem::replace(&mut view.scheduled, true)
    });
    if scheduled == Some(false) {
        if document().hidden() {
            // No animation frames come to a hidden page; the frames must not pile up.
            render(term);
        } else {
            request_animation_frame(move || render(term));
        }
    }
}

fn render(term: u32) {
    let Some(shared) = view(term) else { return };
    let mut view = shared.borrow_mut();
    view.scheduled = false;
    if view.selecting() {
        // Rewriting a selected row would cut the selection: the frames wait.
        view.show_pill();
        return;
    }
    for frame in std::mem::take(&mut view.pending) {
        view.draw(frame);
    }
    if view.following {
        view.to_bottom();
    }
    view.show_pill();
}

impl View {
    fn draw(&mut self, frame: TermFrame) {
        if frame.fresh {
            self.parts.past.replace_children_with_node_0();
            self.parts.grid.replace_children_with_node_0();
            self.live.clear();
            self.live_marks.clear();
            self.heard.clear();
            self.marks.clear();
            self.done = 0;
            self.first = frame.gone_from;
            self.top = frame.gone_from;
            self.chunk_fill = CHUNK;
        }
        if frame.skipped > 0 {
            // What was skipped would be a hole: what is above it is fetched again when asked for.
            self.parts.past.replace_children_with_node_0();
            self.heard.clear();
            self.first = frame.gone_from;
            self.top = frame.gone_from;
            self.chunk_fill = CHUNK;
        }
        let finished = self.note_marks(&frame);
        for row in &frame.gone {
            self.push_past(row);
        }
        self.drop_oldest();
        self.draw_live(&frame);
        self.modes = frame.modes;
        let alternate = if frame.modes.alternate { "true" } else { "false" };
        set(&self.parts.stop, "data-alternate", alternate);
        let hide_more = self.first == 0 || frame.modes.alternate;
        self.parts.more.set_hidden(hide_more);
        self.place_cursor(&frame);
        self.mirror(frame.line);
        if frame.bells > 0 {
            self.ring();
        }
        for mark in finished {
            self.announce(&mark);
        }
    }

    /// Marks by line; those of commands that have just ended are returned.
    fn note_marks(&mut self, frame: &TermFrame) -> Vec<CommandMark> {
        let mut finished = Vec::new();
        for mark in &frame.marks {
            // A resize may have moved it to another line.
            let old = self.marks.iter().find(|(_, m)| m.id == mark.id).map(|(line, _)| *line);
            let before = old.and_then(|line| self.marks.remove(&line));
            self.marks.insert(mark.line, mark.clone());
            if matches!(mark.state, CommandState::Done(_)) && before.as_ref().is_none_or(|b| b.state != mark.state) {
                self.done += 1;
                if !frame.fresh {
                    finished.push(mark.clone());
                }
            }
        }
        // Marks of lines that the page no longer holds come again with the lines.
        while self.marks.len() > MARKS {
            self.marks.pop_first();
        }
        set(&self.parts.stop, "data-done", &self.done.to_string());
        finished
    }

    fn push_past(&mut self, row: &Row) {
        if self.chunk_fill >= CHUNK {
            // A whole chunk has a known height, so the browser may skip laying it out.
            if let Some(full) = self.parts.past.last_element_child() {
                let _ = full.class_list().add_1("full");
            }
            let _ = self.parts.past.append_child(&element("div", "chunk"));
            self.chunk_fill = 0;
        }
        if let Some(chunk) = self.parts.past.last_element_child() {
            let node = past_row(row);
            if let Some(mark) = self.marks.get(&self.top) {
                mark_row(&node, Some(mark));
            }
            let _ = chunk.append_child(&node);
        }
        self.chunk_fill += 1;
        self.top += 1;
        if !self.following {
            self.unseen += 1;
        }
        self.heard.push_back(row.text());
        if self.heard.len() > HEARD {
            self.heard.pop_front();
        }
    }

    /// Keeps the page's share of the scrollback small, but never takes away what is being read.
    fn drop_oldest(&mut self) {
        while self.following && self.top - self.first > MOUNTED + u64::from(CHUNK) {
            let Some(chunk) = self.parts.past.first_element_child() else { return };
            self.first += u64::from(chunk.child_element_count());
            chunk.remove();
        }
    }

    fn draw_live(&mut self, frame: &TermFrame) {
        while self.live.len() > frame.rows as usize {
            if let Some((node, _)) = self.live.pop() {
                node.remove();
            }
        }
        while self.live.len() < frame.rows as usize {
            let node = element("div", "row");
            let _ = self.parts.grid.append_child(&node);
            self.live.push((node, String::new()));
        }
        self.live_marks.resize(self.live.len(), None);
        for (index, row) in &frame.dirty {
            if let Some((node, text)) = self.live.get_mut(*index as usize) {
                fill(node, row);
                *text = row.text();
                // Filling took away what a mark had added.
                if let Some(slot) = self.live_marks.get_mut(*index as usize) {
                    mark_row(node, None);
                    *slot = None;
                }
            }
        }
        for (index, (node, _)) in self.live.iter().enumerate() {
            let mark = if frame.modes.alternate { None } else { self.marks.get(&(self.top + index as u64)) };
            let state = mark.map(|m| (m.id, m.state));
            if let Some(slot) = self.live_marks.get_mut(index)
                && *slot != state
            {
                mark_row(node, mark);
                *slot = state;
            }
        }
    }

    fn place_cursor(&mut self, frame: &TermFrame) {
        let cursor = frame.cursor;
        self.cursor_row = cursor.row;
        let x = f64::from(cursor.col) * self.ch;
        let y = f64::from(cursor.row) * self.row_height;
        style(&self.parts.cursor, "transform", &format!("translate({x:.2}px,{y:.2}px)"));
        let shape = match (cursor.visible, cursor.shape) {
            (false, _) => "hidden",
            (true, CursorShape::Block) => "block",
            (true, CursorShape::Underline) => "underline",
            (true, CursorShape::Bar) => "bar",
        };
        set(&self.parts.cursor, "data-shape", shape);
        // The textarea lies in the scrolled content, below the lines that have left: an input method's window opens there.
        let top = f64::from(self.parts.grid.offset_top()) + y;
        style(&self.parts.mirror, "transform", &format!("translate({x:.2}px,{top:.2}px)"));
    }

    /// The textarea holds the edited line, unless the player has typed since this frame was made.
    fn mirror(&mut self, line: Option<EditLine>) {
        let prompt = if line.is_some() { "true" } else { "false" };
        set(&self.parts.stop, "data-prompt", prompt);
        match &line {
            Some(line) if line.seq >= self.seq && !self.composing => {
                if self.parts.mirror.value() != line.text {
                    self.parts.mirror.set_value(&line.text);
                }
                self.shadow.clone_from(&line.text);
                self.shadow_cursor = line.cursor as usize;
                let units = line.text.chars().take(line.cursor as usize).map(char::len_utf16).sum::<usize>() as u32;
                if self.parts.mirror.selection_start() != Ok(Some(units)) {
                    let _ = self.parts.mirror.set_selection_range(units, units);
                }
            }
            None if !self.composing && self.line.is_some() => {
                self.parts.mirror.set_value("");
                self.shadow.clear();
                self.shadow_cursor = 0;
            }
            _ => {}
        }
        self.line = line;
    }

    /// A bell is an outline for a moment, at most one a second, and never a sound.
    fn ring(&self) {
        let stop = self.parts.stop.clone();
        let _ = stop.class_list().add_1("bell");
        gloo_timers::callback::Timeout::new(150, move || {
            let _ = stop.class_list().remove_1("bell");
        })
        .forget();
    }

    /// Reads a command's result out, if the player is in this terminal.
    fn announce(&self, mark: &CommandMark) {
        let focused = document().active_element();
        if !self.parts.stop.contains(focused.as_deref()) {
            return;
        }
        let end = self.top + u64::from(self.cursor_row);
        let mut output = Vec::new();
        for line in mark.line + 1..end {
            let text = if line >= self.top {
                self.live.get((line - self.top) as usize).map(|(_, text)| text)
            } else {
                let from_end = (self.top - line) as usize;
                self.heard.len().checked_sub(from_end).and_then(|at| self.heard.get(at))
            };
            output.push(text.cloned().unwrap_or_default());
        }
        if let Some(said) = announce::command(&mark.text, mark.state, &output) {
            self.store.said.set(said);
        }
    }

    /// Is text of the screen's own rows selected?
    fn selecting(&self) -> bool {
        let Ok(Some(selection)) = document().get_selection() else { return false };
        if selection.is_collapsed() {
            return false;
        }
        [selection.anchor_node(), selection.focus_node()]
            .iter()
            .flatten()
            .any(|node| self.parts.grid.contains(Some(node)))
    }

    pub(super) fn selected(&self) -> bool {
        let Ok(Some(selection)) = document().get_selection() else { return false };
        !selection.is_collapsed() && selection.anchor_node().is_some_and(|node| self.parts.scroll.contains(Some(&node)))
    }

    fn to_bottom(&self) {
        // Far beyond the end: no layout has to be read to know where that is.
        self.parts.scroll.set_scroll_top(10_000_000);
    }

    fn show_pill(&self) {
        let held = !self.pending.is_empty();
        self.parts.pill.set_hidden(self.following && !held);
        let text = match (held, self.unseen) {
            (true, _) => "Output waits while you select".to_owned(),
            (false, 0) => "Jump to live".to_owned(),
            (false, 1) => "Jump to live (1 new line)".to_owned(),
            (false, n) => format!("Jump to live ({n} new lines)"),
        };
        if self.parts.pill.text_content().as_deref() != Some(&text) {
            self.parts.pill.set_text_content(Some(&text));
        }
    }
}

/// Takes the cell's size and the room there is, and tells the engine when the terminal has another size.
pub(super) fn measure(term: u32) {
    let Some(changed) = with(term, |view| {
        view.resize_due = false;
        let probe = element("span", "probe");
        probe.set_text_content(Some(&"0".repeat(100)));
        let _ = view.parts.grid.append_child(&probe);
        let cell = probe.get_bounding_client_rect();
        probe.remove();
        let (width, height) = (view.parts.scroll.client_width(), view.parts.stop.client_height());
        if width < 40 || height < 20 || cell.width() < 100.0 {
            // Not shown at the moment.
            return None;
        }
        view.ch = cell.width() / 100.0;
        view.row_height = cell.height().max(8.0);
        let cols = ((f64::from(width) - 16.0) / view.ch).floor().clamp(f64::from(LEAST_COLS), 500.0) as u16;
        let rows = ((f64::from(height) - 8.0) / view.row_height).floor().clamp(4.0, 300.0) as u16;
        // Whole rows only: the line at the top is never cut in two.
        style(&view.parts.scroll, "height", &format!("{:.2}px", f64::from(rows) * view.row_height + 8.0));
        let changed = view.size != (cols, rows);
        view.size = (cols, rows);
        if view.following {
            view.to_bottom();
        }
        changed.then_some((cols, rows))
    }) else {
        return;
    };
    if let Some((cols, rows)) = changed {
        link::send(ToEngine::Resize { term, cols, rows });
    }
}

/// Into the terminal: its textarea gets the keys.
pub(super) fn enter(term: u32) {
    let mirror = with(term, |view| view.parts.mirror.clone());
    if let Some(mirror) = mirror {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = mirror.focus_with_options(&options);
    }
}

/// Out of it: to the focus stop, from where Tab goes on.
pub(super) fn leave(term: u32) {
    let stop = with(term, |view| view.parts.stop.clone());
    if let Some(stop) = stop {
        let _ = stop.focus();
    }
}

/// A click is a wish to type, unless it has selected something.
pub(super) fn clicked(term: u32) {
    if with(term, |view| view.selected()) == Some(false) {
        enter(term);
    }
}

pub(super) fn focused(term: u32, inside: bool) {
    with(term, |view| {
        view.composing = false;
        set(&view.parts.stop, "data-inside", if inside { "true" } else { "false" });
    });
}

/// The player scrolls: away from the bottom, output no longer pulls the view along.
pub(super) fn scrolled(term: u32) {
    with(term, |view| {
        let scroll = &view.parts.scroll;
        let top = scroll.scroll_top();
        // Only a movement upwards is the player's wish to stay; new rows below are not.
        if top + scroll.client_height() >= scroll.scroll_height() - 4 {
            view.following = true;
            view.unseen = 0;
        } else if top < view.scroll_top - 2 {
            view.following = false;
        }
        view.scroll_top = top;
        view.show_pill();
    });
}

pub(super) fn follow(term: u32) {
    if let Ok(Some(selection)) = document().get_selection() {
        let _ = selection.remove_all_ranges();
    }
    with(term, |view| {
        view.following = true;
        view.unseen = 0;
    });
    render(term);
    enter(term);
}

pub(super) fn scroll(term: u32, to: Scroll) {
    with(term, |view| {
        let scroll = &view.parts.scroll;
        let (page, line) = (scroll.client_height(), view.row_height as i32);
        let target = match to {
            Scroll::PageUp => scroll.scroll_top() - page,
            Scroll::PageDown => scroll.scroll_top() + page,
            Scroll::LineUp => scroll.scroll_top() - line,
            Scroll::LineDown => scroll.scroll_top() + line,
            Scroll::Top => 0,
            Scroll::Bottom => 10_000_000,
            Scroll::PreviousCommand | Scroll::NextCommand => {
                let here = f64::from(scroll.scroll_top());
                let Ok(found) = scroll.query_selector_all(".row.cmd") else { return };
                let base = scroll.get_bounding_client_rect().top() - here;
                let mut tops = (0..found.length())
                    .filter_map(|i| found.get(i)?.dyn_into::<Element>().ok())
                    .map(|row| row.get_bounding_client_rect().top() - base);
                let target = match to {
                    Scroll::PreviousCommand => tops.rev().find(|t| *t < here - 2.0),
                    _ => tops.find(|t| *t > here + 2.0),
                };
                target.map_or(scroll.scroll_top(), |t| t as i32)
            }
        };
        scroll.set_scroll_top(target.max(0));
    });
}

/// To the log, for reading with the keyboard or a screen reader.
pub(super) fn review(term: u32) {
    let log = with(term, |view| view.parts.scroll.first_element_child());
    if let Some(Some(log)) = log
        && let Ok(log) = log.dyn_into::<HtmlElement>()
    {
        let _ = log.focus();
    }
}

pub(super) fn ask_older(term: u32) {
    if let Some(before) = with(term, |view| view.first) {
        link::send(ToEngine::Older { term, before, count: OLDER });
    }
}

/// Lines that the worker kept, put before those of the page.
pub(crate) fn older(term: u32, from: u64, rows: Vec<Row>) {
    with(term, |view| {
        if from + rows.len() as u64 != view.first || rows.is_empty() {
            view.parts.more.set_hidden(true);
            return;
        }
        let before = view.parts.past.first_child();
        for (n, part) in rows.chunks(CHUNK as usize).enumerate() {
            let chunk = element("div", if part.len() == CHUNK as usize { "chunk full" } else { "chunk" });
            for (i, row) in part.iter().enumerate() {
                let node = past_row(row);
                mark_row(&node, view.marks.get(&(from + (n * CHUNK as usize + i) as u64)));
                let _ = chunk.append_child(&node);
            }
            let _ = view.parts.past.insert_before(&chunk, before.as_ref());
        }
        view.first = from;
        view.parts.more.set_hidden(from == 0);
    });
}

/// A selection that ends lets the held output through.
pub(super) fn watch_selection() {
    let changed = Closure::<dyn FnMut()>::new(|| {
        let held: Vec<u32> = VIEWS.with_borrow(|views| {
            views
                .iter()
                .filter(|(_, v)| v.try_borrow().is_ok_and(|v| !v.pending.is_empty() && !v.scheduled))
                .map(|(t, _)| *t)
                .collect()
        });
        for term in held {
            render(term);
        }
    });
    // One listener, replaced with each mount of the terminals.
    js_sys::Reflect::set(&document(), &"onselectionchange".into(), changed.as_ref()).ok();
    changed.forget();
}

pub(super) fn now() -> f64 {
    real_ms()
}

fn past_row(row: &Row) -> HtmlElement {
    let node = element("div", "row");
    fill(&node, row);
    node
}

/// A row's text and colours.
fn fill(node: &HtmlElement, row: &Row) {
    if row.wrapped {
        set(node, "data-w", "");
    } else {
        let _ = node.remove_attribute("data-w");
    }
    let pieces = rows::pieces(row);
    if let [only] = pieces.as_slice()
        && only.class.is_empty()
        && only.ink.is_none()
        && only.paper.is_none()
    {
        node.set_text_content(Some(&only.text));
        return;
    }
    node.replace_children_with_node_0();
    for piece in pieces {
        if piece.class.is_empty() && piece.ink.is_none() && piece.paper.is_none() {
            let _ = node.append_child(&document().create_text_node(&piece.text));
            continue;
        }
        let span = element("span", &piece.class);
        span.set_text_content(Some(&piece.text));
        if let Some(ink) = piece.ink {
            style(&span, "color", &ink);
        }
        if let Some(paper) = piece.paper {
            style(&span, "background-color", &paper);
        }
        let _ = node.append_child(&span);
    }
}

/// A row where a command was given is a heading of the log, with the command's end in words.
fn mark_row(node: &HtmlElement, mark: Option<&CommandMark>) {
    match mark {
        Some(mark) => {
            let class = match mark.state {
                CommandState::Running => "row cmd running",
                CommandState::Done(None | Some(0)) => "row cmd",
                CommandState::Done(Some(_)) => "row cmd failed",
            };
            node.set_class_name(class);
            set(node, "role", "heading");
            set(node, "aria-level", "3");
            set(node, "aria-label", &announce::heading(&mark.text, mark.state));
            if let CommandState::Done(Some(code)) = mark.state {
                set(node, "data-exit", &code.to_string());
            }
        }
        None => {
            node.set_class_name("row");
            for name in ["role", "aria-level", "aria-label", "data-exit"] {
                let _ = node.remove_attribute(name);
            }
        }
    }
}
