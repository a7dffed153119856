//! Training: the step, the loop, evaluation. It knows the trait [`Hooks`] and nothing of Rhai, so the
//! whole loop runs with hooks written in ten lines of Rust.

mod evaluate;
mod hooks;
mod plan;
mod stage;
mod step;

pub use evaluate::evaluate;
pub use hooks::{Change, Hooks, Moment, Outcome, Plain, Reading};
pub use plan::{Features, OwnStep, Plan, StageKind, TeacherModel};
pub use stage::{Event, Observer, Trained, train};
pub use step::{Before, Workbench};
