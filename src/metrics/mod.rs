//! What a model is worth.

/// The index of the first largest value of each row of `[rows, classes]`.
pub fn argmax_rows(values: &[f32], classes: usize) -> Vec<usize> {
    if classes == 0 {
        return Vec::new();
    }
    let first_largest = |row: &[f32]| {
        let mut best = 0;
        for (index, value) in row.iter().enumerate() {
            if row.get(best).is_some_and(|top| value > top) {
                best = index;
            }
        }
        best
    };
    values.chunks_exact(classes).map(first_largest).collect()
}

/// The share of rows whose largest value stands where the target's does; 0 without rows.
pub fn accuracy(scores: &[f32], targets: &[f32], classes: usize) -> f64 {
    let (found, right) = (argmax_rows(scores, classes), argmax_rows(targets, classes));
    let rows = found.len().min(right.len());
    if rows == 0 {
        return 0.0;
    }
    let hits = found.iter().zip(&right).filter(|(a, b)| a == b).count();
    hits as f64 / rows as f64
}
