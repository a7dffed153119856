//! The training loop with hooks written in a few lines of Rust.

use crate::support::example;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stillroom::audio::{FbankOptions, FeatureOptions};
use stillroom::augment::{Mixup, TimeRoll};
use stillroom::data::{
    Augmentation, Caches, Esc50Options, FrontEnd, Reach, ReadOptions, Sampler, Teaching, esc50,
};
use stillroom::error::{Error, Kind, Result};
use stillroom::kd;
use stillroom::models::{CnnOptions, Spec, VitOptions};
use stillroom::nn::Mode;
use stillroom::optim::OptimizerOptions;
use stillroom::tensor::{Device, Tensor};
use stillroom::train::{
    Event, Features, Hooks, Moment, Observer, Plain, Plan, Seen, StageKind, Taps, TeacherModel,
    train,
};

/// Sees everything and does nothing.
pub struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _: &Event) -> Result<()> {
        Ok(())
    }
}

pub fn features() -> Features {
    let options = Esc50Options {
        read: ReadOptions { per_class: Some(2), ..ReadOptions::default() },
        ..Esc50Options::default()
    };
    let caches = Arc::new(Caches::none());
    let data = esc50(example(), &options, &Reach::anywhere(&caches.files)).expect("the example");
    let fbank = FbankOptions { mels: 16, hop_ms: 40.0, ..FbankOptions::default() };
    let front = FrontEnd { frames: Some(32), ..FrontEnd::of(FeatureOptions::Fbank(fbank)) };
    Features::of(&Arc::new(data), &front, &caches).expect("features")
}

pub fn plan() -> Plan {
    Plan {
        identity: String::new(),
        name: "net".into(),
        spec: Spec::Cnn(CnnOptions { classes: 10, channels: vec![4] }),
        teacher: None,
        own: None,
        parts: Vec::new(),
        taps: Taps::default(),
        features: features(),
        chain: vec![
            Arc::new(TimeRoll { frames: None }) as Arc<dyn Augmentation>,
            Arc::new(Mixup { rate: 0.5, alpha: 10.0 }),
        ],
        sampler: Sampler::default(),
        teaching: Teaching::default(),
        batch: 8,
        average: None,
        answers: None,
        epochs: 2,
        optimizer: OptimizerOptions { lr: 0.01, ..OptimizerOptions::default() },
        seed: 3,
        workers: 1,
        device: Device::default(),
    }
}

pub fn never() -> AtomicBool {
    AtomicBool::new(false)
}

#[test]
fn hooks_in_ten_lines_of_rust() {
    struct Halving(Vec<f64>);
    impl Hooks for Halving {
        fn loss(
            &mut self,
            _: &Moment,
            student: &Tensor,
            _: Option<&Tensor>,
            target: &Tensor,
            _: Seen,
        ) -> Result<Option<Tensor>> {
            kd::cross_entropy(student, target)?.mul_number(2.0).map(Some)
        }
        fn lr(&mut self, moment: &Moment) -> Result<Option<f64>> {
            self.0.push(moment.lr * 0.5f64.powi(moment.epoch as i32));
            Ok(self.0.last().copied())
        }
    }
    let mut hooks = Halving(Vec::new());
    let trained = train(&plan(), None, &mut hooks, &mut Silent, &never()).expect("trained");
    assert_eq!(hooks.0, [0.01, 0.01, 0.01, 0.005, 0.005, 0.005]);
    assert_eq!((trained.kind, trained.steps, trained.readings.len()), (StageKind::Train, 6, 2));
}

#[test]
fn a_frozen_teacher_stays_as_it_is() {
    let teacher = train(&plan(), None, &mut Plain, &mut Silent, &never()).expect("trained");
    let before = teacher.model.network().state();
    let student = Plan {
        name: "student".into(),
        seed: 4,
        teacher: Some(TeacherModel {
            name: "net".into(),
            key: String::new(),
            model: teacher.model.clone(),
            features: Some(teacher.features.clone()),
        }),
        ..plan()
    };
    let trained = train(&student, None, &mut Plain, &mut Silent, &never()).expect("distilled");
    assert_eq!(trained.kind, StageKind::Distill);
    for ((name, old), (_, new)) in before.iter().zip(teacher.model.network().state()) {
        assert_eq!(old.to_values().unwrap(), new.to_values().unwrap(), "{name}");
    }
}

#[test]
fn teacher_and_student_see_the_very_same_batch() {
    // A transformer computes the same in training and in evaluation: a student that begins as its own
    // teacher gives the same logits only if both see the same clips.
    struct Same(Vec<f64>);
    impl Hooks for Same {
        fn loss(
            &mut self,
            _: &Moment,
            student: &Tensor,
            teacher: Option<&Tensor>,
            _: &Tensor,
            _: Seen,
        ) -> Result<Option<Tensor>> {
            let loss = kd::kl(student, teacher.expect("a teacher"))?;
            self.0.push(loss.item()?);
            Ok(Some(loss))
        }
    }
    let options = VitOptions { classes: 10, width: 16, depth: 1, heads: 2, ..VitOptions::small() };
    let plan = Plan { spec: Spec::Vit(options), ..plan() };
    let same = plan.spec.build(plan.features.shape(), plan.seed, &plan.device).expect("a model");
    let other = plan.spec.build(plan.features.shape(), 99, &plan.device).expect("a model");
    let first = |model: stillroom::models::Model| {
        let (name, key) = ("teacher".into(), String::new());
        let teacher = Some(TeacherModel { name, key, model, features: None });
        let mut hooks = Same(Vec::new());
        train(&Plan { teacher, ..plan.clone() }, None, &mut hooks, &mut Silent, &never())
            .expect("distilled");
        hooks.0[0]
    };
    assert!(first(same).abs() < 1e-6);
    assert!(first(other) > 1e-3, "another teacher says something else");
}

#[test]
fn a_loss_that_is_no_number_is_told_with_its_step() {
    struct Broken;
    impl Hooks for Broken {
        fn loss(
            &mut self,
            _: &Moment,
            student: &Tensor,
            _: Option<&Tensor>,
            _: &Tensor,
            _: Seen,
        ) -> Result<Option<Tensor>> {
            student.mul_number(0.0)?.log()?.mean().map(Some)
        }
    }
    let error = train(&plan(), None, &mut Broken, &mut Silent, &never()).err().expect("an error");
    insta::assert_snapshot!(error.to_string(), @r"
    error[number]: loss: the loss is no finite number
      received: -inf at step 0 of stage 'net'
      hint: log() of 0 or less, division by 0, sqrt() and kl_div of what is no probability are usual causes
    ");
}

#[test]
fn a_loss_without_the_student_is_told() {
    struct Detached;
    impl Hooks for Detached {
        fn loss(
            &mut self,
            _: &Moment,
            student: &Tensor,
            _: Option<&Tensor>,
            target: &Tensor,
            _: Seen,
        ) -> Result<Option<Tensor>> {
            kd::cross_entropy(&student.detached()?, target).map(Some)
        }
    }
    let error = train(&plan(), None, &mut Detached, &mut Silent, &never()).err().expect("an error");
    assert!(error.to_string().contains("no parameter took part in this number"), "{error}");
}

#[test]
fn a_raised_flag_stops_it_between_two_steps() {
    struct Raises<'a>(&'a AtomicBool);
    impl Observer for Raises<'_> {
        fn observe(&mut self, event: &Event) -> Result<()> {
            self.0.fetch_or(matches!(event, Event::Stepped { .. }), Ordering::Relaxed);
            Ok(())
        }
    }
    let stop = AtomicBool::new(false);
    let error = train(&plan(), None, &mut Plain, &mut Raises(&stop), &stop).err();
    let error = error.expect("an error");
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(error.to_string().contains("1 of 6 steps done"), "{error}");
}

#[test]
fn classes_must_be_those_of_the_data() {
    let spec = Spec::Cnn(CnnOptions { classes: 7, channels: vec![4] });
    let error: Error = train(&Plan { spec, ..plan() }, None, &mut Plain, &mut Silent, &never())
        .err()
        .expect("an error");
    insta::assert_snapshot!(error.to_string(), @r"
    error[shape]: train: the model tells another number of classes
      expected: 10 classes, as the data has
      received: 7 classes
      hint: use classes: data.classes
    ");
}

#[test]
fn weights_go_to_a_file_and_back() {
    let plan = plan();
    let trained = train(&plan, None, &mut Plain, &mut Silent, &never()).expect("trained");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.safetensors");
    stillroom::tensor::store::save(&path, &trained.model.network().state()).expect("saved");
    let other = plan.spec.build(plan.features.shape(), 99, &plan.device).expect("a model");
    let state = stillroom::tensor::store::load(&path, &plan.device).expect("loaded");
    other.network().restore(&state).expect("restored");
    let input = Tensor::from_values(vec![0.3; 32 * 16], &[1, 32, 16], &plan.device).expect("input");
    let logits = |model: &stillroom::models::Model| {
        model.forward(&input, Mode::Eval).expect("logits").to_values().expect("values")
    };
    assert_eq!(logits(&trained.model), logits(&other));
}
