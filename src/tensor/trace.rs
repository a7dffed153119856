//! Where the time of a stage goes: spans of its parts, told by whoever does them. Off, a span is one look at a flag.

use super::memory::{self, Memory};
use super::sync;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Parts of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What comes before the first step: features of all clips, the network and its weights.
    Preparing,
    /// Waiting for the loader.
    Data,
    /// The recipe's own augmentation of a batch.
    Augment,
    /// The frozen teacher's forward pass.
    Teacher,
    /// The student's forward pass.
    Student,
    /// The loss, and the hooks that it asks: `loss`, `lambda`, `tau`.
    Loss,
    /// The backward pass.
    Backward,
    /// The optimiser's step.
    Optimiser,
    /// A step of the recipe's own, but for what has a part of its own.
    Step,
    /// A step, but for all of these: checks of the loss and the gradients, other hooks.
    Checks,
    /// The evaluation after an epoch.
    Evaluation,
    /// Records, checkpoints, the display.
    Logging,
    /// In a thread of the loader: clips read, decoded, made into features.
    Features,
    /// In a thread of the loader: the chain of augmentations.
    Chain,
    /// In a thread of the loader: batches put together.
    Batches,
}

impl Part {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Part::Preparing => "preparing",
            Part::Data => "data",
            Part::Augment => "augment",
            Part::Teacher => "teacher",
            Part::Student => "student",
            Part::Loss => "loss",
            Part::Backward => "backward",
            Part::Optimiser => "optimiser",
            Part::Step => "step of its own",
            Part::Checks => "checks",
            Part::Evaluation => "evaluation",
            Part::Logging => "logging",
            Part::Features => "features",
            Part::Chain => "augmentations",
            Part::Batches => "batches",
        }
    }

    /// Whether threads of the loader do it.
    pub fn is_of_the_loader(self) -> bool {
        matches!(self, Part::Features | Part::Chain | Part::Batches)
    }
}

/// A part that was done once.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// What.
    pub part: Part,
    /// Since the trace began.
    pub start: Duration,
    /// From begin to end.
    pub length: Duration,
    /// Which thread, counted from 0 in the order of their first spans.
    pub thread: u64,
}

/// All spans of a part.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// What.
    pub part: Part,
    /// How often.
    pub count: u64,
    /// All of it, without the parts within.
    pub own: Duration,
    /// Bytes of the tensors that were made meanwhile, in all threads.
    pub made: u64,
    /// Tensors that this part's own thread read: each read makes it wait for a graphics card.
    pub reads: u64,
    /// The most that the process had in memory at an end of it.
    pub resident: u64,
}

/// What was traced.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// How long.
    pub length: Duration,
    /// Sums in the order of [`Part`].
    pub sums: Vec<Sum>,
    /// Single spans, as many as are kept.
    pub spans: Vec<Span>,
    /// Memory of the process at some of their ends: since the beginning, bytes.
    pub memory: Vec<(Duration, u64)>,
    /// Spans that were counted, but are not kept.
    pub dropped: u64,
}

/// Single spans that are kept: a file of so many is some 30 MB, and a browser can still show it.
const MOST_SPANS: usize = 200_000;

static ON: AtomicBool = AtomicBool::new(false);
static THREADS: AtomicU64 = AtomicU64::new(0);
static STATE: Mutex<Option<(Instant, Trace)>> = Mutex::new(None);

thread_local! {
    static THREAD: u64 = THREADS.fetch_add(1, Ordering::Relaxed);
    /// Parts that are being done, each with the time of parts within, and what was counted there.
    static OPEN: RefCell<Vec<(Part, Duration, Counted)>> = const { RefCell::new(Vec::new()) };
}

/// What is counted: bytes of tensors made, in all threads, and tensors read, by this one.
type Counted = [u64; 2];

fn counted() -> Counted {
    [memory::made(), sync::reads()]
}

/// What came since `begun`, or is left of it without `within`.
fn less(all: Counted, part: Counted) -> Counted {
    [0, 1].map(|which| all[which].saturating_sub(part[which]))
}

/// Begins a trace of this process; one that is going on is forgotten.
pub fn begin() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    *state = Some((Instant::now(), Trace::default()));
    ON.store(true, Ordering::Relaxed);
}

/// Ends it.
pub fn end() -> Trace {
    ON.store(false, Ordering::Relaxed);
    let state = STATE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((begun, mut trace)) = state else { return Trace::default() };
    trace.length = begun.elapsed();
    trace.sums.sort_by_key(|sum| sum.part);
    trace
}

/// Does `act` as a part.
pub fn span<T>(part: Part, act: impl FnOnce() -> T) -> T {
    if !ON.load(Ordering::Relaxed) {
        return act();
    }
    // Batches that a stage makes itself are its own work.
    let first = OPEN.with_borrow(|open| open.first().map(|(own, ..)| *own));
    if part.is_of_the_loader() && first.is_some_and(|own| !own.is_of_the_loader()) {
        return act();
    }
    traced(part, act)
}

/// Does `act` as a part where this thread is within `outer` just now, and as nothing of its own elsewhere.
pub fn span_within<T>(outer: Part, part: Part, act: impl FnOnce() -> T) -> T {
    if !ON.load(Ordering::Relaxed) {
        return act();
    }
    match OPEN.with_borrow(|open| open.last().is_some_and(|(own, ..)| *own == outer)) {
        true => traced(part, act),
        false => act(),
    }
}

/// Ends a span also where `act` panics.
struct Closing {
    part: Part,
    begun: Instant,
    counted: Counted,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let (length, all) = (self.begun.elapsed(), less(counted(), self.counted));
        let (within, counted_within) = OPEN.with_borrow_mut(|open| {
            let own =
                open.pop().map_or((Duration::ZERO, [0; 2]), |(_, time, counts)| (time, counts));
            if let Some((_, outer, sums)) = open.last_mut() {
                *outer += length;
                *sums = [sums[0] + all[0], sums[1] + all[1]];
            }
            own
        });
        let own = length.saturating_sub(within);
        note(self.part, self.begun, length, own, less(all, counted_within));
    }
}

fn traced<T>(part: Part, act: impl FnOnce() -> T) -> T {
    OPEN.with_borrow_mut(|open| open.push((part, Duration::ZERO, [0; 2])));
    let _closing = Closing { part, begun: Instant::now(), counted: counted() };
    act()
}

fn note(part: Part, begun: Instant, length: Duration, own: Duration, [made, reads]: Counted) {
    let resident = Memory::resident().unwrap_or(0);
    let thread = THREAD.with(|thread| *thread);
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((start, trace)) = state.as_mut() else { return };
    let place = match trace.sums.iter().position(|sum| sum.part == part) {
        Some(place) => place,
        None => {
            let own = Duration::ZERO;
            trace.sums.push(Sum { part, count: 0, own, made: 0, reads: 0, resident: 0 });
            trace.sums.len() - 1
        }
    };
    let sum = &mut trace.sums[place];
    sum.count += 1;
    sum.own += own;
    sum.made += made;
    sum.reads += reads;
    sum.resident = sum.resident.max(resident);
    if trace.spans.len() >= MOST_SPANS {
        trace.dropped += 1;
        return;
    }
    let at = begun.saturating_duration_since(*start);
    trace.spans.push(Span { part, start: at, length, thread });
    if !part.is_of_the_loader() {
        trace.memory.push((at + length, resident));
    }
}
