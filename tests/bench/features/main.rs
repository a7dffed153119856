//! Filter banks against torchaudio's: `cargo bench --bench features`. Both make AST's features of the same clips of 5 s at
//! 16 kHz, on one core, in turn, in one run; what is printed are medians over all rounds.
//!
//! `STILL_ORACLE` is a Python with torch and torchaudio; without it, only ours is timed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use stillroom::audio::{Extractor, FeatureOptions, Samples};
use stillroom::tensor::random::Stream;

/// What the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIPS: usize = 16;
const ROUNDS: usize = 15;
const RATE_HZ: u32 = 16_000;

fn clips() -> Vec<Samples> {
    let clip = |index: usize| {
        let mut random = Stream::new(1, "bench clips", &[index as u64]);
        let values = (0..5 * RATE_HZ).map(|_| 0.1 * random.normal() as f32).collect();
        Samples { rate_hz: RATE_HZ, values }
    };
    (0..CLIPS).map(clip).collect()
}

/// Milliseconds a clip.
fn ours(extractor: &Extractor, clips: &[Samples]) -> f64 {
    let start = Instant::now();
    for clip in clips {
        std::hint::black_box(extractor.compute(clip, None).expect("features"));
    }
    start.elapsed().as_secs_f64() * 1e3 / clips.len() as f64
}

/// The Python side: it times a round whenever it gets a line.
struct Theirs(Child, BufReader<std::process::ChildStdout>);

impl Theirs {
    fn start(python: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/features.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(CLIPS.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python that STILL_ORACLE names");
        let answers = BufReader::new(child.stdout.take().expect("its answers"));
        Theirs(child, answers)
    }

    fn round(&mut self) -> f64 {
        let asked = self
            .0
            .stdin
            .as_mut()
            .map(|questions| writeln!(questions, "round").and_then(|()| questions.flush()));
        let mut answer = String::new();
        let heard = self.1.read_line(&mut answer);
        match (asked, heard, answer.trim().parse()) {
            (Some(Ok(())), Ok(_), Ok(milliseconds)) => milliseconds,
            _ => {
                // It has said on standard error what it lacks.
                let status = self.0.wait();
                eprintln!(
                    "the Python that STILL_ORACLE names gave no time: {status:?}, '{answer}'"
                );
                std::process::exit(1);
            }
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (clips, extractor) =
        (clips(), Extractor::new(&FeatureOptions::default(), RATE_HZ).expect("a filter bank"));
    let mut theirs = std::env::var("STILL_ORACLE").ok().map(|python| Theirs::start(&python));
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let times = (ours(&extractor, &clips), theirs.as_mut().map(Theirs::round));
        // The first one warms both up.
        if round > 0 {
            own.push(times.0);
            other.extend(times.1);
        }
    }
    let own = median(own);
    println!("stillroom: {own:.3} ms a clip of 5 s");
    if let Some(Theirs(mut child, _)) = theirs {
        let other = median(other);
        println!("torchaudio, one thread: {other:.3} ms a clip; {:.2} times as long", other / own);
        let _ = child.kill();
        assert!(other / own >= 3.0, "less than three times as fast");
    }
    let both = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                (0..ROUNDS).for_each(|_| {
                    let _ = ours(&extractor, &clips);
                })
            });
        }
    });
    let together = both.elapsed().as_secs_f64() * 1e3 / (2 * ROUNDS * CLIPS) as f64;
    println!("two threads: {together:.3} ms a clip; {:.2} times as fast", own / together);
}
