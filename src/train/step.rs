//! One optimiser step, top to bottom.

use super::bench::Workbench;
use super::hooks::{Hooks, Moment, Seen};
use super::plan::{Plan, Taps};
use super::teaching::{Teacher, Told};
use crate::data::{Batch, Labelling, Mix};
use crate::error::{Error, Kind, Result};
use crate::kd;
use crate::models::Model;
use crate::nn::{Mode, Net, Network, Parameter, pass, unique};
use crate::optim::{Looked, check_loss};
use crate::tensor::trace::{self, Part};
use crate::tensor::{GRAPH_IS_USED, Tensor};

/// λ and τ where the recipe says nothing: the paper's λ, and no temperature.
/// The weight of the label where nothing says another.
pub const STANDARD_LAMBDA: f64 = 0.5;
/// The teacher's temperature, likewise.
pub const STANDARD_TAU: f64 = 1.0;

/// Beyond this one step makes weights infinite.
/// More makes no sense.
const HIGHEST_LR: f64 = 1e6;

/// The numbers of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The loss.
    pub loss: f64,
    /// The learning rate.
    pub lr: f64,
    /// λ, where it means something.
    pub lambda: Option<f64>,
    /// τ, where it means something.
    pub tau: Option<f64>,
}

/// A loss, and what it was weighed with.
struct Weighed {
    loss: Tensor,
    /// Whether it is the recipe's.
    is_own: bool,
    lambda: Option<f64>,
    tau: Option<f64>,
}

/// What is being trained.
pub(super) struct Learner {
    /// What is evaluated: one of the networks on the bench.
    pub model: Model,
    pub parameters: Vec<(String, Parameter)>,
    pub teacher: Option<Teacher>,
    /// Inner outputs that the loss is shown.
    pub taps: Taps,
    /// How many classes a clip may have.
    pub labelling: Labelling,
    /// All that steps work on.
    pub bench: Workbench,
    /// Whether the steps are the recipe's own.
    pub is_own: bool,
    /// Clips that train.
    pub clips: usize,
}

impl Learner {
    pub fn new(plan: &Plan) -> Result<Self> {
        let shape = plan.features.shape();
        let (model, bench) = match &plan.own {
            None => {
                let model = plan.spec.build(shape, plan.seed, &plan.device)?;
                let (net, options) = (model.net().clone(), plan.optimizer.clone());
                Taps::check(plan.operation(), "student", &plan.taps.student, &net)?;
                (model, Workbench::standard(net, options, &plan.parts)?)
            }
            Some(own) => {
                let bench = Workbench::of(own)?;
                let place = own.nets.iter().position(|(_, net)| plan.evaluates(net));
                let evaluated = place.and_then(|place| bench.nets.get(place)).ok_or_else(|| {
                    Error::new(Kind::Internal, plan.operation(), "no network is evaluated")
                })?;
                (Model::of(evaluated.1.clone(), shape), bench)
            }
        };
        let mut parameters = model.net().unique_parameters();
        if plan.own.is_none() {
            let parts = bench.nets.iter().filter(|(name, _)| !name.is_empty());
            parameters.extend(parts.flat_map(|(name, part)| named(name, part)));
            // What two parts share is trained once.
            parameters = unique(parameters);
            // A group that fits no parameter is told before anything is trained.
            bench.optimizers.iter().try_for_each(|(_, handle)| handle.bind(&parameters))?;
        }
        let (teacher, is_own) = (Teacher::of(plan), plan.own.is_some());
        let labelling = plan.features.train.labelling();
        let taps = plan.taps.clone();
        let clips = plan.features.train.clips().len();
        Ok(Learner { parameters, model, teacher, taps, labelling, bench, is_own, clips })
    }

    /// Refuses a network that cannot be evaluated, before anything is trained.
    ///
    /// # Errors
    /// Whatever its forward pass says; logits of other classes than the data's.
    pub fn check_output(&self, plan: &Plan, moment: &Moment, hooks: &dyn Hooks) -> Result<()> {
        if plan.spec.classes().is_some() {
            return Ok(());
        }
        let checked = self.model.check_output(plan.features.train.classes(), &plan.device);
        checked.map_err(|error| {
            let functions = self.model.net().functions();
            match functions.iter().find(|name| !name.is_empty()) {
                // A function of the recipe's own says what it does wrong itself.
                Some(name) if error.report().places.is_empty() => hooks.blame(name, moment, error),
                _ => error,
            }
        })
    }

    /// Forward, loss, backward, update. Nothing but the running statistics has changed when it fails; with
    /// an optimiser that accumulates, some steps make no update.
    pub fn step(
        &self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<StepReport> {
        let step = [moment.step as u64];
        let part = if self.is_own { Part::Step } else { Part::Checks };
        let act = || match self.is_own {
            true => own_step(&self.bench, batch, moment, hooks),
            false => self.standard(batch, moment, hooks),
        };
        pass::during(moment.seed, &step, || trace::span(part, act))
    }

    /// The batch as the recipe's own augmentation leaves it. A teacher that is shown other draws gets other draws here,
    /// too; one that is shown clean clips gets none.
    pub fn augmented(
        &self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<Option<Batch>> {
        let Some(mut own) = hooks.augment(moment, batch)? else { return Ok(None) };
        own.teacher_input = match &batch.teacher_input {
            Some(input) if self.teacher.as_ref().is_some_and(Teacher::is_independent) => {
                let apart =
                    Batch { input: input.clone(), teacher_input: None, view: 1, ..batch.clone() };
                let seen = hooks.augment(moment, &apart)?;
                Some(seen.map_or_else(|| input.clone(), |seen| seen.input))
            }
            other => other.clone(),
        };
        Ok(Some(own))
    }

    /// The recipe's loss, or the usual one.
    fn loss(
        &self,
        student: &Tensor,
        teacher: Option<&Tensor>,
        target: &Tensor,
        seen: Seen,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<Weighed> {
        let (mut lambda, mut tau) = (None, None);
        if teacher.is_some() {
            lambda = hooks.lambda(moment)?;
            tau = hooks.tau(moment)?;
        }
        let taught = seen.taught.clone();
        let weights = [lambda.unwrap_or(STANDARD_LAMBDA), tau.unwrap_or(STANDARD_TAU)];
        let seen = Seen { weights: teacher.map(|_| weights), ..seen };
        let own = hooks.loss(moment, student, teacher, target, seen)?;
        let is_own = own.is_some();
        let loss = match (own, teacher) {
            (Some(loss), _) => loss,
            (None, None) => label_loss(self.labelling, student, target)?,
            (None, Some(teacher)) => {
                let [weight, temperature] = weights;
                (lambda, tau) = (Some(weight), Some(temperature));
                let cmkd = match (self.labelling, &taught) {
                    (labelling, Some(taught)) => {
                        let multi = labelling == Labelling::Multi;
                        let pair = [student, teacher];
                        kd::cmkd_of_some(pair, target, taught, [weight, temperature], multi)
                    }
                    (Labelling::Single, None) => {
                        kd::cmkd(student, teacher, target, weight, temperature)
                    }
                    (Labelling::Multi, None) => {
                        kd::cmkd_multi(student, teacher, target, weight, temperature)
                    }
                };
                cmkd.map_err(|error| {
                    let of = |name: &str| error.report().problem.contains(&format!("'{name}'"));
                    match (of("tau"), of("lambda")) {
                        (true, _) => hooks.blame("tau", moment, error),
                        (_, true) => hooks.blame("lambda", moment, error),
                        _ => error,
                    }
                })?
            }
        };
        Ok(Weighed { loss, is_own, lambda, tau })
    }

    fn standard(
        &self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<StepReport> {
        let augmented = trace::span(Part::Augment, || self.augmented(batch, moment, hooks))?;
        let batch = augmented.as_ref().unwrap_or(batch);
        let own = &self.taps.student;
        let forward = || self.model.forward_taps(&batch.input, Mode::Train, own);
        let (student, own) = trace::span(Part::Student, forward)?;
        let asked = |teacher: &Teacher| {
            trace::span(Part::Teacher, || teacher.says(batch, &self.taps.teacher))
        };
        let (teacher, told, taught) = match self.teacher.as_ref().map(asked).transpose()? {
            Some(Told { logits, taps, taught }) => (Some(logits), taps, taught),
            None => (None, Vec::new(), None),
        };
        let places = places(batch, self.clips);
        let seen = Seen { taps: [own, told], places, taught, weights: None };
        let Weighed { loss, is_own, lambda, tau } = trace::span(Part::Loss, || {
            self.loss(&student, teacher.as_ref(), &batch.target, seen, moment, hooks)
        })?;
        let at_loss = |error| if is_own { hooks.blame("loss", moment, error) } else { error };
        check_loss("loss", &loss).map_err(at_loss)?;
        let gradients = loss.backward().map_err(|error| {
            let report = error.report();
            match (report.operation.as_str(), report.problem.as_str()) {
                _ if !is_own => error,
                ("backward", GRAPH_IS_USED) => at_loss(error.hint(USED)),
                ("backward", _) => at_loss(error.hint(UNTRACKED)),
                _ => at_loss(error),
            }
        })?;
        let looked = Looked::at(Some(&loss), &self.parameters, &gradients)?;
        let value = looked.loss.unwrap_or(f64::NAN);
        if !value.is_finite() {
            return Err(at_loss(not_finite(value, moment)));
        }
        looked.check_gradients("loss", &self.parameters, &gradients).map_err(at_loss)?;
        let lr = hooks.lr(moment)?.unwrap_or(moment.lr);
        check_lr(lr).map_err(|error| hooks.blame("lr", moment, error))?;
        for (_, optimizer) in &self.bench.optimizers {
            optimizer.step(&self.parameters, &gradients, Some(lr))?;
        }
        Ok(StepReport { loss: value, lr, lambda, tau })
    }
}

/// Who else may have gone backward through a loss.
const USED: &str = "the stage goes backward itself: leave .backward() out; what is kept from step to step, in ctx.state, is kept as \
                    x.detach() or x.item()";
/// What a loss may be made of that leads to no parameter.
const UNTRACKED: &str = "the student's logits must be in it: not student.detach(), an argmax, a comparison or the \
                         teacher alone; and the stage calls .backward() itself";

/// Refuses a learning rate that makes no sense.
///
/// # Errors
/// Such a rate, in the name of the hook `lr`.
pub fn check_lr(lr: f64) -> Result<()> {
    match (0.0..=HIGHEST_LR).contains(&lr) {
        true => Ok(()),
        false => Err(Error::new(Kind::Range, "lr", "the learning rate makes no sense")
            .expected(format!("0 to {HIGHEST_LR}"))
            .received(lr.to_string())),
    }
}

/// The parameters of a part, by names that no parameter of the student has.
fn named(part: &str, net: &Net) -> Vec<(String, Parameter)> {
    let all = net.parameters().into_iter();
    all.map(|(name, parameter)| (format!("parts.{part}.{name}"), parameter)).collect()
}

/// The clip that each row has most of, of so many that train. Rows that nobody recorded are counted, and the last one stands
/// for the last clip: a memory of them must have a place for each.
fn places(batch: &Batch, clips: usize) -> Vec<usize> {
    if batch.mixes.is_empty() {
        let last = clips.saturating_sub(1);
        return (0..batch.clips.saturating_sub(1)).chain([last]).collect();
    }
    // The first of equals.
    let most = |a: (usize, f32), b: &(usize, f32)| if b.1 > a.1 { *b } else { a };
    let most_of = |mix: &Mix| mix.iter().fold((0, f32::NEG_INFINITY), most).0;
    batch.mixes.iter().map(most_of).collect()
}

/// The loss against labels where the recipe says none.
pub(super) fn label_loss(labelling: Labelling, logits: &Tensor, target: &Tensor) -> Result<Tensor> {
    match labelling {
        Labelling::Single => kd::cross_entropy(logits, target),
        Labelling::Multi => kd::bce(logits, target, kd::Reduction::Mean),
    }
}

/// A step of the recipe's own.
fn own_step(
    own: &Workbench,
    batch: &Batch,
    moment: &Moment,
    hooks: &mut dyn Hooks,
) -> Result<StepReport> {
    // What an undone step, or one of a rehearsal, had is of no step.
    for (_, handle) in &own.optimizers {
        let _ = handle.take_rate();
    }
    let Some(loss) = hooks.step(moment, batch)? else {
        return Err(Error::new(Kind::Script, "each_step", "nobody says what a step does"));
    };
    if !loss.is_finite() {
        return Err(hooks.blame("step", moment, not_finite(loss, moment)));
    }
    // A step may say a rate of its own.
    let rates = own.optimizers.iter().map(|(_, handle)| (handle.take_rate(), handle.lr()));
    let rates: Vec<(Option<f64>, f64)> = rates.collect();
    let used = rates.iter().find_map(|(used, _)| *used);
    let lr = used.or(rates.first().map(|(_, rate)| *rate)).unwrap_or_default();
    Ok(StepReport { loss, lr, lambda: None, tau: None })
}

fn not_finite(loss: f64, moment: &Moment) -> Error {
    Error::new(Kind::Number, "loss", "the loss is no finite number")
        .received(format!("{loss} at step {} of stage '{}'", moment.step, moment.stage))
        .hint(match moment.step {
            // No weight has changed yet.
            0 => "log() of 0 or less, division by 0, sqrt() and kl_div of what is no probability are usual causes",
            _ => "a smaller learning rate often helps; log() and division by 0 are usual causes",
        })
}
