//! Everything that a stage needs, checked before it starts.

use super::answers::Answers;
use super::average::Average;
use super::hearing::Hearing;
use crate::data::{
    Augmentation, Caches, ClipSource, Dataset, Fingerprint, FrontEnd, Sampler, Teaching,
};
use crate::error::{Error, Kind, Result, unknown};
use crate::models::{InputShape, Model, Spec};
use crate::nn::Net;
use crate::optim::OptimizerOptions;
use crate::tensor::Device;
use serde::Serialize;
use std::sync::{Arc, OnceLock};

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Learns from the labels.
    Train,
    /// Learns from the labels and from a frozen teacher.
    Distill,
    /// Does in each step what the recipe says.
    EachStep,
}

impl StageKind {
    /// All of them.
    pub const ALL: [StageKind; 3] = [StageKind::Train, StageKind::Distill, StageKind::EachStep];

    /// The function of a recipe that makes such a stage.
    pub fn operation(self) -> &'static str {
        match self {
            StageKind::Train => "train",
            StageKind::Distill => "distill",
            StageKind::EachStep => "each_step",
        }
    }

    /// The sort of stage that a function of a recipe makes, if it makes one.
    pub fn of_operation(operation: &str) -> Option<Self> {
        StageKind::ALL.into_iter().find(|kind| kind.operation() == operation)
    }
}

/// What a stage works on whose steps are the recipe's own.
#[derive(Clone)]
pub struct OwnStep {
    /// Networks by name; the stage works on copies.
    pub nets: Vec<(String, Net)>,
    /// Optimisers by name; the stage begins with fresh ones.
    pub optimizers: Vec<(String, OptimizerOptions)>,
}

/// Inner outputs that the hook `loss` of a stage is shown, by the names of `Net::taps`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taps {
    /// Of the network that is trained.
    pub student: Vec<String>,
    /// Of the teacher.
    pub teacher: Vec<String>,
}

impl Taps {
    /// Whether nothing is tapped.
    pub fn is_empty(&self) -> bool {
        self.student.is_empty() && self.teacher.is_empty()
    }

    /// Refuses names that a network does not have.
    ///
    /// # Errors
    /// Such a name.
    pub(super) fn check(operation: &str, whose: &str, names: &[String], net: &Net) -> Result<()> {
        let known = net.taps();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(unknown(operation, &format!("tap of the {whose}"), name, &known)),
        }
    }
}

/// A frozen model that teaches.
#[derive(Clone)]
pub struct TeacherModel {
    /// The stage that made it.
    pub name: String,
    /// What it is, as a store names it; empty where it is a network that no stage made.
    pub key: String,
    /// The model with its weights.
    pub model: Model,
    /// What it was trained on, and so what it takes; `None`: whatever its student is given.
    pub features: Option<Features>,
}

/// The features of all splits; stages over the same data share them.
#[derive(Clone)]
pub struct Features {
    /// Clips that train.
    pub train: Arc<ClipSource>,
    /// Clips that choose between epochs; maybe none.
    pub validation: Arc<ClipSource>,
    /// Clips that test.
    pub test: Arc<ClipSource>,
    dataset: Arc<Dataset>,
    front: FrontEnd,
    caches: Arc<Caches>,
    fingerprint: Arc<OnceLock<Arc<Fingerprint>>>,
}

impl Features {
    /// Says which features of which clips; none is computed yet.
    ///
    /// # Errors
    /// A front end that makes no sense for these clips.
    pub fn of(dataset: &Arc<Dataset>, front: &FrontEnd, caches: &Arc<Caches>) -> Result<Self> {
        let [train, validation, test] = ClipSource::all(dataset, front, caches)?.map(Arc::new);
        let (dataset, front, fingerprint) = (dataset.clone(), front.clone(), Arc::default());
        let caches = caches.clone();
        Ok(Features { train, validation, test, dataset, front, caches, fingerprint })
    }

    /// The clips that epochs are judged by: those that validate, or, where there are none, those that test.
    pub fn judging(&self) -> &Arc<ClipSource> {
        if self.validation.is_empty() { &self.test } else { &self.validation }
    }

    /// Whether these are the clips that test.
    pub(super) fn judging_tests(&self) -> bool {
        self.validation.is_empty() || self.test.is_empty()
    }

    /// What the data set is called.
    pub fn name(&self) -> &str {
        &self.dataset.name
    }

    /// The data set.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// How they are computed, with all that the front end leaves to the data: frames, rate and statistics.
    ///
    /// # Errors
    /// A clip that cannot be read, where the statistics are not measured yet; `Interrupted` when `stop` says so.
    pub fn resolved(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<FrontEnd> {
        let statistics = match self.front.normalize.scale() {
            Some(_) => Some(self.train.statistics_until(stop)?),
            None => self.front.statistics,
        };
        let (frames, rate_hz) = (Some(self.train.frames()), Some(self.train.rate_hz()));
        Ok(FrontEnd { frames, rate_hz, statistics, ..self.front.clone() })
    }

    /// The same clips as somebody else hears them.
    ///
    /// # Errors
    /// A front end that makes no sense for these clips.
    pub fn heard_by(&self, front: &FrontEnd) -> Result<Features> {
        Features::of(&self.dataset, front, &self.caches)
    }

    /// How they are computed.
    pub fn front(&self) -> &FrontEnd {
        &self.front
    }

    /// What the clips' files contain, read when it is first asked for.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn fingerprint(&self) -> Result<Arc<Fingerprint>> {
        if let Some(known) = self.fingerprint.get() {
            return Ok(known.clone());
        }
        let read = Arc::new(Fingerprint::of(&self.dataset, &self.caches.files, &|| false)?);
        Ok(self.fingerprint.get_or_init(|| read).clone())
    }

    /// Computes all features, where they are not there yet, so that a damaged file is told before anything
    /// is trained. It ends where `stop` says so.
    pub fn ready(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        self.train.warm(stop)?;
        self.validation.warm(stop)?;
        self.test.warm(stop)
    }

    /// The shape of one clip.
    pub fn shape(&self) -> InputShape {
        InputShape { frames: self.train.frames(), mels: self.train.bins() }
    }
}

/// More epochs than anybody waits for; the number of steps cannot overflow.
const MOST_EPOCHS: usize = 1_000_000_000;

/// Everything that a stage needs.
#[derive(Clone)]
pub struct Plan {
    /// Its name in results.
    pub name: String,
    /// What it is asked for, as a store names it; empty where there is no store.
    pub identity: String,
    /// The model to train.
    pub spec: Spec,
    /// The teacher of a distillation.
    pub teacher: Option<TeacherModel>,
    /// What a teacher without a network said of the clips that train.
    pub answers: Option<Answers>,
    /// What the recipe's own steps work on; `spec` is then the network that is evaluated.
    pub own: Option<OwnStep>,
    /// Networks beside the one that is trained, by name, trained and kept with it: what a loss needs of its own. The
    /// stage works on copies.
    pub parts: Vec<(String, Net)>,
    /// Inner outputs that the loss is shown.
    pub taps: Taps,
    /// The clips.
    pub features: Features,
    /// Augmentations of the training clips.
    pub chain: Vec<Arc<dyn Augmentation>>,
    /// Which clips an epoch takes, and in which order.
    pub sampler: Sampler,
    /// How the teacher is shown the clips.
    pub teaching: Teaching,
    /// Clips a step.
    pub batch: usize,
    /// Times that every clip is seen.
    pub epochs: usize,
    /// The optimiser.
    pub optimizer: OptimizerOptions,
    /// Which epochs' weights are averaged, where some are.
    pub average: Option<Average>,
    /// Names every random stream of the stage.
    pub seed: u64,
    /// Loader threads.
    pub workers: usize,
    /// Where to compute.
    pub device: Device,
}

impl Plan {
    /// Whether a teacher takes part.
    pub fn kind(&self) -> StageKind {
        match (&self.own, self.taught_by()) {
            (Some(_), _) => StageKind::EachStep,
            (None, Some(_)) => StageKind::Distill,
            (None, None) => StageKind::Train,
        }
    }

    /// Who teaches, by name.
    pub fn taught_by(&self) -> Option<&str> {
        let teacher = self.teacher.as_ref().map(|teacher| teacher.name.as_str());
        teacher.or(self.answers.as_ref().map(|answers| answers.name.as_str()))
    }

    /// Whether `net` is the one that is evaluated.
    pub fn evaluates(&self, net: &Net) -> bool {
        matches!(&self.spec, Spec::Net(spec) if spec.net == *net)
    }

    /// The operation's name in messages.
    pub fn operation(&self) -> &'static str {
        self.kind().operation()
    }

    /// Refuses what cannot be trained.
    pub fn check(&self) -> Result<()> {
        let operation = self.operation();
        let range = |name: &str, value: usize| {
            Err(Error::out_of_range(operation, name, "at least 1", value))
        };
        if self.epochs == 0 {
            return range("epochs", self.epochs);
        }
        if self.epochs > MOST_EPOCHS {
            return Err(Error::out_of_range(
                operation,
                "epochs",
                format!("{MOST_EPOCHS} at most"),
                self.epochs,
            ));
        }
        if self.batch == 0 {
            return range("batch", self.batch);
        }
        let missing = |problem: &str, hint: &str| {
            let error = Error::new(Kind::Data, operation, problem.to_string());
            Err(error.received(self.features.name()).hint(hint))
        };
        if self.features.train.is_empty() {
            return missing(
                "no clip of the data set trains",
                "data.split(#{ … }) shares clips out",
            );
        }
        if self.features.judging().is_empty() {
            let hint = "data.split(#{ test: 0.2 }) sets clips apart, data.k_fold(5, 1) makes folds";
            return missing("no clip of the data set tests or validates", hint);
        }
        self.sampler.check(self.features.train.len())?;
        let classes = self.features.train.classes();
        let differ = |whose: &str, count: usize| {
            Error::new(Kind::Shape, operation, format!("{whose} tells another number of classes"))
                .expected(format!("{classes} classes, as the data has"))
                .received(format!("{count} classes"))
        };
        if let Some(count) = self.spec.classes().filter(|count| *count != classes) {
            return Err(differ("the model", count).hint("use classes: data.classes"));
        }
        if let Some(teacher) = &self.teacher {
            match teacher.model.spec().classes() {
                None => teacher.model.check_output(classes, &self.device)?,
                Some(count) if count == classes => {}
                Some(count) => return Err(differ("the teacher", count)),
            }
            Hearing::check(self, teacher)?;
            Taps::check(operation, "teacher", &self.taps.teacher, teacher.model.net())?;
            if self.teaching == Teaching::Stored && !self.taps.teacher.is_empty() {
                let problem = "'taps' of a teacher whose teaching is stored";
                return Err(Error::new(Kind::Script, operation, problem)
                    .expected("only the teacher's logits are stored")
                    .hint("leave out teaching: \"stored\", or the teacher's taps"));
            }
        }
        if self.answers.is_some() && !self.taps.teacher.is_empty() {
            let problem = "'taps' of a teacher that has no network";
            return Err(Error::new(Kind::Script, operation, problem)
                .expected("only its logits are known")
                .hint("leave out the teacher's taps"));
        }
        self.average.map_or(Ok(()), |average| average.check(operation, self.epochs))?;
        self.optimizer.check()
    }
}
