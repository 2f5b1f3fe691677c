//! The score: every point won or lost with the rule, the fact it rests on, and its time.

use leptos::prelude::*;

use super::dom;
use super::link;
use super::prose::Prose;
use super::store::store;
use crate::present::clock;
use crate::present::form::points;
use crate::protocol::{Block, Line};

#[component]
pub(super) fn Score() -> impl IntoView {
    let store = store();
    // The score is what the player has asked for by submitting.
    request_animation_frame(|| dom::focus("score"));
    move || {
        store.report.get().map(|report| {
        let verdict = if report.pass { "Passed" } else { "Not passed" };
        let number = report.number.clone();
        view! {
            <section class="panel score" aria-labelledby="score" data-pass=report.pass.to_string() data-score=points(report.score)>
                <h2 id="score" tabindex="-1">
                    <span class="total">{points(report.score)}</span>
                    <span class="of">{format!(" of {} points", points(report.of))}</span>
                    <span class="verdict" class:good=report.pass class:bad=!report.pass>{if report.pass { "✓ " } else { "✗ " }}{verdict}</span>
                </h2>
                {(!report.title.is_empty()).then(|| view! { <h3 class="title">{report.title.clone()}</h3> })}
                {(!report.story.is_empty()).then(|| view! { <Prose text=report.story.clone() /> })}
                {report.blocks.into_iter().map(block).collect::<Vec<_>>()}
                <p class="muted seed">{format!("{} · seed {}", report.number, report.seed)}</p>
                <div class="buttons">
                    <button class="primary" on:click=move |_| link::again(number.clone())>"Play again with another seed"</button>
                    <button on:click=move |_| {
                        if let Some((name, text)) = link::run_file() {
                            dom::download(&name, &text);
                        }
                    }>"Download the run"</button>
                </div>
            </section>
        }
    })
    }
}

fn block(block: Block) -> impl IntoView {
    // A block of penalties has nothing to win.
    let of =
        if block.of > 0.0 { format!("{} / {}", points(block.points), points(block.of)) } else { points(block.points) };
    let lines = block.lines.into_iter().map(line).collect::<Vec<_>>();
    view! {
        <table class="block">
            <caption><span>{block.name}</span><span class="figure">{of}</span></caption>
            <thead class="vh"><tr><th>"Rule and fact"</th><th>"Time"</th><th>"Points"</th></tr></thead>
            <tbody>{lines}</tbody>
        </table>
    }
}

fn line(line: Line) -> impl IntoView {
    let class = if line.points < 0.0 {
        "lost"
    } else if line.points > 0.0 {
        "won"
    } else {
        "none"
    };
    view! {
        <tr class=class>
            <th scope="row">{line.rule}<span class="fact">{line.fact}</span></th>
            <td class="muted">{line.t.map(clock::since_alert).unwrap_or_default()}</td>
            <td class="figure">{points(line.points)}</td>
        </tr>
    }
}
