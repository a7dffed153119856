//! Losses against PyTorch in float64: values, gradients, identities, and extreme logits.

use crate::support::{close, golden_json};
use serde::Deserialize;
use std::collections::BTreeMap;
use stillroom::error::Result;
use stillroom::kd::{self, Reduction};
use stillroom::tensor::{Device, Tensor};

#[derive(Deserialize)]
struct Case {
    student: Vec<Vec<f32>>,
    teacher: Vec<Vec<f32>>,
    target: Vec<Vec<f32>>,
    tau: f64,
    losses: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    value: f32,
    gradient: Option<Vec<f32>>,
}

/// The cases whose names begin with `prefix`.
fn cases(prefix: &str) -> Vec<(String, Case)> {
    let mut all: BTreeMap<String, serde_json::Value> = golden_json("losses.json");
    all.remove("oracle");
    let chosen = all.into_iter().filter(|(name, _)| name.starts_with(prefix));
    let chosen: Vec<_> = chosen
        .map(|(name, value)| (name, serde_json::from_value(value).expect("a case")))
        .collect();
    assert!(!chosen.is_empty(), "no case is called '{prefix}…'");
    chosen
}

fn table(rows: &[Vec<f32>]) -> Tensor {
    let shape = [rows.len(), rows[0].len()];
    Tensor::from_values(rows.concat(), &shape, &Device::default()).expect("a table")
}

/// Student, teacher divided by τ, target, and τ itself.
struct Given {
    student: Tensor,
    soft: Tensor,
    teacher: Tensor,
    target: Tensor,
    tau: f64,
}

impl Given {
    fn new(case: &Case) -> Result<Self> {
        let teacher = table(&case.teacher);
        Ok(Given {
            student: table(&case.student).tracked()?,
            soft: teacher.div_number(case.tau)?,
            teacher,
            target: table(&case.target),
            tau: case.tau,
        })
    }

    /// λ = 0.5 of one, 1 − λ of the other.
    fn half(first: Tensor, second: Tensor) -> Result<Tensor> {
        first.mul_number(0.5)?.add(&second.mul_number(0.5)?)
    }

    fn hinton(&self) -> Result<Tensor> {
        kd::kl(&self.student.div_number(self.tau)?, &self.soft)
    }

    fn mixed(&self, probabilities: Tensor) -> Result<Tensor> {
        Self::half(self.target.clone(), probabilities)
    }

    fn loss(&self, name: &str) -> Result<Tensor> {
        let Given { student, soft, teacher, target, tau } = self;
        let mean = Reduction::Mean;
        match name {
            "cross_entropy" => kd::cross_entropy(student, target),
            "bce" => kd::bce(student, target, mean),
            "bce_soft" => kd::bce(student, &soft.sigmoid()?, mean),
            "entropy" => kd::bce(soft, &soft.sigmoid()?, mean),
            "bernoulli_kl" => kd::bernoulli_kl(student, soft, mean),
            "half_bernoulli" => {
                Self::half(kd::bce(student, target, mean)?, kd::bernoulli_kl(student, soft, mean)?)
            }
            "kl" => kd::kl(student, soft),
            "cmkd" => kd::cmkd(student, teacher, target, 0.5, *tau),
            "hinton" => self.hinton(),
            "half_hinton" => {
                let squared = self.hinton()?.mul_number(tau * tau)?;
                Self::half(kd::cross_entropy(student, target)?, squared)
            }
            "cross_entropy_mixed" => kd::cross_entropy(student, &self.mixed(soft.softmax(1)?)?),
            "bce_mixed" => kd::bce(student, &self.mixed(soft.sigmoid()?)?, mean),
            other => panic!("the golden file has an unknown loss '{other}'"),
        }
    }

    /// The value, and the gradient with respect to the student's logits.
    fn evaluate(&self, name: &str) -> Result<(f32, Option<Vec<f32>>)> {
        let loss = self.loss(name)?;
        let value = loss.item()? as f32;
        if !loss.is_tracked() {
            return Ok((value, None));
        }
        let gradient = loss.backward()?.of(&self.student).expect("the student's gradient");
        Ok((value, Some(gradient.to_values()?)))
    }
}

fn compare(prefix: &str) {
    for (case_name, case) in cases(prefix) {
        let given = Given::new(&case).expect(&case_name);
        assert_eq!(case.losses.len(), 12, "{case_name}: losses");
        for (name, expected) in &case.losses {
            let what = format!("{case_name} {name}");
            let (value, gradient) = given.evaluate(name).expect(&what);
            close(&what, &[value], &[expected.value], 1e-6, 1e-6);
            assert_eq!(gradient.is_some(), expected.gradient.is_some(), "{what}: gradient");
            if let (Some(found), Some(expected)) = (gradient, &expected.gradient) {
                close(&format!("{what}, gradient"), &found, expected, 1e-6, 1e-6);
            }
        }
    }
}

#[test]
fn losses_of_the_golden_table_equal_torch() {
    compare("table");
}

#[test]
fn losses_of_random_logits_equal_torch() {
    compare("random");
}

#[test]
fn losses_of_extreme_logits_are_finite_and_equal_torch() {
    compare("extreme");
}

/// λ · label + (1 − λ) · KL differs from the mixed target's loss by the teacher's entropy only, so
/// both have the same gradient.
#[test]
fn kl_beside_a_label_is_the_loss_against_the_mixed_target() {
    for (case_name, case) in cases("random") {
        let given = Given::new(&case).expect(&case_name);
        let plain = given.soft.softmax(1).expect("softmax");
        let entropy = kd::cross_entropy(&given.soft, &plain).expect("entropy");
        let entropy = entropy.item().expect("a number") as f32;
        let binary = given.evaluate("entropy").expect("entropy").0;
        let pairs =
            [("cmkd", "cross_entropy_mixed", entropy), ("half_bernoulli", "bce_mixed", binary)];
        for (sum, mixed, entropy) in pairs {
            let (left, left_gradient) = given.evaluate(sum).expect(sum);
            let (right, right_gradient) = given.evaluate(mixed).expect(mixed);
            close(&format!("{case_name} {sum}"), &[left + 0.5 * entropy], &[right], 1e-6, 1e-6);
            let (left, right) = (left_gradient.expect(sum), right_gradient.expect(mixed));
            close(&format!("{case_name} {sum}, gradient"), &left, &right, 1e-7, 1e-6);
        }
    }
}

#[test]
fn summing_the_classes_is_as_many_times_the_mean() {
    for (name, case) in cases("random") {
        let given = Given::new(&case).expect(&name);
        let classes = case.student[0].len() as f32;
        let of = |reduction| {
            let soft = kd::bernoulli_kl(&given.student, &given.soft, reduction);
            let label = kd::bce(&given.student, &given.target, reduction);
            [soft, label].map(|loss| loss.and_then(|loss| loss.item()).expect(&name) as f32)
        };
        let means = of(Reduction::Mean).map(|mean| mean * classes);
        close(&name, &of(Reduction::BatchMean), &means, 1e-6, 1e-6);
    }
}

#[test]
fn a_kl_of_equal_logits_is_zero() {
    for (name, case) in cases("") {
        let teacher = table(&case.teacher);
        let student = teacher.tracked().expect("a leaf");
        let plain = kd::kl(&student, &teacher).and_then(|loss| loss.item());
        assert_eq!(plain.expect(&name), 0.0, "{name}: kl");
        let binary = kd::bernoulli_kl(&student, &teacher, Reduction::Mean);
        assert_eq!(binary.and_then(|loss| loss.item()).expect(&name), 0.0, "{name}: bernoulli_kl");
    }
}

#[test]
fn no_gradient_flows_into_teacher_or_target() {
    for (name, case) in cases("random") {
        let student = table(&case.student).tracked().expect("a leaf");
        let teacher = table(&case.teacher).tracked().expect("a leaf");
        let target = table(&case.target).tracked().expect("a leaf");
        let losses = [
            kd::kl(&student, &teacher),
            kd::bernoulli_kl(&student, &teacher, Reduction::BatchMean),
            kd::cmkd(&student, &teacher, &target, 0.5, case.tau),
        ];
        for (index, loss) in losses.into_iter().enumerate() {
            let gradients = loss.and_then(|loss| loss.backward()).expect(&name);
            assert!(gradients.of(&student).is_some(), "{name}: loss {index} teaches nothing");
            assert!(gradients.of(&teacher).is_none(), "{name}: loss {index} moves the teacher");
            assert!(gradients.of(&target).is_none(), "{name}: loss {index} moves the target");
        }
    }
}
