//! The inbox: which incidents there are, as the pager tells them.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::app::go;
use super::dom::{self, fetch_text};
use super::store::{Entry, store};
use super::topbar::ThemeButton;
use crate::present::route::Route;

#[component]
pub(super) fn Inbox() -> impl IntoView {
    let store = store();
    if store.inbox.with_untracked(Option::is_none) {
        spawn_local(async move {
            let list = match fetch_text("packs/index.json").await {
                Ok(text) => serde_json::from_str::<Vec<Entry>>(&text)
                    .map_err(|_| "The list of incidents cannot be read.".to_owned()),
                Err(why) => Err(format!("The list of incidents could not be loaded. {why}")),
            };
            store.inbox.set(Some(list));
        });
    }
    view! {
        <div class="inbox">
            <header class="masthead">
                <span class="brand"><span class="flame" aria-hidden="true"></span>"Firedrill"</span>
                <span class="buttons">
                    <button class="quiet" on:click=move |_| store.help.set(true)>"Keyboard"</button>
                    <ThemeButton />
                </span>
            </header>
            <main>
                <h1 id="heading" tabindex="-1">"Your pager just went off."</h1>
                <p class="lead">
                    "A simulated fleet is failing in this browser tab. You have a shell, charts and a clock that runs: find the cause, fix it, watch it recover, say what it was."
                </p>
                {move || match store.inbox.get() {
                    None => view! { <p class="muted" role="status">"Loading the incidents …"</p> }.into_any(),
                    Some(Err(why)) => view! {
                        <div class="banner bad" role="alert">
                            <p>{why}</p>
                            <p><button on:click=move |_| { let _ = dom::window().location().reload(); }>"Try again"</button></p>
                        </div>
                    }.into_any(),
                    Some(Ok(list)) if list.is_empty() => view! { <p class="muted">"This site has no incidents yet."</p> }.into_any(),
                    Some(Ok(list)) => view! { <List list /> }.into_any(),
                }}
                <ol class="steps" aria-label="How a drill goes">
                    <li><strong>"Acknowledge"</strong>" Read the alert and say how bad it is."</li>
                    <li><strong>"Investigate"</strong>" Type real commands on the hosts; every output is computed from the simulated fleet."</li>
                    <li><strong>"Fix"</strong>" Change what is wrong and watch the charts recover."</li>
                    <li><strong>"Diagnose"</strong>" Say what it was. Every point is explained."</li>
                </ol>
                <p class="foot muted">"No account, nothing is sent anywhere: it all runs in this page, and your runs are saved in this browser."</p>
            </main>
        </div>
    }
    .into_any()
}

#[component]
fn List(list: Vec<Entry>) -> impl IntoView {
    view! {
        <ul class="pages" aria-label="Incidents">
            {list.into_iter().map(|entry| view! { <li><Card entry /></li> }).collect::<Vec<_>>()}
        </ul>
    }
    .into_any()
}

#[component]
fn Card(entry: Entry) -> impl IntoView {
    let store = store();
    let number = entry.number.clone();
    let saved = move || store.saved_runs.with(|all| all.contains(&number));
    let to_open = entry.number.clone();
    let minutes = (entry.minutes > 0).then(|| format!("about {} min", entry.minutes));
    let level = match entry.difficulty {
        0 => None,
        1 => Some("level 1 of 5, a first drill"),
        2 => Some("level 2 of 5"),
        3 => Some("level 3 of 5"),
        4 => Some("level 4 of 5"),
        _ => Some("level 5 of 5"),
    };
    view! {
        <article class="page-card">
            <div class="what">
                <p class="meta">
                    <Severity level=entry.severity.clone() />
                    <span class="number">{entry.number.clone()}</span>
                    {level.map(|l| view! { <span class="muted">{l}</span> })}
                    {minutes.map(|m| view! { <span class="muted">{m}</span> })}
                </p>
                <h2>{entry.headline.clone()}</h2>
            </div>
            <button class="primary" on:click=move |_| go(&Route::Incident { number: to_open.clone(), seed: None })>
                {
                    let saved = saved.clone();
                    move || if saved() { "Continue" } else { "Take the page" }
                }
                <span class="vh">{format!(" {}", entry.number)}</span>
            </button>
        </article>
    }
    .into_any()
}

/// Severity as a shape and a word, never a colour alone.
#[component]
pub(super) fn Severity(level: String) -> impl IntoView {
    let (shape, class) = match level.to_lowercase().as_str() {
        "critical" | "page" | "p0" | "p1" => ("▲", "severity bad"),
        "warning" | "p2" => ("■", "severity warn"),
        "" => ("", "severity none"),
        _ => ("●", "severity info"),
    };
    (!level.is_empty())
        .then(|| view! { <span class=class><span aria-hidden="true">{shape}</span>" "{level.to_uppercase()}</span> })
}
