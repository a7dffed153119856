//! The formula of `formula.py`: the same numbers, from a tensor's name.

/// `count` numbers in [−1, 1), from a name.
pub fn spread(name: &str, count: usize) -> Vec<f32> {
    units(name, count).map(|unit| unit as f32).collect()
}

/// As [`spread`], not yet rounded to f32.
pub fn units(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let seed = crc32fast::hash(name.as_bytes());
    (0..count as u32).map(move |index| {
        let mut x = index.wrapping_mul(2_654_435_761).wrapping_add(seed);
        for (shift, factor) in [(16, 0x7FEB_352D_u32), (15, 0x846C_A68B)] {
            x ^= x >> shift;
            x = x.wrapping_mul(factor);
        }
        x ^= x >> 16;
        f64::from(x) / 2_147_483_648.0 - 1.0
    })
}

/// A parameter or a running statistic called `name`.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let count = shape.iter().product();
    let steep =
        name.starts_with("conv_block") || name.starts_with("features.") && name.contains(".norm");
    if steep && name.ends_with("bias") {
        // DenseNet's and PANNs' ReLUs are kept away from 0, where rounding would decide about gradients.
        return units(name, count).map(|unit| (unit + 2.0_f64.copysign(unit)) as f32).collect();
    }
    let (offset, factor) = if name.ends_with("running_var") {
        (1.0, 0.5)
    } else if name.ends_with("head_weight") {
        (1.0 / count as f64, 0.2 / count as f64)
    } else if shape.len() > 1 {
        let fan_in = if shape[0] > 1 { shape[1..].iter().product::<usize>() as f64 } else { 3.0 };
        (0.0, (3.0 / fan_in).sqrt())
    } else if name.starts_with("layer") && name.ends_with("bn3.weight") {
        // What ResNet-50's branches add is small, else its depth makes much of rounding.
        (0.25, 0.05)
    } else if name.ends_with("bias") || name.ends_with("running_mean") {
        (0.0, 0.2)
    } else {
        (1.0, 0.2)
    };
    units(name, count).map(|unit| (offset + factor * unit) as f32).collect()
}

/// Every so many of the numbers, at most about 200.
pub fn sampled(values: &[f32]) -> Vec<f32> {
    values.iter().copied().step_by((values.len() / 200).max(1)).collect()
}
