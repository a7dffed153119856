//! The mean of the weights of several epochs, against sums made by hand.

use super::train::{Silent, never, plan};
use stillroom::data::{Loader, LoaderOptions};
use stillroom::error::Result;
use stillroom::models::{NetSpec, Spec};
use stillroom::nn::{BatchNorm, BatchNormOptions, Linear, LinearOptions, Net, Network, Visitor};
use stillroom::tensor::{Device, Tensor};
use stillroom::train::{Average, Event, Norms, Observer, Plain, Plan, evaluate, train};

type State = Vec<(String, Tensor)>;

/// Writes down the weights at the end of each epoch.
#[derive(Default)]
struct Keeps(Vec<State>);

impl Observer for Keeps {
    fn observe(&mut self, event: &Event) -> Result<()> {
        if let Event::Epoch { state, .. } = event {
            self.0.push(state.to_vec());
        }
        Ok(())
    }
}

fn values(state: &State, name: &str) -> Vec<f64> {
    let tensor = &state.iter().find(|(known, _)| known == name).expect("the name").1;
    tensor.to_values().expect("values").into_iter().map(f64::from).collect()
}

#[test]
fn it_is_the_mean_of_all_that_checkpoints_have() {
    let average = Some(Average { from: 2, to: 4, norms: Norms::Averaged });
    let plan = Plan { average, epochs: 5, ..plan() };
    let mut keeps = Keeps::default();
    let trained = train(&plan, None, &mut Plain, &mut keeps, &never()).expect("trained");
    let averaged = trained.averaged.as_ref().expect("an average");
    let state = averaged.model.network().state();
    assert!(state.iter().any(|(name, _)| name.ends_with("running_var")));
    for (name, _) in &state {
        let mean = values(&state, name);
        let epochs: Vec<_> = keeps.0[1..4].iter().map(|epoch| values(epoch, name)).collect();
        for (index, mean) in mean.iter().enumerate() {
            let wanted = epochs.iter().map(|epoch| epoch[index]).sum::<f64>() / 3.0;
            assert!((mean - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "{name} {index}");
        }
        // The stage itself goes its way.
        assert_eq!(values(&trained.model.network().state(), name), values(&keeps.0[4], name));
    }
    let score =
        evaluate(&averaged.model, &plan.features.test, &plan.device).expect("a score").score;
    assert_eq!(averaged.score, score);
    let whole = trained.of_averaged().expect("a result");
    assert_eq!((whole.name.as_str(), whole.accuracy), ("net, averaged", score.accuracy));
    // One epoch alone is that epoch.
    let average = Some(Average { from: 5, to: 5, norms: Norms::Averaged });
    let alone = train(&Plan { average, ..plan }, None, &mut Plain, &mut Silent, &never());
    let alone = alone.expect("trained");
    assert_eq!(alone.averaged.expect("an average").weights_blake3, trained.weights_blake3);
}

#[test]
fn epochs_that_are_not_there_are_refused() {
    for (from, to) in [(0, 1), (2, 1), (1, 3)] {
        let average = Some(Average { from, to, norms: Norms::Averaged });
        let plan = Plan { average, epochs: 2, ..plan() };
        let error = train(&plan, None, &mut Plain, &mut Silent, &never()).err().expect("an error");
        assert!(error.to_string().contains("'average' is out of range"), "{error}");
    }
}

/// A batch norm on frames, and a linear layer: what the norm sees depends on no weight.
struct Small {
    norm: BatchNorm,
    head: Linear,
}

impl Network for Small {
    fn forward(&self, input: &Tensor, mode: stillroom::nn::Mode) -> Result<Tensor> {
        let shape = input.shape();
        let normed = self.norm.forward(input, mode)?;
        self.head.forward(&normed.reshape(&[-1, (shape[1] * shape[2]) as i64])?, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.norm.visit(&stillroom::nn::scoped(scope, "norm"), visit);
        self.head.visit(&stillroom::nn::scoped(scope, "head"), visit);
    }
}

#[test]
fn measured_statistics_are_the_mean_over_the_batches_of_an_epoch() {
    let on = Device::default();
    let make = move |random: &mut stillroom::tensor::random::Stream| {
        let options = BatchNormOptions { channels: 32, momentum: 0.3, ..Default::default() };
        let norm = BatchNorm::line(&options, &on)?;
        let head =
            Linear::new(&LinearOptions { inputs: 32 * 16, outputs: 10, bias: true }, random, &on)?;
        Ok(std::sync::Arc::new(Small { norm, head }) as std::sync::Arc<dyn Network>)
    };
    let net = Net::layer("small", String::new(), std::sync::Arc::new(make)).expect("a network");
    let average = Some(Average { from: 1, to: 2, norms: Norms::Measured });
    let base = plan();
    let plan = Plan { spec: Spec::Net(NetSpec::of(&net)), average, epochs: 3, ..base };
    let trained = train(&plan, None, &mut Plain, &mut Silent, &never()).expect("trained");
    let state = trained.averaged.expect("an average").model.network().state();
    // The third epoch's batches, in double precision.
    let options = LoaderOptions {
        batch: plan.batch,
        seed: plan.seed,
        sampler: plan.sampler.clone(),
        draws: true,
        ..LoaderOptions::in_order(plan.batch, &plan.device)
    };
    let loader = Loader::new(plan.features.train.clone(), plan.chain.clone(), options);
    let (mut means, mut variances, mut batches) = (vec![0.0; 32], vec![0.0; 32], 0.0);
    for batch in loader.expect("a loader").epoch(2) {
        let batch = batch.expect("a batch");
        let input = batch.input.to_values().expect("values");
        for frame in 0..32 {
            let all: Vec<f64> = (0..batch.clips)
                .flat_map(|clip| &input[(clip * 32 + frame) * 16..(clip * 32 + frame + 1) * 16])
                .map(|value| f64::from(*value))
                .collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let squares = all.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            means[frame] += mean;
            variances[frame] += squares / (all.len() - 1) as f64;
        }
        batches += 1.0;
    }
    for (name, sums) in [("norm.running_mean", means), ("norm.running_var", variances)] {
        for (found, sum) in values(&state, name).into_iter().zip(sums) {
            let wanted = sum / batches;
            assert!(
                (found - wanted).abs() <= 1e-4 * wanted.abs().max(1.0),
                "{name}: {found} {wanted}"
            );
        }
    }
}
