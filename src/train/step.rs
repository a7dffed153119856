//! One optimiser step, top to bottom.

use super::hooks::{Hooks, Moment};
use super::plan::{OwnStep, Plan, TeacherModel};
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::kd;
use crate::models::Model;
use crate::nn::{Copies, Manner, Mode, Net, Network, Parameter, pass};
use crate::optim::{
    Optimizer, OptimizerHandle, OptimizerOptions, Snapshot, check_gradients, one_number,
};
use crate::tensor::Tensor;

/// λ and τ where the recipe says nothing: the paper's λ, and no temperature.
const STANDARD_LAMBDA: f64 = 0.5;
const STANDARD_TAU: f64 = 1.0;

/// Beyond this one step makes weights infinite.
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

/// What is being trained.
pub(super) struct Learner {
    pub model: Model,
    pub parameters: Vec<(String, Parameter)>,
    pub optimizer: Optimizer,
    pub teacher: Option<TeacherModel>,
    /// What the recipe's own steps work on.
    pub own: Option<Workbench>,
}

/// Networks and optimisers of a stage whose steps are the recipe's own, by name.
#[derive(Clone, Default)]
pub struct Workbench {
    /// The networks.
    pub nets: Vec<(String, Net)>,
    /// Their optimisers.
    pub optimizers: Vec<(String, OptimizerHandle)>,
}

/// All that a step changes, as it was before.
pub struct Before {
    manners: Vec<Manner>,
    weights: Vec<Vec<(String, Tensor)>>,
    optimizers: Vec<Snapshot>,
}

impl Workbench {
    /// Copies of a plan's networks, which share what the originals share, and fresh optimisers.
    fn of(own: &OwnStep) -> Result<Self> {
        let mut copies = Copies::default();
        let copy = |(name, net): &(String, Net)| Ok((name.clone(), net.copy_into(&mut copies)?));
        let fresh = |(name, options): &(String, OptimizerOptions)| {
            Ok((name.clone(), OptimizerHandle::new(options.clone())?))
        };
        Ok(Workbench {
            nets: own.nets.iter().map(copy).collect::<Result<_>>()?,
            optimizers: own.optimizers.iter().map(fresh).collect::<Result<_>>()?,
        })
    }

    /// All that a step changes. Handles only; no number is copied.
    pub fn snapshot(&self) -> Before {
        Before {
            manners: self.nets.iter().map(|(_, net)| net.manner()).collect(),
            weights: self.nets.iter().map(|(_, net)| net.state()).collect(),
            optimizers: self.optimizers.iter().map(|(_, handle)| handle.snapshot()).collect(),
        }
    }

    /// Goes back to before a step.
    pub fn restore(&self, before: &Before) -> Result<()> {
        for ((_, handle), snapshot) in self.optimizers.iter().zip(&before.optimizers) {
            handle.restore(snapshot);
        }
        for ((_, net), manner) in self.nets.iter().zip(&before.manners) {
            net.set_manner(manner)?;
        }
        let nets = self.nets.iter().zip(&before.weights);
        nets.into_iter().try_for_each(|((_, net), weights)| net.restore(weights))
    }
}

impl Learner {
    pub fn new(plan: &Plan) -> Result<Self> {
        let own = plan.own.as_ref().map(Workbench::of).transpose()?;
        let evaluated = own.as_ref().and_then(|own| {
            let place = plan.own.as_ref()?.nets.iter().position(|(_, net)| plan.evaluates(net))?;
            own.nets.get(place).map(|(_, net)| net.clone())
        });
        let shape = plan.features.shape();
        let model = match evaluated {
            Some(net) => Model::of(net, shape),
            None => plan.spec.build(shape, plan.seed, &plan.device)?,
        };
        if plan.spec.classes().is_none() {
            model.check_output(plan.features.train.classes(), &plan.device)?;
        }
        let parameters = model.net().unique_parameters();
        let mut optimizer = Optimizer::new(plan.optimizer.clone())?;
        // A group that fits no parameter is told before anything is trained.
        if own.is_none() {
            optimizer.bind(&parameters)?;
        }
        Ok(Learner { parameters, model, optimizer, teacher: plan.teacher.clone(), own })
    }

    /// All that a step changes. Handles only; no number is copied.
    pub fn snapshot(&self) -> Before {
        match &self.own {
            Some(own) => own.snapshot(),
            None => Before {
                manners: Vec::new(),
                weights: vec![self.model.network().state()],
                optimizers: vec![self.optimizer.snapshot()],
            },
        }
    }

    /// Goes back to before a step.
    pub fn restore(&mut self, before: &Before) -> Result<()> {
        if let Some(own) = &self.own {
            return own.restore(before);
        }
        if let Some(snapshot) = before.optimizers.first() {
            self.optimizer.restore(snapshot);
        }
        match before.weights.first() {
            Some(weights) => self.model.network().restore(weights),
            None => Ok(()),
        }
    }

    /// Forward, loss, backward, update. Nothing but the running statistics has changed when it fails; with
    /// an optimiser that accumulates, some steps make no update.
    pub fn step(
        &mut self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<StepReport> {
        let step = [moment.step as u64];
        pass::during(moment.seed, &step, || match &self.own {
            Some(own) => own_step(own, batch, moment, hooks),
            None => self.standard(batch, moment, hooks),
        })
    }

    fn standard(
        &mut self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<StepReport> {
        let student = self.model.forward(&batch.input, Mode::Train)?;
        let teacher = match &self.teacher {
            Some(teacher) => Some(teacher.model.forward(&batch.input, Mode::Eval)?),
            None => None,
        };
        let (mut lambda, mut tau) = (None, None);
        if teacher.is_some() {
            lambda = hooks.lambda(moment)?;
            tau = hooks.tau(moment)?;
        }
        let own = hooks.loss(moment, &student, teacher.as_ref(), &batch.target)?;
        let is_own = own.is_some();
        let loss = match (own, &teacher) {
            (Some(loss), _) => loss,
            (None, None) => kd::cross_entropy(&student, &batch.target)?,
            (None, Some(teacher)) => {
                let weight = *lambda.get_or_insert(STANDARD_LAMBDA);
                let temperature = *tau.get_or_insert(STANDARD_TAU);
                kd::cmkd(&student, teacher, &batch.target, weight, temperature)?
            }
        };
        let at_loss = |error| if is_own { hooks.blame("loss", moment, error) } else { error };
        let value = check_loss(&loss, moment).map_err(at_loss)?;
        let gradients = loss.backward().map_err(at_loss)?;
        check_gradients("loss", &self.parameters, &gradients).map_err(at_loss)?;
        let lr = hooks.lr(moment)?.unwrap_or(moment.lr);
        if !(0.0..=HIGHEST_LR).contains(&lr) {
            let error = Error::new(Kind::Range, "lr", "the learning rate makes no sense")
                .expected(format!("0 to {HIGHEST_LR}"))
                .received(lr.to_string());
            return Err(hooks.blame("lr", moment, error));
        }
        self.optimizer.step(&self.parameters, &gradients, Some(lr))?;
        Ok(StepReport { loss: value, lr, lambda, tau })
    }
}

/// A step of the recipe's own.
fn own_step(
    own: &Workbench,
    batch: &Batch,
    moment: &Moment,
    hooks: &mut dyn Hooks,
) -> Result<StepReport> {
    let Some(loss) = hooks.step(moment, batch)? else {
        return Err(Error::new(Kind::Script, "each_step", "nobody says what a step does"));
    };
    if !loss.is_finite() {
        return Err(hooks.blame("step", moment, not_finite(loss, moment)));
    }
    let lr = own.optimizers.first().map_or(0.0, |(_, handle)| handle.lr());
    Ok(StepReport { loss, lr, lambda: None, tau: None })
}

fn not_finite(loss: f64, moment: &Moment) -> Error {
    Error::new(Kind::Number, "loss", "the loss is no finite number")
        .received(format!("{loss} at step {} of stage '{}'", moment.step, moment.stage))
        .hint("a smaller learning rate often helps; log() and division by 0 are usual causes")
}

fn check_loss(loss: &Tensor, moment: &Moment) -> Result<f64> {
    let value = one_number("loss", loss)?;
    if !value.is_finite() {
        return Err(not_finite(value, moment));
    }
    Ok(value)
}
