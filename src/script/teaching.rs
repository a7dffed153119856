//! Who teaches in a stage, as a recipe says it: a stage's result, a network, or a file of what somebody said.

use super::options::Options;
use super::stage::TEACHING;
use super::value::native_of;
use crate::data::Teaching;
use crate::error::{Error, Kind, Result, unknown};
use crate::models::Model;
use crate::nn::Net;
use crate::train::{Answers, Plan, StoredLogits, TeacherModel, Trained};
use rhai::Dynamic;

/// A teacher, before it is known whom it teaches.
pub(super) enum Teacher {
    Model(Box<TeacherModel>),
    Net(Net),
    Stored(StoredLogits),
}

impl Teacher {
    /// What was given for one.
    pub fn of(given: &Dynamic) -> Result<Self> {
        if let Some(trained) = given.read_lock::<Trained>() {
            let model = TeacherModel {
                name: trained.name.clone(),
                key: trained.key.clone(),
                model: trained.model.clone(),
                features: Some(trained.features.clone()),
            };
            return Ok(Teacher::Model(Box::new(model)));
        }
        if let Some(stored) = given.read_lock::<StoredLogits>() {
            return Ok(Teacher::Stored(stored.clone()));
        }
        let expected = "what train(…) or distill(…) gave, a network, or kd::stored(\"FILE\")";
        let net = native_of::<Net>("distill", "the teacher", expected, given);
        net.map(Teacher::Net).map_err(|error| match given.is_array() {
            false if given.is::<crate::models::Spec>() => error.hint(
                "the teacher comes first, and has been trained: distill(teacher, student, options)",
            ),
            true => error.hint(
                "several teach in each_step(…), where std/teachers joins what they say: \
                 teachers::mean_softmax([one.forward(x), two.forward(x)])",
            ),
            false => error,
        })
    }

    /// Lets it teach the stage of a plan.
    pub fn teach(self, plan: &mut Plan, options: &Options) -> Result<()> {
        match self {
            Teacher::Model(model) => plan.teacher = Some(*model),
            Teacher::Net(net) => {
                let name = net.kind().to_string();
                let model = Model::of(net, plan.features.shape());
                // The same check later knows networks by their kinds only: both may be of one.
                let fits = model.check_output(plan.features.train.classes(), &plan.device);
                fits.map_err(|error| error.during("distill, the teacher"))?;
                plan.teacher =
                    Some(TeacherModel { name, key: String::new(), model, features: None });
            }
            Teacher::Stored(stored) => {
                if options.get(TEACHING).is_some() && plan.teaching != Teaching::Stored {
                    let problem = "'teaching' of a teacher that has no network";
                    return Err(Error::new(Kind::Script, options.operation(), problem)
                        .expected("\"stored\", as it is where nothing is said")
                        .received(format!("{:?}", plan.teaching.name())));
                }
                plan.teaching = Teaching::Stored;
                plan.answers = Some(Answers::of(&stored, &plan.features)?);
            }
        }
        Ok(())
    }
}

/// How the teacher is shown the clips.
pub(super) fn teaching_of(options: &Options) -> Result<Teaching> {
    let Some(name) = options.text(TEACHING)? else { return Ok(Teaching::default()) };
    let names = Teaching::NAMES.map(|(name, _)| name);
    let found = Teaching::NAMES.into_iter().find(|(own, _)| *own == name);
    match found {
        Some((_, teaching)) => Ok(teaching),
        None => Err(unknown(options.operation(), "teaching", &name, &names)),
    }
}
