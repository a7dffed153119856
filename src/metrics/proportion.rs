//! How sure a share is that was counted.

use super::normal_quantile;

/// Wilson's score interval of a share: `found` of `count`, at a level such as 0.95; 0 to 1 without any.
///
/// Source: Wilson 1927; without correction for continuity, as scipy's `binomtest(…).proportion_ci(method="wilson")`.
pub fn wilson(found: u64, count: u64, level: f64) -> (f64, f64) {
    if count == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (count as f64, found.min(count) as f64 / count as f64);
    let z = normal_quantile(0.5 + level / 2.0);
    let z2 = z * z;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let reach = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // Exact where rounding would leave a trace.
    let low = if found == 0 { 0.0 } else { (middle - reach).max(0.0) };
    let high = if found >= count { 1.0 } else { (middle + reach).min(1.0) };
    (low, high)
}

/// Newcombe's interval of the difference of two shares, the first minus the second, each `(found, count)`; as of
/// samples that have nothing to do with each other.
///
/// Source: Newcombe 1998, method 10: the intervals of [`wilson`], combined.
pub fn newcombe(a: (u64, u64), b: (u64, u64), level: f64) -> (f64, f64) {
    let share = |(found, count): (u64, u64)| found.min(count) as f64 / count.max(1) as f64;
    let (pa, pb) = (share(a), share(b));
    let (la, ua) = wilson(a.0, a.1, level);
    let (lb, ub) = wilson(b.0, b.1, level);
    let difference = pa - pb;
    (difference - (pa - la).hypot(ub - pb), difference + (ua - pa).hypot(pb - lb))
}
