//! What was measured.

use std::fmt;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Map, Value};

/// How wide the words of a line are, so that with its numbers it fits a terminal of 80 columns.
const WORDS: usize = 36;
/// Milliseconds of which three digits after the point say little.
const SHORT: f64 = 0.01;

/// One row of a scenario's answer. As JSON its first fields are the same for every scenario; what only one scenario
/// has follows them under names of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The scenario's name.
    pub scenario: &'static str,
    /// How many did it at once.
    pub clients: usize,
    /// How often it was done in a second.
    pub per_second: f64,
    /// Half of them took at most so long, in milliseconds.
    pub p50_ms: f64,
    /// All but one in a hundred took at most so long, in milliseconds.
    pub p99_ms: f64,
    /// What it is held against.
    pub yardstick: &'static str,
    /// How often that was done in a second, on the same machine in the same run.
    pub yardstick_per_second: f64,
    /// The scenario's rate over the yardstick's.
    pub ratio: f64,
    /// What else this scenario has to say.
    #[serde(flatten)]
    pub further: Map<String, Value>,
    /// The same for people, as a table.
    #[serde(skip)]
    pub lines: Vec<Line>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What was done.
    pub what: String,
    /// How often in a second.
    pub per_second: f64,
    /// How long it took, at the median and at the 99th percentile, in milliseconds; where that was looked at.
    pub quantiles: Option<(f64, f64)>,
}

/// How fast something went.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    /// How often in a second.
    pub(super) per_second: f64,
    /// How long each took, in microseconds.
    pub(super) took: Histogram<u64>,
}

impl Measured {
    /// So many a second, with nothing known of each.
    pub(super) fn rate(per_second: f64) -> Self {
        Self { per_second, took: microseconds() }
    }

    /// A quantile in milliseconds; 0 of nothing.
    pub(super) fn quantile_ms(&self, quantile: f64) -> f64 {
        rounded(self.took.value_at_quantile(quantile) as f64 / 1_000.0)
    }

    pub(super) fn line(&self, what: impl Into<String>) -> Line {
        let quantiles = (!self.took.is_empty()).then(|| (self.quantile_ms(0.5), self.quantile_ms(0.99)));
        Line { what: what.into(), per_second: self.per_second, quantiles }
    }
}

/// A histogram of what takes between a microsecond and some hours.
pub(super) fn microseconds() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are a precision that histograms have")
}

impl Figures {
    /// What was measured, held against a yardstick.
    pub(super) fn of(
        scenario: &'static str,
        clients: usize,
        measured: &Measured,
        (yardstick, against): (&'static str, &Measured),
    ) -> Self {
        Self {
            scenario,
            clients,
            per_second: rounded(measured.per_second),
            p50_ms: measured.quantile_ms(0.5),
            p99_ms: measured.quantile_ms(0.99),
            yardstick,
            yardstick_per_second: rounded(against.per_second),
            ratio: ratio(measured.per_second, against.per_second),
            further: Map::new(),
            lines: vec![measured.line(scenario), against.line(yardstick)],
        }
    }

    /// Takes the quantiles of what is too short for microseconds: from a histogram of nanoseconds.
    #[must_use]
    pub(super) fn in_nanoseconds(mut self, took: &Histogram<u64>) -> Self {
        let quantile = |quantile| took.value_at_quantile(quantile) as f64 / 1_000_000.0;
        (self.p50_ms, self.p99_ms) = (quantile(0.5), quantile(0.99));
        if let Some(line) = self.lines.first_mut() {
            line.quantiles = Some((self.p50_ms, self.p99_ms));
        }
        self
    }

    /// Says something more in JSON.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.further.insert(name.to_owned(), value.into());
        self
    }

    /// Holds it against something more, under `name` in JSON and `what` in the table.
    #[must_use]
    pub(super) fn against(self, name: &str, what: &str, measured: &Measured) -> Self {
        let ratio = ratio(self.per_second, measured.per_second);
        let mut held = self
            .with(&format!("{name}_per_second"), rounded(measured.per_second))
            .with(&format!("{name}_ratio"), ratio);
        held.lines.push(measured.line(what));
        held
    }
}

/// The table: what was done, how fast, and how many times as fast as each yardstick.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<WORDS$} {:>12} {:>10} {:>10} {:>8}", "", "per second", "p50 ms", "p99 ms", "ratio")?;
        for (number, line) in self.lines.iter().enumerate() {
            let (p50, p99) = line.quantiles.map_or_else(Default::default, |(p50, p99)| (digits(p50), digits(p99)));
            let ratio =
                if number == 0 { String::new() } else { format!("{:.2} x", ratio(self.per_second, line.per_second)) };
            let (before, last) = folded(&line.what);
            before.iter().try_for_each(|words| writeln!(f, "{words}"))?;
            writeln!(f, "{last:<WORDS$} {:>12.1} {p50:>10} {p99:>10} {ratio:>8}", line.per_second)?;
        }
        for (name, value) in self.further.iter().filter(|(name, _)| !name.ends_with("_per_second")) {
            if !name.ends_with("_ratio") {
                writeln!(f, "{name}: {}", value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))?;
            }
        }
        Ok(())
    }
}

/// What was done, in lines of whole words; the numbers stand beside the last one.
fn folded(what: &str) -> (Vec<String>, String) {
    let (mut before, mut last) = (Vec::new(), String::new());
    for word in what.split(' ') {
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > WORDS {
            // What goes on is set in.
            before.push(std::mem::replace(&mut last, " ".to_owned()));
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    (before, last)
}

/// Three after the point, or as many as nanoseconds have.
fn digits(milliseconds: f64) -> String {
    if milliseconds < SHORT { format!("{milliseconds:.6}") } else { format!("{milliseconds:.3}") }
}

/// Three digits after the point: what is beyond them is noise.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// 0 where there is nothing to be held against.
fn ratio(value: f64, against: f64) -> f64 {
    if against > 0.0 { rounded(value / against) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(per_second: f64, took: &[u64]) -> Measured {
        let mut measured = Measured::rate(per_second);
        for took in took {
            measured.took.record(*took).expect("it fits");
        }
        measured
    }

    #[test]
    fn json_has_the_documented_fields_first_and_what_else_there_is_after_them() {
        let (fast, slow) = (measured(100.0, &[1_000, 1_000, 2_000]), measured(25.0, &[]));
        let figures = Figures::of("append", 64, &fast, ("rows", &slow)).against("each", "one by one", &slow);
        let json = serde_json::to_string(&figures).expect("JSON");
        assert_eq!(
            json,
            r#"{"scenario":"append","clients":64,"per_second":100.0,"p50_ms":1.0,"p99_ms":2.0,"yardstick":"rows","yardstick_per_second":25.0,"ratio":4.0,"each_per_second":25.0,"each_ratio":4.0}"#
        );
    }

    #[test]
    fn the_table_says_how_many_times_as_fast() {
        let figures = Figures::of("append", 64, &measured(100.0, &[2_000]), ("rows", &measured(25.0, &[])));
        let table = figures.to_string();
        assert!(table.contains("4.00 x") && table.contains("2.000"), "{table}");
        let nanoseconds = measured(1.0, &[512, 512, 530]).took;
        let short = Figures::of("authenticate", 1, &measured(1.0, &[]), ("digests", &measured(1.0, &[])));
        let short = short.in_nanoseconds(&nanoseconds);
        assert_eq!((short.p50_ms.to_string(), short.p99_ms.to_string()), ("0.000512".into(), "0.00053".into()));
        assert!(short.to_string().contains(" 0.000512 "), "{short}");
        let long = "one-row-insert transactions into a table with a primary key and a unique stream and version";
        let wide =
            Figures::of("append", 64, &measured(12_345.0, &[2_000_000]), (long, &measured(25.0, &[]))).to_string();
        assert!(wide.lines().all(|line| line.chars().count() <= 80), "{wide}");
        let words = wide.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("{long} 25.0 ")), "{wide}");
        let nothing = Figures::of("append", 1, &measured(1.0, &[]), ("rows", &measured(0.0, &[])));
        assert_eq!(nothing.ratio.to_bits(), 0.0_f64.to_bits());
    }
}
