//! What the book says was found is what the numbers in `docs/findings` say, which `still report … --csv` wrote.

use crate::support::root;
use std::collections::BTreeMap;
use stillroom::metrics::{student_quantile, t_test};

/// The accuracy of each stage in each run, stages in their order.
struct Measured {
    stages: Vec<String>,
    runs: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Measured {
    fn read(name: &str) -> Self {
        let file = root().join("docs/findings").join(format!("{name}.csv"));
        let mut table = csv::Reader::from_path(&file).expect(name);
        let header = table.headers().expect("a header").clone();
        let column = |name: &str| header.iter().position(|own| own == name).expect(name);
        let [run, stage, accuracy] = ["run", "stage", "accuracy"].map(column);
        let mut all = Measured { stages: Vec::new(), runs: BTreeMap::new() };
        for row in table.records() {
            let row = row.expect("a row");
            let stage = row[stage].to_string();
            if !all.stages.contains(&stage) {
                all.stages.push(stage.clone());
            }
            let value = row[accuracy].parse().expect("a number");
            all.runs.entry(row[run].to_string()).or_default().insert(stage, value);
        }
        all
    }

    /// The accuracies of stages, of the runs that have them all.
    fn of<const N: usize>(&self, stages: [&str; N]) -> [Vec<f64>; N] {
        let has = |run: &&BTreeMap<String, f64>| stages.iter().all(|own| run.contains_key(*own));
        let runs: Vec<_> = self.runs.values().filter(has).collect();
        assert!(!runs.is_empty(), "no run has {stages:?}");
        stages.map(|stage| runs.iter().map(|run| run[stage]).collect())
    }

    /// Stages with mean and deviation; then pairs with the gain, its 95 % interval and its p.
    fn told(&self, pairs: &[(&str, &str)]) -> String {
        let mut text = "| stage | runs | accuracy |\n|---|---|---|\n".to_string();
        for stage in &self.stages {
            let [values] = self.of([stage]);
            let (mean, deviation) = spread(&values);
            let (mean, deviation) = (100.0 * mean, 100.0 * deviation);
            text += &format!("| {stage} | {} | {mean:.1} % ± {deviation:.1} |\n", values.len());
        }
        text += "\n| difference | pairs | points | 95 % interval | p |\n|---|---|---|---|---|\n";
        for (own, base) in pairs {
            let [own_values, base_values] = self.of([own, base]);
            let gains: Vec<f64> =
                own_values.iter().zip(&base_values).map(|(a, b)| 100.0 * (a - b)).collect();
            let (mean, deviation) = spread(&gains);
            let count = gains.len() as f64;
            let reach = student_quantile(0.975, count - 1.0) * deviation / count.sqrt();
            let p = t_test(&own_values, &base_values).expect("pairs").p;
            let p = if p < 0.001 { "< 0.001".to_string() } else { format!("{p:.3}") };
            text += &format!(
                "| {own} − {base} | {count} | {mean:+.1} | {:+.1} to {:+.1} | {p} |\n",
                mean - reach,
                mean + reach
            );
        }
        text
    }
}

/// Mean and standard deviation (n − 1).
fn spread(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square: f64 = values.iter().map(|own| (own - mean).powi(2)).sum();
    (mean, (square / (count - 1.0)).sqrt())
}

/// The page with each table made anew: what stands between `<!-- NAME: a − b; c − d -->` and `<!-- end -->`.
fn remade(page: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for line in page.lines() {
        let mark = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        match mark.map(|mark| (mark, mark.split_once(": "))) {
            Some((_, Some((name, pairs)))) => {
                let pairs: Vec<(&str, &str)> =
                    pairs.split("; ").map(|pair| pair.split_once(" − ").expect("a pair")).collect();
                text += &format!("{line}\n\n{}\n", Measured::read(name).told(&pairs));
                inside = true;
            }
            Some(("end", _)) => {
                text += &format!("{line}\n");
                inside = false;
            }
            _ if inside => {}
            _ => text += &format!("{line}\n"),
        }
    }
    assert!(!inside, "a table does not end");
    text
}

#[test]
fn the_findings_are_those_of_the_numbers() {
    let file = root().join("docs/src/findings.md");
    let page = std::fs::read_to_string(&file).expect("the page");
    let made = remade(&page);
    if std::env::var_os("STILL_WRITE_FINDINGS").is_some() {
        std::fs::write(&file, made).expect("the page is written");
        return;
    }
    assert_eq!(
        page, made,
        "STILL_WRITE_FINDINGS=1 cargo test --release the_findings writes it anew"
    );
}
