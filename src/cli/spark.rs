//! Curves that are one line high.

/// The letters of a sparkline, the lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// A curve of at most so many letters, from its least to its greatest value; several values that share a letter are
/// averaged, and what is not known is a space. A curve that never moves stands in the middle.
pub(super) fn spark(values: &[Option<f64>], width: usize, unicode: bool) -> String {
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
pub(super) fn column_of(index: usize, count: usize, width: usize) -> usize {
    let width = width.min(count).max(1);
    (0..width).rev().find(|column| column * count / width <= index).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{column_of, spark};

    fn known(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn values_become_letters() {
        let rising = known(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(spark(&rising, 8, true), "▁▂▃▄▅▆▇█");
        assert_eq!(spark(&rising, 8, false), "_.:-=+*#");
        assert_eq!(spark(&rising, 4, true), "▁▃▆█");
        assert_eq!(spark(&rising, 100, true).chars().count(), 8);
        assert_eq!(spark(&known(&[2.0, 2.0]), 8, true), "▄▄");
        assert_eq!(spark(&[Some(1.0), None, Some(f64::NAN), Some(2.0)], 8, true), "▁  █");
        assert_eq!(spark(&known(&[-1e308, 1e308]), 8, true).chars().count(), 2);
        assert_eq!(spark(&[], 8, true), "");
        assert_eq!(spark(&[None], 8, true), " ");
        assert_eq!(spark(&rising, 0, true), "");
    }

    #[test]
    fn marks_stand_under_their_values() {
        for (count, width) in [(8, 8), (8, 4), (7, 3), (100, 24), (3, 8), (1, 1)] {
            for index in 0..count {
                let mut values = vec![Some(0.0); count];
                values[index] = Some(1.0);
                let column = column_of(index, count, width);
                let shown = spark(&values, width, false);
                let highest = shown.chars().position(|letter| letter == '#');
                assert!(count == 1 || highest == Some(column), "{index} of {count}: {shown}");
            }
        }
    }
}
