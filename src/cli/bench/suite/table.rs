//! A record as a table: for a terminal, and for a page.

use super::runner::told;
use crate::cli::bench::measure::digits;
use crate::cli::machine;
use crate::cli::words::{bytes, columns};
use crate::disk;
use crate::error::{Error, Kind, Result};
use serde_json::Value;
use std::path::Path;

/// What stands around a table in a page.
const MARKS: [&str; 2] = ["<!-- still bench: begin -->", "<!-- still bench: end -->"];

const HEAD: [&str; 9] =
    ["WHAT", "SHAPE", "PASS", " OURS", " PYTORCH", " RATIO", " MEMORY", " PYTORCH'S", " RATIO"];

fn rows(record: &Value) -> Vec<Vec<String>> {
    let cases = record["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_string();
    let dash = || "–".to_string();
    let row = |case: &Value| {
        let [ours, theirs] = [&case["ours"], &case["pytorch"]];
        let [mine, other] = [ours, theirs].map(|side| side["peak_bytes"].as_u64());
        let ratio = mine.zip(other).map(|(mine, other)| mine as f64 / other.max(1) as f64);
        vec![
            text(&case["name"]),
            text(&case["shape"]),
            text(&case["pass"]),
            told(ours),
            told(theirs),
            case["ratio"].as_f64().map_or_else(dash, digits),
            mine.map_or_else(dash, bytes),
            other.map_or_else(dash, bytes),
            ratio.map_or_else(dash, digits),
        ]
    };
    cases.iter().map(row).collect()
}

/// Columns of nothing but dashes say nothing.
fn thinned(rows: Vec<Vec<String>>) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let kept: Vec<usize> = (0..HEAD.len())
        .filter(|column| rows.iter().any(|row| row.get(*column).is_some_and(|cell| cell != "–")))
        .collect();
    let head = kept.iter().map(|column| HEAD[*column]).collect();
    let of = |row: Vec<String>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect();
    (head, rows.into_iter().map(of).collect())
}

/// For a terminal.
pub(crate) fn plain(record: &Value) -> String {
    let (head, rows) = thinned(rows(record));
    format!("{}\n\n{}", about(record), columns(&head, &rows))
}

/// The machine and versions.
fn about(record: &Value) -> String {
    let machine = machine::told(&record["machine"]);
    match record["pytorch"]["torch"].as_str() {
        Some(version) => format!("{machine}, PyTorch {version}"),
        None => machine,
    }
}

/// Tables under headings, in Markdown.
pub(super) fn markdown(record: &Value) -> String {
    let when = record["machine"]["when"].as_str().unwrap_or_default();
    let mut text = format!("{} ({})\n\n", about(record), when.split('T').next().unwrap_or(when));
    text.push_str(&grid(&HEAD.map(|head| head.to_lowercase()), &rows(record)));
    text
}

/// A table in Markdown; heads that begin with a space stand right.
pub(crate) fn grid(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut text = line(&mut head.iter().map(|cell| cell.trim().to_string()));
    let sides = head.iter().map(|cell| if cell.starts_with(' ') { "--:" } else { "---" });
    text.push_str(&format!("|{}|\n", sides.collect::<Vec<_>>().join("|")));
    for row in rows {
        text.push_str(&line(&mut row.iter().cloned()));
    }
    text
}

/// Writes a table into a page: between its marks, where it has them, or as the whole page.
pub(crate) fn put(page: &Path, name: &str, table: &str) -> Result<()> {
    let marks = MARKS.map(|mark| mark.replace(":", &format!(" {name}:")));
    let block = format!("{}\n{}\n{}", marks[0], table.trim_end(), marks[1]);
    let before = match page.is_file() {
        true => String::from_utf8(disk::read_regular(page, 64 << 20)?).map_err(|_| {
            Error::new(Kind::File, format!("reading {}", page.display()), "the file is no text")
        })?,
        false => String::new(),
    };
    let whole = match (before.find(&marks[0]), before.find(&marks[1])) {
        (Some(begin), Some(end)) if begin < end => {
            let after = end + marks[1].len();
            format!("{}{block}{}", &before[..begin], &before[after..])
        }
        _ if before.is_empty() => format!("{block}\n"),
        _ => format!("{}\n\n{block}\n", before.trim_end()),
    };
    disk::write_whole(page, whole.as_bytes())
}
