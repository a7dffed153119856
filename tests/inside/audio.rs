//! The Fourier transform and the logarithm of features.

use stillroom::audio::inside::{Lanes, Spectrum, are_sane, ln};

/// Cosine and sine of a part of a turn.
fn turn(index: usize, points: usize) -> (f64, f64) {
    let angle = std::f64::consts::TAU * index as f64 / points as f64;
    (libm::cos(angle), libm::sin(angle))
}

#[test]
fn spectra_equal_the_sum_that_defines_them() {
    for points in [2usize, 4, 6, 8, 10, 16, 30, 64, 400, 14, 9, 7, 480, 1] {
        let spectrum = Spectrum::new(points);
        let mut scratch = spectrum.scratch();
        let sample = |lane: usize, index: usize| {
            libm::sin((index * index * (lane + 3)) as f64 * 0.37) + lane as f64 * 0.1
        };
        for index in 0..points {
            scratch.samples[index] = std::array::from_fn(|lane| sample(lane, index));
        }
        let mut power = vec![Lanes::default(); spectrum.bins()];
        spectrum.power(pulp::Scalar256b, &mut scratch, &mut power);
        for (bin, found) in power.iter().enumerate() {
            for (lane, found) in found.iter().enumerate() {
                let (mut real, mut imaginary) = (0.0, 0.0);
                for index in 0..points {
                    let (cosine, sine) = turn(index * bin % points, points);
                    real += sample(lane, index) * cosine;
                    imaginary += sample(lane, index) * sine;
                }
                let expected = real * real + imaginary * imaginary;
                let error = (found - expected).abs();
                assert!(error <= 1e-9 * (1.0 + expected), "{points} points, bin {bin}: {error}");
            }
        }
    }
}

#[test]
fn logarithms_are_right_over_the_whole_range() {
    let mut value = 1e-30f64;
    while value < 1e30 {
        let (found, expected) = (ln(value), libm::log(value));
        assert!((found - expected).abs() <= 1e-11, "{value}: {found} {expected}");
        value *= 1.000_37;
    }
    assert_eq!(ln(1.0), 0.0);
    assert_eq!(ln(f64::from(f32::EPSILON)) as f32, f32::EPSILON.ln());
}

/// The setup header of one codebook: so many words of one length, and so many dimensions.
fn setup(entries: u32, length: u32, dimensions: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: u32, count: u32| bits.extend((0..count).map(|bit| value >> bit & 1 == 1));
    put(0, 8);
    for (value, count) in [(0x56_4342, 24), (dimensions, 16), (entries, 24), (1, 1)] {
        put(value, count);
    }
    put(length - 1, 5);
    put(entries, u32::BITS - entries.leading_zeros());
    // One value of one bit, at most, for each dimension.
    for (value, count) in [(1, 4), (0, 32), (0, 32), (0, 4), (0, 1), (0, 32)] {
        put(value, count);
    }
    let byte = |bits: &[bool]| {
        bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | u8::from(*bit) << place)
    };
    [b"\x05vorbis".as_slice(), &bits.chunks(8).map(byte).collect::<Vec<u8>>()].concat()
}

#[test]
fn codebooks_that_no_memory_could_hold_are_refused() {
    assert!(are_sane(&setup(16, 4, 8)));
    // 2^20 entries of 65,535 numbers: 256 GiB out of thirty bytes.
    assert!(!are_sane(&setup(1 << 20, 20, 65_535)));
    assert!(!are_sane(&setup(1 << 23, 23, 1)));
    assert!(!are_sane(&setup(16, 4, 8)[..20]));
    assert!(!are_sane(b""));
}
