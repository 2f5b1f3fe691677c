//! The terminals: tabs, one panel a terminal, the bar that asks before a paste of several lines.
//!
//! Rows are written by `view` without signals; `input` turns events into letters. Both find a terminal by its number, so that
//! no handler holds an element that is gone.

mod input;
mod view;

use leptos::{html, prelude::*};

pub(super) use view::older;

use super::link;
use super::store::{Phase, store};
use crate::present::paste;
use crate::protocol::{Tab, ToEngine};

/// Focuses the terminal that is shown.
pub(super) fn enter() {
    if let Some(term) = store_active() {
        view::enter(term);
    }
}

fn store_active() -> Option<u32> {
    view::active()
}

#[component]
pub(super) fn Terminals() -> impl IntoView {
    let store = store();
    let pasting = RwSignal::new(None::<(u32, String)>);
    input::on_paste(move |term, text| pasting.set(Some((term, text))));
    Effect::new(move |_| view::set_active(store.active.get()));
    view::watch_selection();
    view! {
        <section class="terminals" aria-labelledby="terminals-title">
            <h2 id="terminals-title" class="vh">"Terminals"</h2>
            <div class="tabs">
                <div role="tablist" aria-label="Open terminals" class="tablist">
                    <For each=move || store.tabs.get() key=|tab| (tab.term, tab.closed) let:tab>
                        <TabButton tab />
                    </For>
                </div>
                <OpenHost />
            </div>
            <For each=move || store.tabs.get() key=|tab| tab.term let:tab>
                <Panel tab />
            </For>
            <Show when=move || store.tabs.with(Vec::is_empty)>
                <p class="empty">
                    {move || match store.phase.get() {
                        Phase::Playing => "All terminals are closed. Open one on a host above.",
                        _ => "The terminal opens as soon as the simulated fleet has caught up with the alert.",
                    }}
                </p>
            </Show>
            {move || pasting.get().map(|(term, text)| view! { <PasteBar term text done=move || pasting.set(None) /> })}
        </section>
    }
    .into_any()
}

#[component]
fn TabButton(tab: Tab) -> impl IntoView {
    let store = store();
    let Tab { term, host, closed } = tab;
    let selected = move || store.active.get() == Some(term);
    let keys = move |event: web_sys::KeyboardEvent| {
        let tabs = store.tabs.get_untracked();
        let at = tabs.iter().position(|t| t.term == term).unwrap_or(0);
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % tabs.len(),
            "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
            "Home" => 0,
            "End" => tabs.len() - 1,
            _ => return,
        };
        event.prevent_default();
        if let Some(tab) = tabs.get(to) {
            store.active.set(Some(tab.term));
            super::dom::focus(&format!("tab-{}", tab.term));
        }
    };
    view! {
        <button
            role="tab"
            id=format!("tab-{term}")
            aria-controls=format!("panel-{term}")
            aria-selected=move || selected().to_string()
            tabindex=move || if selected() { "0" } else { "-1" }
            class="tab"
            class:ended=closed
            on:click=move |event| {
                store.active.set(Some(term));
                // A click with the mouse goes on to the terminal; the keyboard stays on the tab, as tabs do.
                if event.detail() > 0 {
                    request_animation_frame(enter);
                }
            }
            on:keydown=keys
        >
            {host}
            {closed.then_some(" (ended)")}
        </button>
    }
}

/// Opens a terminal on a host of the fleet.
#[component]
fn OpenHost() -> impl IntoView {
    let store = store();
    let open = move |host: String| {
        let (cols, rows) = view::size().unwrap_or((100, 30));
        link::send(ToEngine::Open { host, cols, rows });
    };
    view! {
        <details class="menu open-host" on:keydown=move |event| input::close_on_escape(&event)>
            <summary>"New terminal"</summary>
            <ul>
                <For each=move || store.brief.with(|b| b.hosts.clone()) key=|h| h.name.clone() let:host>
                    <li>
                        <button on:click={
                            let name = host.name.clone();
                            move |event| {
                                input::close_menu(&event);
                                open(name.clone());
                            }
                        }>
                            <strong>{host.name.clone()}</strong>
                            " "
                            <span class="muted">{host.about.clone()}</span>
                        </button>
                    </li>
                </For>
            </ul>
        </details>
    }
    .into_any()
}

#[component]
fn Panel(tab: Tab) -> impl IntoView {
    let store = store();
    let Tab { term, host, .. } = tab;
    let (stop, scroll, past) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let (grid, cursor) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let mirror = NodeRef::<html::Textarea>::new();
    let (pill, more) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    Effect::new(move |_| {
        let parts = (|| {
            Some(view::Parts {
                stop: stop.get()?.into(),
                scroll: scroll.get()?.into(),
                past: past.get()?.into(),
                grid: grid.get()?.into(),
                cursor: cursor.get()?.into(),
                mirror: mirror.get()?,
                pill: pill.get()?.into(),
                more: more.get()?.into(),
            })
        })();
        if let Some(parts) = parts {
            view::mount(store, term, parts);
        }
    });
    on_cleanup(move || view::unmount(term));
    let help = format!("term-help-{term}");
    let name = host.clone();
    view! {
        <div
            role="tabpanel"
            id=format!("panel-{term}")
            aria-labelledby=format!("tab-{term}")
            class="term-panel"
            class:shown=move || store.active.get() == Some(term)
        >
            <div
                class="term"
                role="group"
                node_ref=stop
                tabindex="0"
                aria-label=format!("Terminal on {host}")
                aria-describedby=help.clone()
                data-term=term
                on:keydown=move |event| input::stop_keydown(term, &event)
            >
                <div class="scroll" node_ref=scroll on:scroll=move |_| view::scrolled(term) on:wheel=move |event| input::wheel(term, &event) on:click=move |_| view::clicked(term)>
                    <div
                        role="log"
                        aria-live="off"
                        aria-label=format!("Output of {name}")
                        tabindex="-1"
                        class="log"
                        on:copy=move |event| input::copy(term, &event)
                        on:keydown=move |event| input::log_keydown(term, &event)
                    >
                        <button class="more" node_ref=more hidden on:click=move |event| {
                            event.stop_propagation();
                            view::ask_older(term);
                        }>
                            "Show older lines"
                        </button>
                        <div class="past" node_ref=past></div>
                        <div class="live">
                            <div class="grid" node_ref=grid></div>
                            <div class="cursor" node_ref=cursor aria-hidden="true"></div>
                        </div>
                    </div>
                    <textarea
                        class="mirror"
                        node_ref=mirror
                        rows="1"
                        tabindex="-1"
                        aria-label=format!("{host} terminal input")
                        autocapitalize="off"
                        autocomplete="off"
                        spellcheck="false"
                        enterkeyhint="send"
                        on:keydown=move |event| input::keydown(term, &event)
                        on:input=move |_| input::edited(term)
                        on:compositionstart=move |_| input::composing(term, true)
                        on:compositionend=move |_| input::composing(term, false)
                        on:paste=move |event| input::paste(term, &event)
                        on:focus=move |_| view::focused(term, true)
                        on:blur=move |_| view::focused(term, false)
                    ></textarea>
                </div>
                <button class="pill" node_ref=pill hidden on:click=move |event| {
                    event.stop_propagation();
                    view::follow(term);
                }>"Jump to live"</button>
            </div>
            <p class="term-help" id=help>
                <span class="outside">"Press " <kbd>"Enter"</kbd> " to type in this terminal."</span>
                <span class="inside"><kbd>"Esc"</kbd> " twice or " <kbd>"Ctrl+Shift+L"</kbd> " leaves the terminal."</span>
            </p>
        </div>
    }
    .into_any()
}

/// Several lines would run one after the other: the player sees how many before they do.
#[component]
fn PasteBar(term: u32, text: String, done: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let yes = NodeRef::<html::Button>::new();
    // The player has just pressed the keys for a paste: the question is the answer to that, so it takes the focus.
    Effect::new(move |_| {
        if let Some(button) = yes.get() {
            let _ = button.focus();
        }
    });
    let lines = paste::lines(&text);
    let finish = move || {
        done();
        view::enter(term);
    };
    let first = paste::clean(&text).split('\r').next().unwrap_or_default().chars().take(60).collect::<String>();
    view! {
        <div class="paste" role="dialog" aria-label="Paste several lines" on:keydown=move |event| {
            if event.key() == "Escape" {
                event.prevent_default();
                finish();
            }
        }>
            <span>{format!("Paste {lines} lines? They run one after the other, beginning with ")} <code>{first}</code></span>
            <button node_ref=yes class="primary" on:click=move |_| {
                link::send(ToEngine::Paste { term, text: text.clone() });
                finish();
            }>"Paste"</button>
            <button on:click=move |_| finish()>"Cancel"</button>
        </div>
    }
    .into_any()
}
