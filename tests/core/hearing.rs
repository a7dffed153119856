//! A teacher hears what it was trained on, whatever its student hears.

use super::train::{Silent, never, plan};
use std::sync::Arc;
use stillroom::audio::{FbankOptions, FeatureOptions};
use stillroom::data::{Caches, FrontEnd, Normalize, Teaching};
use stillroom::error::Result;
use stillroom::kd;
use stillroom::models::{Spec, VitOptions};
use stillroom::tensor::Tensor;
use stillroom::train::{Features, Hooks, Moment, Plan, Seen, TeacherModel, train};

/// Keeps what the teacher says of the first batch.
struct First(Vec<f32>);

impl Hooks for First {
    fn loss(
        &mut self,
        _: &Moment,
        student: &Tensor,
        teacher: Option<&Tensor>,
        _: &Tensor,
        _: Seen,
    ) -> Result<Option<Tensor>> {
        let teacher = teacher.expect("a teacher");
        if self.0.is_empty() {
            self.0 = teacher.to_values()?;
        }
        kd::kl(student, teacher).map(Some)
    }
}

fn heard(front: FrontEnd) -> Features {
    let own = plan();
    Features::of(
        &Arc::new(own.features.dataset().as_ref().clone()),
        &front,
        &Arc::new(Caches::none()),
    )
    .expect("features")
}

fn standard() -> FrontEnd {
    plan().features.front().clone()
}

/// What a teacher that was trained on `teacher` says first to a student of `student`.
fn said(teacher: &Features, student: &Features, teaching: Teaching) -> Result<Vec<f32>> {
    let options = VitOptions { classes: 10, width: 16, depth: 1, heads: 2, ..VitOptions::small() };
    let spec = Spec::Vit(options);
    let model = spec.build(teacher.shape(), 5, &plan().device)?;
    let (name, key) = ("teacher".into(), String::new());
    let teacher = Some(TeacherModel { name, key, model, features: Some(teacher.clone()) });
    let features = student.clone();
    let plan = Plan { teacher, features, teaching, chain: Vec::new(), epochs: 1, ..plan() };
    let mut hooks = First(Vec::new());
    train(&plan, None, &mut hooks, &mut Silent, &never())?;
    Ok(hooks.0)
}

fn near(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn another_normalisation_is_undone() {
    let own = heard(standard());
    let expected = said(&own, &own, Teaching::Consistent).expect("distilled");
    let others = [
        FrontEnd { normalize: Normalize::Psla, ..standard() },
        FrontEnd { normalize: Normalize::None, ..standard() },
        FrontEnd { statistics: Some([-3.0, 2.5]), ..standard() },
    ];
    for front in others {
        let student = heard(front.clone());
        let found = said(&own, &student, Teaching::Consistent).expect("distilled");
        assert!(near(&found, &expected) < 1e-4, "{front:?}: {}", near(&found, &expected));
        // The same the other way round: what it was trained on is what counts.
        let found = said(&student, &own, Teaching::Consistent).expect("distilled");
        let wanted = said(&student, &student, Teaching::Consistent).expect("distilled");
        assert!(near(&found, &wanted) < 1e-4, "{front:?}");
        assert!(near(&wanted, &expected) > 1e-3, "{front:?} is something else");
    }
}

#[test]
fn other_features_need_stored_teaching() {
    let fbank = FbankOptions { mels: 24, hop_ms: 20.0, ..FbankOptions::default() };
    let wide = heard(FrontEnd { frames: Some(64), ..FrontEnd::of(FeatureOptions::Fbank(fbank)) });
    let own = heard(standard());
    let refused = said(&wide, &own, Teaching::Consistent).expect_err("other features");
    insta::assert_snapshot!(refused.render(false), @r#"
    error[shape]: distill: the teacher was trained on other features: their options differ
      expected: features that differ in their normalisation at most
      hint: teaching: "stored" asks the teacher once about each clip, with features of its own
    "#);
    let stored = said(&wide, &own, Teaching::Stored).expect("distilled");
    let expected = said(&wide, &wide, Teaching::Stored).expect("distilled");
    assert!(near(&stored, &expected) < 1e-5, "{}", near(&stored, &expected));
}
