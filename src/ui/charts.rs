//! Charts: our own SVG. The plot is drawn when the data or the size changes; a pointer or key moves only the crosshair.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::link;
use super::store::store;
use crate::present::chart::{self, Under, View};
use crate::present::clock;
use crate::protocol::Chart;

/// Room for the axes' labels.
const LEFT: f64 = 58.0;
const BOTTOM: f64 = 20.0;
const TOP: f64 = 8.0;
const HEIGHT: f64 = 120.0;

#[component]
pub(super) fn Charts() -> impl IntoView {
    let store = store();
    let room = NodeRef::<html::Div>::new();
    let width = RwSignal::new(320.0f64);
    Effect::new(move |_| {
        let Some(element) = room.get() else { return };
        let measured = element.clone();
        let resized = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            let now = f64::from(measured.client_width()) - LEFT - 14.0;
            if now > 60.0 && width.try_get_untracked().is_some_and(|w| (w - now).abs() > 1.0) {
                width.set(now);
                link::chart_width(now);
            }
        });
        if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&element);
        }
        // It lives as long as the element that it observes.
        resized.forget();
    });
    let ids = Memo::new(move |_| store.charts.with(|all| all.iter().map(|c| c.id.clone()).collect::<Vec<_>>()));
    view! {
        <section class="panel charts" aria-labelledby="charts-title">
            <h2 id="charts-title">"Charts"<span class="muted">{format!("last {}", clock::length(link::CHART_SPAN_US as u64))}</span></h2>
            <div node_ref=room class="room">
                <For each=move || ids.get().into_iter().enumerate() key=|(_, id)| id.clone() let:item>
                    <Plot index=item.0 id=item.1 width />
                </For>
                <Show when=move || ids.with(Vec::is_empty)>
                    <p class="empty muted">"The charts appear with the first samples."</p>
                </Show>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Plot(index: usize, id: String, width: RwSignal<f64>) -> impl IntoView {
    let store = store();
    let data =
        Memo::new(move |_| store.charts.with(|all| all.iter().find(|c| c.id == id).cloned().unwrap_or_default()));
    let alert_us = move || store.brief.with(|b| b.alert_us);
    let drawn = Memo::new(move |_| data.with(|c| chart::view(c, width.get(), HEIGHT, alert_us())));
    let at = RwSignal::new(None::<f64>);
    let under = Memo::new(move |_| {
        let x = at.get()?;
        data.with(|c| drawn.with(|v| chart::under(c, v, x, alert_us())))
    });
    let title = Memo::new(move |_| data.with(|c| c.title.clone()));
    let moved = move |event: web_sys::PointerEvent| {
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return };
        let x = f64::from(event.client_x()) - target.get_bounding_client_rect().left() - LEFT;
        at.set((0.0..=width.get_untracked()).contains(&x).then_some(x));
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let columns =
            data.with_untracked(|c| c.series.iter().map(|s| s.buckets.len()).max().unwrap_or(0)).max(2) as f64;
        let full = width.get_untracked();
        let step = full / (columns - 1.0);
        let here = at.get_untracked().unwrap_or(full);
        let to = match event.key().as_str() {
            "ArrowLeft" => here - step,
            "ArrowRight" => here + step,
            "Home" => 0.0,
            "End" => full,
            "Escape" => {
                at.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        at.set(Some(to.clamp(0.0, full)));
        if let Some(Under { time, values, .. }) = under.get_untracked() {
            let values: Vec<_> = values.iter().map(|v| format!("{} {}", v.label, v.text)).collect();
            store.said.set(format!("{time}: {}", values.join(", ")));
        }
    };
    view! {
        <figure class="chart">
            <figcaption>
                <strong>{title}</strong>
                <span class="caption">{move || drawn.with(|v| v.caption.clone())}</span>
            </figcaption>
            <div
                id=format!("chart-{index}")
                class="plot"
                role="group"
                aria-roledescription="chart"
                aria-label=move || format!("{}. {}", title.get(), drawn.with(|v| v.caption.clone()))
                tabindex="0"
                on:pointermove=moved
                on:pointerleave=move |_| at.set(None)
                on:blur=move |_| at.set(None)
                on:keydown=keys
            >
                <svg
                    aria-hidden="true"
                    width=move || (width.get() + LEFT + 10.0).to_string()
                    height=(HEIGHT + TOP + BOTTOM).to_string()
                >
                    <g transform=format!("translate({LEFT},{TOP})")>
                        {move || drawn.with(axes)}
                        {move || drawn.with(lines)}
                        {move || under.get().map(|u| crosshair(&u))}
                    </g>
                </svg>
                {move || under.get().map(|u| view! { <Tip under=u width=width.get() /> })}
            </div>
            <Legend data />
            <details class="data">
                <summary>"Data"<span class="vh">" of "{title}</span></summary>
                {move || table(&data.get(), alert_us())}
            </details>
        </figure>
    }
    .into_any()
}

fn axes(view: &View) -> AnyView {
    let (width, height) = (view.width, view.height);
    let y = view.y.iter().map(|tick| {
        view! {
            <line class="grid" x1="0" x2=width.to_string() y1=tick.at.to_string() y2=tick.at.to_string() />
            <text class="tick" x="-8" y=(tick.at + 4.0).to_string() text-anchor="end">{tick.label.clone()}</text>
        }
    });
    let x = view.x.iter().map(|tick| {
        view! {
            <line class="grid" x1=tick.at.to_string() x2=tick.at.to_string() y1="0" y2=height.to_string() />
            <text class="tick" x=tick.at.to_string() y=(height + 15.0).to_string() text-anchor="middle">{tick.label.clone()}</text>
        }
    });
    let alert = view.alert.map(|at| {
        view! {
            <line class="alert-mark" x1=at.to_string() x2=at.to_string() y1="0" y2=height.to_string() />
            <text class="alert-text" x=(at - 4.0).to_string() y="9" text-anchor="end">"alert"</text>
        }
    });
    let threshold = view.threshold.as_ref().map(|tick| {
        view! {
            <line class="threshold" x1="0" x2=width.to_string() y1=tick.at.to_string() y2=tick.at.to_string() />
            <text class="threshold-text" x="4" y=(tick.at - 4.0).to_string()>{tick.label.clone()}</text>
        }
    });
    view! { {y.collect::<Vec<_>>()} {x.collect::<Vec<_>>()} {threshold} {alert} }.into_any()
}

fn lines(view: &View) -> AnyView {
    let line = |(n, d): (usize, &String)| view! { <path class=format!("series s{}", n % 7) d=d.clone() vector-effect="non-scaling-stroke" /> };
    view.paths.iter().enumerate().map(line).collect::<Vec<_>>().into_any()
}

fn crosshair(under: &Under) -> AnyView {
    let x = under.x.to_string();
    let dots = under.values.iter().enumerate().map(|(n, value)| {
        view! { <circle class=format!("dot s{}", n % 7) cx=under.x.to_string() cy=value.y.to_string() r="3.5" /> }
    });
    view! {
        <line class="crosshair" x1=x.clone() x2=x y1="0" y2=HEIGHT.to_string() />
        {dots.collect::<Vec<_>>()}
    }
    .into_any()
}

#[component]
fn Tip(under: Under, width: f64) -> impl IntoView {
    // It stands on the side that has more room.
    let right = under.x < width / 2.0;
    let offset = format!("{:.0}px", if right { LEFT + under.x + 10.0 } else { width - under.x + 20.0 });
    let values = under
        .values
        .into_iter()
        .map(|v| view! { <div>{v.label}" "<strong>{v.text}</strong></div> })
        .collect::<Vec<_>>();
    view! {
        <div class="tip" aria-hidden="true" style:left=right.then(|| offset.clone()) style:right=(!right).then_some(offset)>
            <div class="muted">{under.time}</div>
            {values}
        </div>
    }
}

/// Names by line and colour, where more than one line is drawn.
#[component]
fn Legend(data: Memo<Chart>) -> impl IntoView {
    move || {
        let labels: Vec<String> = data.with(|c| c.series.iter().map(|s| s.label.clone()).collect());
        (labels.len() > 1).then(|| {
            let items = labels.into_iter().enumerate().map(|(n, label)| {
                view! {
                    <li>
                        <svg width="22" height="8" aria-hidden="true"><path class=format!("series s{}", n % 7) d="M0 4H22" /></svg>
                        {label}
                    </li>
                }
            });
            view! { <ul class="legend">{items.collect::<Vec<_>>()}</ul> }
        })
    }
}

fn table(chart: &Chart, alert_us: u64) -> AnyView {
    let (header, rows) = chart::table(chart, alert_us);
    let head = header.into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect::<Vec<_>>();
    let rows = rows
        .into_iter()
        .map(|row| {
            let cells = row.into_iter().map(|c| view! { <td>{c}</td> }).collect::<Vec<_>>();
            view! { <tr>{cells}</tr> }
        })
        .collect::<Vec<_>>();
    view! { <div class="table" role="region" aria-label="Data table" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div> }
        .into_any()
}
