//! Training: the step, the loop, evaluation. It knows the trait [`Hooks`] and nothing of Rhai, so the
//! whole loop runs with hooks written in ten lines of Rust.

mod answers;
mod average;
mod bench;
mod card;
mod checkpoint;
mod drill;
mod dry;
mod ending;
mod evaluate;
mod event;
mod exact;
mod hearing;
mod hooks;
mod keeping;
mod later;
mod plan;
mod predict;
mod stage;
mod step;
mod tally;
mod teaching;

pub use answers::{Answers, MissingClasses, MissingClips, StoredLogits};
pub use average::{Average, Averaged, Norms};
pub use bench::{Before, Workbench};
pub use card::{CARD, Card};
pub use checkpoint::{Belongings, Checkpoint};
pub use drill::Drill;
pub use dry::{Dry, Sample, TRIAL_CLIPS, dry_run, made_up_batch, retried_on};
pub use evaluate::evaluate;
pub use event::{Event, Observer, SoFar, Trained};
pub use hooks::{Change, Hooks, Moment, Outcome, Phase, Plain, Reading, Seen, Stint, Tapped};
pub use plan::{Features, OwnStep, Plan, StageKind, Taps, TeacherModel};
pub use predict::predict;
pub use stage::{recall, train, untrained};
pub use step::{STANDARD_LAMBDA, STANDARD_TAU, StepReport, check_lr};
