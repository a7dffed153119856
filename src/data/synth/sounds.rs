//! The ten sounds. Each is `length` samples within about −1 to 1; pitch and pace are drawn anew for
//! every clip, and neighbours in this list are easily taken for each other.

use crate::tensor::random::Stream;
use std::f64::consts::TAU;

/// Makes `length` samples at a rate in Hz.
pub(super) type Sound = fn(usize, f64, &mut Stream) -> Vec<f64>;

/// Name and maker of each class, in the order of their targets.
pub(super) const CLASSES: [(&str, Sound); 10] = [
    ("tone", tone),
    ("vibrato", vibrato),
    ("tremolo", tremolo),
    ("rising", rising),
    ("falling", falling),
    ("siren", siren),
    ("pulses", pulses),
    ("pluck", pluck),
    ("rumble", rumble),
    ("chirps", chirps),
];

/// Silence.
pub(super) fn nothing(length: usize, _: f64, _: &mut Stream) -> Vec<f64> {
    vec![0.0; length]
}

/// A frequency between `low` and `high`, equally likely in pitch.
fn pitch(low: f64, high: f64, random: &mut Stream) -> f64 {
    low * libm::pow(high / low, random.uniform())
}

/// A voice with three harmonics whose frequency in Hz is `at(seconds)`.
fn voice(length: usize, rate: f64, random: &mut Stream, at: impl Fn(f64) -> f64) -> Vec<f64> {
    let (second, third) = (random.range(0.1, 0.6), random.range(0.0, 0.4));
    let scale = 1.0 / (1.0 + second + third);
    let mut phase = random.uniform();
    (0..length)
        .map(|index| {
            phase += at(index as f64 / rate) / rate;
            phase -= libm::floor(phase);
            let turn = TAU * phase;
            let sum =
                libm::sin(turn) + second * libm::sin(2.0 * turn) + third * libm::sin(3.0 * turn);
            scale * sum
        })
        .collect()
}

fn tone(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(250.0, 2000.0, random);
    let drift = random.range(-0.03, 0.03);
    voice(length, rate, random, |t| hz * (1.0 + drift * t))
}

fn vibrato(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(250.0, 2000.0, random);
    let (depth, pace) = (random.range(0.02, 0.07), random.range(4.0, 8.0));
    voice(length, rate, random, |t| hz * (1.0 + depth * libm::sin(TAU * pace * t)))
}

fn tremolo(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(250.0, 2000.0, random);
    let (depth, pace) = (random.range(0.3, 0.8), random.range(4.0, 9.0));
    let steady = voice(length, rate, random, |_| hz);
    let level = |i: usize| 1.0 - depth * (0.5 + 0.5 * libm::sin(TAU * pace * i as f64 / rate));
    steady.iter().enumerate().map(|(index, value)| value * level(index)).collect()
}

fn rising(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    glide(length, rate, random, 1.0)
}

fn falling(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    glide(length, rate, random, -1.0)
}

fn glide(length: usize, rate: f64, random: &mut Stream, direction: f64) -> Vec<f64> {
    let hz = pitch(350.0, 1400.0, random);
    let octaves = direction * random.range(0.4, 1.2);
    let seconds = length as f64 / rate;
    voice(length, rate, random, |t| hz * libm::pow(2.0, octaves * (t / seconds - 0.5)))
}

fn siren(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(400.0, 1400.0, random);
    let (depth, pace) = (random.range(0.1, 0.3), random.range(1.2, 3.0));
    voice(length, rate, random, |t| hz * (1.0 + depth * libm::sin(TAU * pace * t)))
}

/// Ringing after a stroke every 1 / `pace` seconds.
fn strokes(length: usize, rate: f64, pace: f64, ring: f64, random: &mut Stream) -> Vec<f64> {
    let shift = random.uniform();
    let since = |index: usize| {
        let turns = index as f64 / rate * pace + shift;
        (turns - libm::floor(turns)) / pace
    };
    (0..length).map(|index| libm::exp(-since(index) / ring)).collect()
}

fn pulses(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let (pace, ring) = (random.range(6.0, 14.0), random.range(0.004, 0.015));
    let levels = strokes(length, rate, pace, ring, random);
    levels.iter().map(|level| 0.5 * level * random.normal()).collect()
}

fn pluck(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(200.0, 1200.0, random);
    let (pace, ring) = (random.range(2.0, 6.0), random.range(0.04, 0.15));
    let levels = strokes(length, rate, pace, ring, random);
    let steady = voice(length, rate, random, |_| hz);
    steady.iter().zip(&levels).map(|(value, level)| value * level).collect()
}

fn rumble(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let (hz, width) = (pitch(150.0, 1500.0, random), random.range(0.01, 0.05));
    // White noise through a resonance, brought back to about the level of the others.
    let radius = 1.0 - width;
    let (a, b) = (2.0 * radius * libm::cos(TAU * hz / rate), -radius * radius);
    let (mut last, mut before) = (0.0, 0.0);
    (0..length)
        .map(|_| {
            let next = a * last + b * before + width * random.normal();
            (before, last) = (last, next);
            next
        })
        .collect()
}

fn chirps(length: usize, rate: f64, random: &mut Stream) -> Vec<f64> {
    let hz = pitch(600.0, 2400.0, random);
    let (pace, octaves) = (random.range(3.0, 7.0), random.range(0.4, 1.0));
    let shift = random.uniform();
    let turn = |t: f64| {
        let turns = t * pace + shift;
        turns - libm::floor(turns)
    };
    let sweep = voice(length, rate, random, |t| hz * libm::pow(2.0, octaves * turn(t)));
    let level = |i: usize| libm::sin(std::f64::consts::PI * turn(i as f64 / rate));
    sweep.iter().enumerate().map(|(index, value)| value * level(index)).collect()
}
