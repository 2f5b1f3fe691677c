//! The page that went off: the brief, the alerts as they stand, the service levels, and taking responsibility.

use leptos::prelude::*;

use super::link;
use super::prose::Prose;
use super::store::store;
use crate::present::clock;
use crate::protocol::{Act, AlertState, Level, PlayerAlert};

#[component]
pub(super) fn Alerts() -> impl IntoView {
    let store = store();
    view! {
        <section class="panel alerts" aria-labelledby="alerts-title">
            <h2 id="alerts-title">"Alerts"</h2>
            <Show
                when=move || store.brief.with(|b| !b.number.is_empty())
                fallback=|| view! { <p class="muted">"The alert is shown as soon as the fleet is simulated."</p> }
            >
                <Acknowledge />
            </Show>
            <ul>
                {move || store.alerts.get().into_iter().map(|alert| view! { <Alert alert /> }).collect::<Vec<_>>()}
            </ul>
            <Levels />
            <Show when=move || store.brief.with(|b| !b.number.is_empty())>
                <Channel />
            </Show>
            {move || {
                let brief = store.brief.with(|b| b.brief.clone());
                (!brief.trim().is_empty()).then(|| view! {
                    <details class="brief" open>
                        <summary>"What you know"</summary>
                        <Prose text=brief />
                    </details>
                })
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Acknowledge() -> impl IntoView {
    let store = store();
    let choices = move || store.brief.with(|b| b.form.severities.clone());
    view! {
        {move || match store.acknowledged.get() {
            Some(at) => view! { <p class="acknowledged">{format!("✓ Acknowledged at {}", clock::since_alert(at))}</p> }.into_any(),
            None => view! {
                <fieldset class="acknowledge" disabled=move || choices().is_empty()>
                    <legend>"Acknowledge as"</legend>
                    {choices().into_iter().enumerate().map(|(n, choice)| {
                        let severity = choice.code.clone();
                        // The explanation behind the colon is the button's description.
                        let about = choice.label.split_once(':').map_or(choice.label.clone(), |(_, about)| about.trim().to_owned());
                        let title = about.clone();
                        view! {
                            <button
                                id=(n == 0).then_some("acknowledge")
                                title=title
                                on:click=move |_| link::act(Act::Acknowledge { severity: severity.clone() })
                            >
                                <strong>{choice.code.clone()}</strong>
                                <small>{about}</small>
                            </button>
                        }
                    }).collect::<Vec<_>>()}
                </fieldset>
            }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn Alert(alert: PlayerAlert) -> impl IntoView {
    let store = store();
    let (shape, word, class) = match alert.state {
        AlertState::Firing => ("▲", "firing", "alert firing"),
        AlertState::Pending => ("■", "pending", "alert pending"),
        AlertState::Resolved => ("●", "resolved", "alert resolved"),
    };
    let since = clock::time_of_day(clock::instant(store.brief.with_untracked(|b| b.alert_us), alert.since));
    let name = alert.name.clone();
    view! {
        <li class=class data-alert=name data-state=word>
            <p class="line">
                <span class="state"><span aria-hidden="true">{shape}</span>" "{word}</span>
                <strong>{alert.name}</strong>
                <span class="value">{alert.value}</span>
            </p>
            <p class="summary">{alert.summary}</p>
            <p class="labels">
                <span class="muted">{format!("since {since}")}</span>
                {alert.labels.into_iter().map(|(k, v)| view! { <span class="label">{format!("{k}={v}")}</span> }).collect::<Vec<_>>()}
            </p>
        </li>
    }
}

/// What others are told: the incident's channel.
#[component]
fn Channel() -> impl IntoView {
    let store = store();
    let text = RwSignal::new(String::new());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let said = text.get_untracked();
        if !said.trim().is_empty() {
            link::act(Act::Say { text: said });
            text.set(String::new());
        }
    };
    view! {
        <form class="channel" on:submit=send>
            <label for="say">"Tell the others"</label>
            <ul>
                {move || store.channel.get().into_iter().map(|said| view! {
                    <li><span class="muted">{format!("{} {}", clock::since_alert(said.t), said.who)}</span>" "{said.text}</li>
                }).collect::<Vec<_>>()}
            </ul>
            <div class="line">
                <input
                    id="say"
                    autocomplete="off"
                    placeholder="Impact, what is done, when the next update comes"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
                <button type="submit">"Send"</button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Levels() -> impl IntoView {
    let store = store();
    let row = |level: Level| {
        let (mark, class) = if level.met { ("✓ met", "good") } else { ("✗ missed", "bad") };
        view! {
            <tr>
                <th scope="row">{level.name}<small class="muted">{level.about}</small></th>
                <td class="figure">{level.value}</td>
                <td class="muted">{level.target}</td>
                <td class=class>{mark}</td>
            </tr>
        }
    };
    view! {
        <Show when=move || !store.levels.with(Vec::is_empty)>
            <table class="levels">
                <caption>"Service levels"</caption>
                <thead class="vh"><tr><th>"Service level"</th><th>"Now"</th><th>"Target"</th><th>"State"</th></tr></thead>
                <tbody>{move || store.levels.get().into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </Show>
    }
    .into_any()
}
