//! Colours of features: viridis, from dark for little power to bright for much.

/// Every eighth of matplotlib's viridis; between them the colours are interpolated.
const STOPS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// The colour of a value within 0 to 1.
pub fn viridis(value: f32) -> [u8; 3] {
    // What is no number is as dark as nothing.
    let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let place = value * (STOPS.len() - 1) as f32;
    let first = (place as usize).min(STOPS.len() - 2);
    let part = place - first as f32;
    let (low, high) = (STOPS[first], STOPS[first + 1]);
    std::array::from_fn(|channel| {
        let (a, b) = (f32::from(low[channel]), f32::from(high[channel]));
        (a + (b - a) * part).round() as u8
    })
}
