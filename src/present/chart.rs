//! A chart as geometry and words: axes, one path a series, the value under the crosshair, a caption and a table.
//!
//! Units are pixels of the plot area, with y downwards, so the page only copies numbers into SVG.

use super::clock;
use crate::protocol::{Bucket, Chart, Series, Unit};

/// Rows of the data table at most.
const TABLE_ROWS: usize = 60;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub width: f64,
    pub height: f64,
    pub x: Vec<Tick>,
    pub y: Vec<Tick>,
    /// The `d` of one path a series.
    pub paths: Vec<String>,
    pub threshold: Option<Tick>,
    /// Where the alert went off, if it lies in the range.
    pub alert: Option<f64>,
    pub caption: String,
    top: f64,
}

/// The chart drawn into `width` by `height`; `alert_us` is the alert's instant, for the clock on the x axis.
pub fn view(chart: &Chart, width: f64, height: f64, alert_us: u64) -> View {
    let mut top = chart.series.iter().flat_map(|s| &s.buckets).map(|b| b.max).fold(0.0, f64::max);
    if let Some((value, _)) = &chart.threshold {
        top = top.max(*value * 1.15);
    }
    let (step, top) = scale(top, chart.unit);
    let y_of = |value: f64| height - (value / top).clamp(0.0, 1.0) * height;
    let mut y = Vec::new();
    let mut value = 0.0;
    while value <= top * 1.0001 {
        y.push(Tick { at: y_of(value), label: number(value, chart.unit) });
        value += step;
    }
    View {
        width,
        height,
        x: x_ticks(chart, width, alert_us),
        y,
        paths: chart.series.iter().map(|s| path(s, chart, width, &y_of)).collect(),
        threshold: chart.threshold.as_ref().map(|(value, label)| Tick { at: y_of(*value), label: label.clone() }),
        alert: (chart.from < 0 && chart.to > 0).then(|| x_of(0, chart, width)),
        caption: caption(chart, alert_us),
        top,
    }
}

fn x_of(t: i64, chart: &Chart, width: f64) -> f64 {
    let span = (chart.to - chart.from).max(1) as f64;
    (t - chart.from) as f64 / span * width
}

/// A path through each column's extremes and last value. A hole of several columns stays a hole.
fn path(series: &Series, chart: &Chart, width: f64, y_of: &dyn Fn(f64) -> f64) -> String {
    let gap = gap(&series.buckets);
    let mut d = String::new();
    let mut last: Option<i64> = None;
    for bucket in &series.buckets {
        let x = x_of(bucket.t, chart, width);
        let joined = last.is_some_and(|t| bucket.t - t <= gap);
        let letter = if joined { 'L' } else { 'M' };
        d.push_str(&format!("{letter}{x:.1} {:.1}", y_of(bucket.max)));
        if bucket.min < bucket.max {
            d.push_str(&format!("V{:.1}", y_of(bucket.min)));
        }
        if bucket.last != bucket.min {
            d.push_str(&format!("V{:.1}", y_of(bucket.last)));
        }
        last = Some(bucket.t);
    }
    d
}

/// The distance beyond which two samples do not belong together: three times the usual one.
fn gap(buckets: &[Bucket]) -> i64 {
    let mut steps: Vec<i64> = buckets.windows(2).map(|w| w[1].t - w[0].t).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).map_or(i64::MAX, |step| step * 3)
}

/// The distance of the grid lines and the top of the axis: 2 to 5 steps of a round number.
fn scale(max: f64, unit: Unit) -> (f64, f64) {
    if max <= 0.0 {
        return if unit == Unit::Ratio { (0.5, 1.0) } else { (1.0, 2.0) };
    }
    // Bytes are round in powers of 1024.
    let base = if unit == Unit::Bytes { power(1024.0, max) } else { 1.0 };
    let rough = max / base / 4.0;
    let tens = power(10.0, rough);
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|n| n * tens).find(|s| *s >= rough).unwrap_or(10.0 * tens) * base;
    let top = (max / step).ceil() * step;
    if unit == Unit::Ratio && top > 1.0 { (0.25, 1.0) } else { (step, top) }
}

/// The largest power of `base` that is not above `value`.
fn power(base: f64, value: f64) -> f64 {
    let mut power = 1.0;
    while power * base <= value {
        power *= base;
    }
    while power > value && power > 1e-12 {
        power /= base;
    }
    power
}

/// Round minutes on the simulated clock, about one label every 80 pixels.
fn x_ticks(chart: &Chart, width: f64, alert_us: u64) -> Vec<Tick> {
    let minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880];
    let span = (chart.to - chart.from).max(1);
    let wanted = (width / 80.0).max(2.0);
    let step = minutes.into_iter().map(|m| m * 60_000_000i64).find(|s| span as f64 / *s as f64 <= wanted);
    let step = step.unwrap_or(2880 * 60_000_000);
    let origin = (alert_us % 86_400_000_000) as i64;
    let mut t = (chart.from + origin).div_euclid(step) * step - origin;
    let mut ticks = Vec::new();
    while t <= chart.to {
        if t >= chart.from {
            let label = clock::time_of_day(clock::instant(alert_us, t));
            let label = label.get(..5).unwrap_or(&label).to_owned();
            ticks.push(Tick { at: x_of(t, chart, width), label });
        }
        t += step;
    }
    ticks
}

/// A value with its unit, three significant digits.
pub fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => format!("{}%", digits(value * 100.0)),
        Unit::Bytes => {
            let mut scaled = value;
            let mut name = "B";
            for next in ["KiB", "MiB", "GiB", "TiB"] {
                if scaled < 1024.0 {
                    break;
                }
                scaled /= 1024.0;
                name = next;
            }
            format!("{} {name}", digits(scaled))
        }
        Unit::Seconds if value > 0.0 && value < 1.0 => format!("{} ms", digits(value * 1000.0)),
        Unit::Seconds => format!("{} s", digits(value)),
        Unit::PerSecond => format!("{}/s", digits(value)),
        Unit::Number => digits(value),
    }
}

fn digits(value: f64) -> String {
    let text = match value.abs() {
        0.0 => return "0".into(),
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What the chart says, for those who do not see it.
fn caption(chart: &Chart, alert_us: u64) -> String {
    let length = clock::length((chart.to - chart.from).unsigned_abs());
    let mut parts = Vec::new();
    for series in &chart.series {
        let name = if chart.series.len() > 1 { format!("{}: ", series.label) } else { String::new() };
        let Some(last) = series.buckets.last() else {
            parts.push(format!("{name}no data"));
            continue;
        };
        let peak = series.buckets.iter().fold(last, |a, b| if b.max > a.max { b } else { a });
        let low = series.buckets.iter().fold(last, |a, b| if b.min < a.min { b } else { a });
        // What matters of a free space is its lowest point, of an error ratio its highest.
        let (word, at, value) =
            if low_matters(chart) { ("lowest", low.t, low.min) } else { ("peak", peak.t, peak.max) };
        let time = clock::time_of_day(clock::instant(alert_us, at));
        parts.push(format!(
            "{name}{word} {} at {}, now {}",
            number(value, chart.unit),
            time.get(..5).unwrap_or(&time),
            number(last.last, chart.unit)
        ));
    }
    if parts.is_empty() {
        parts.push("no data".into());
    }
    format!("Last {length}: {}.", parts.join("; "))
}

fn low_matters(chart: &Chart) -> bool {
    let title = chart.title.to_lowercase();
    ["avail", "free", "success", "healthy"].iter().any(|word| title.contains(word))
}

/// What stands at the crosshair.
#[derive(Clone, Debug, PartialEq)]
pub struct Under {
    pub x: f64,
    pub time: String,
    pub values: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub label: String,
    pub text: String,
    pub y: f64,
}

/// The samples nearest to `x`.
pub fn under(chart: &Chart, view: &View, x: f64, alert_us: u64) -> Option<Under> {
    let t = chart.from + (x / view.width.max(1.0) * (chart.to - chart.from) as f64) as i64;
    let nearest = |s: &Series| s.buckets.iter().copied().min_by_key(|b| (b.t - t).abs());
    let at = chart.series.iter().filter_map(nearest).min_by_key(|b| (b.t - t).abs())?.t;
    let values = chart
        .series
        .iter()
        .filter_map(|s| nearest(s).map(|b| (s, b)))
        .map(|(s, b)| Value {
            label: s.label.clone(),
            text: number(b.last, chart.unit),
            y: view.height - (b.last / view.top).clamp(0.0, 1.0) * view.height,
        })
        .collect();
    let time = clock::time_of_day(clock::instant(alert_us, at));
    Some(Under { x: x_of(at, chart, view.width), time, values })
}

/// The data table: the header, then rows of a time and one value a series.
pub fn table(chart: &Chart, alert_us: u64) -> (Vec<String>, Vec<Vec<String>>) {
    let mut header = vec!["Time (UTC)".to_owned()];
    header.extend(chart.series.iter().map(|s| s.label.clone()));
    let Some(longest) = chart.series.iter().max_by_key(|s| s.buckets.len()) else { return (header, Vec::new()) };
    let every = longest.buckets.len().div_ceil(TABLE_ROWS).max(1);
    let rows = longest.buckets.iter().step_by(every).map(|bucket| {
        let mut row = vec![clock::time_of_day(clock::instant(alert_us, bucket.t))];
        for series in &chart.series {
            let near = series.buckets.iter().min_by_key(|b| (b.t - bucket.t).abs());
            row.push(near.map_or("no data".into(), |b| number(b.last, chart.unit)));
        }
        row
    });
    (header, rows.collect())
}

/// Samples reduced to one bucket a pixel column; the extremes of each column survive.
pub fn decimate(samples: &[(i64, f64)], from: i64, to: i64, width: u16) -> Vec<Bucket> {
    let span = (to - from).max(1) as i128;
    let mut buckets: Vec<(i128, Bucket)> = Vec::new();
    for &(t, value) in samples.iter().filter(|(t, value)| (from..=to).contains(t) && value.is_finite()) {
        let column = (t - from) as i128 * width.max(1) as i128 / span;
        match buckets.last_mut() {
            Some((last, bucket)) if *last == column => {
                bucket.min = bucket.min.min(value);
                bucket.max = bucket.max.max(value);
                bucket.last = value;
            }
            _ => buckets.push((column, Bucket { t, min: value, max: value, last: value })),
        }
    }
    buckets.into_iter().map(|(_, bucket)| bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIN: i64 = 60_000_000;

    fn chart(unit: Unit, values: &[(i64, f64)]) -> Chart {
        let buckets = values.iter().map(|&(t, v)| Bucket { t: t * MIN, min: v, max: v, last: v }).collect();
        Chart {
            title: "Errors".into(),
            unit,
            from: -30 * MIN,
            to: 0,
            series: vec![Series { label: "web".into(), buckets }],
            ..Chart::default()
        }
    }

    #[test]
    fn a_chart_has_round_axes_and_a_path() {
        let chart = chart(Unit::Ratio, &[(-30, 0.0), (-20, 0.0), (-10, 0.31)]);
        let view = view(&chart, 300.0, 100.0, 1_795_230_432_000_000);
        let labels: Vec<_> = view.y.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["0%", "10%", "20%", "30%", "40%"]);
        assert_eq!(view.paths[0], "M0.0 100.0L100.0 100.0L200.0 22.5");
        let times: Vec<_> = view.x.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(times, ["02:40", "02:50", "03:00"]);
        assert_eq!(view.caption, "Last 30 min: peak 31% at 02:57, now 31%.");
    }

    #[test]
    fn gaps_stay_gaps() {
        let chart = chart(Unit::Number, &[(-30, 1.0), (-29, 1.0), (-28, 1.0), (-10, 1.0), (-9, 1.0)]);
        let view = view(&chart, 300.0, 100.0, 0);
        assert_eq!(view.paths[0].matches('M').count(), 2);
    }

    #[test]
    fn values_read_with_their_unit() {
        for (value, unit, text) in [
            (0.3142, Unit::Ratio, "31.4%"),
            (0.0, Unit::Ratio, "0%"),
            (4_509_715_660.0, Unit::Bytes, "4.2 GiB"),
            (512.0, Unit::Bytes, "512 B"),
            (0.31, Unit::Seconds, "310 ms"),
            (2.4, Unit::Seconds, "2.4 s"),
            (40.0, Unit::PerSecond, "40/s"),
        ] {
            assert_eq!(number(value, unit), text);
        }
    }

    #[test]
    fn bytes_have_round_grid_lines() {
        let chart = chart(Unit::Bytes, &[(-30, 4.2 * 1024.0 * 1024.0 * 1024.0)]);
        let labels: Vec<_> = view(&chart, 300.0, 100.0, 0).y.into_iter().map(|t| t.label).collect();
        assert_eq!(labels, ["0 B", "2 GiB", "4 GiB", "6 GiB"]);
    }

    #[test]
    fn an_empty_chart_says_so() {
        let chart = chart(Unit::Ratio, &[]);
        let view = view(&chart, 300.0, 100.0, 0);
        assert_eq!(view.caption, "Last 30 min: no data.");
        assert!(under(&chart, &view, 10.0, 0).is_none());
    }

    #[test]
    fn the_crosshair_finds_the_nearest_sample() {
        let chart = chart(Unit::Ratio, &[(-30, 0.1), (-15, 0.2)]);
        let view = view(&chart, 300.0, 100.0, 0);
        let under = under(&chart, &view, 140.0, 0).expect("a sample");
        assert_eq!((under.x, under.values[0].text.as_str()), (150.0, "20%"));
    }

    proptest! {
        #[test]
        fn decimation_keeps_the_extremes(values in prop::collection::vec(-1e6f64..1e6, 1..400), width in 1u16..50) {
            let samples: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as i64, *v)).collect();
            let buckets = decimate(&samples, 0, values.len() as i64, width);
            prop_assert!(buckets.len() <= width as usize + 1);
            let max = values.iter().copied().fold(f64::MIN, f64::max);
            prop_assert_eq!(buckets.iter().map(|b| b.max).fold(f64::MIN, f64::max), max);
            prop_assert_eq!(buckets.last().map(|b| b.last), values.last().copied());
        }
    }
}
