//! Curves that are one line high.

/// The letters of a sparkline, the lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// A curve of at most so many letters, from its least to its greatest value; several values that share a letter are
/// averaged, and what is not known is a space. A curve that never moves stands in the middle.
pub fn spark(values: &[Option<f64>], width: usize, unicode: bool) -> String {
    let letters = if unicode { BLOCKS } else { ASCII };
    let width = width.min(values.len());
    let cell = |column: usize| {
        let from = column * values.len() / width;
        let to = ((column + 1) * values.len() / width).max(from + 1);
        let known = values[from..to].iter().flatten().filter(|value| value.is_finite());
        let (sum, count) = known.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let cells: Vec<Option<f64>> = (0..width).map(cell).collect();
    let known = || cells.iter().flatten().copied();
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    let letter = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.4 };
        // A span beyond the largest number is none that letters could show.
        let level = (share * 7.0).round();
        letters[if (0.0..=7.0).contains(&level) { level as usize } else { 3 }]
    };
    cells.into_iter().map(|value| value.map_or(' ', letter)).collect()
}

/// The column of a sparkline of `count` values that stands for the value at `index`.
pub fn column_of(index: usize, count: usize, width: usize) -> usize {
    let width = width.min(count).max(1);
    (0..width).rev().find(|column| column * count / width <= index).unwrap_or(0)
}
