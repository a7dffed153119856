//! What a data set tells of itself.

#[rhai::export_module]
pub(super) mod bindings {
    use super::super::DatasetHandle;
    use crate::data::{Clip, Labelling, Split, balanced};
    use crate::script::raise::{Raw, raw};
    use crate::tensor::{Device, Tensor};
    use rhai::{Array, Dynamic};

    /// The number of classes.
    ///
    /// ```rhai
    /// dataset::esc50("still:example").classes == 10
    /// ```
    #[rhai_fn(get = "classes", pure)]
    pub fn classes(data: &mut DatasetHandle) -> i64 {
        data.classes.len() as i64
    }

    /// The names of the classes, in their order.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.class_names.len() == data.classes
    /// ```
    #[rhai_fn(get = "class_names", pure)]
    pub fn class_names(data: &mut DatasetHandle) -> Array {
        data.classes.iter().map(|name| name.clone().into()).collect()
    }

    /// The number of clips that train.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.train_clips == 10
    /// ```
    #[rhai_fn(get = "train_clips", pure)]
    pub fn train_clips(data: &mut DatasetHandle) -> i64 {
        data.count(Split::Train) as i64
    }

    /// The number of clips that choose between epochs; 0 where a set has none.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1, fold: 1, validation_fold: 2 });
    /// data.validation_clips == 10
    /// ```
    #[rhai_fn(get = "validation_clips", pure)]
    pub fn validation_clips(data: &mut DatasetHandle) -> i64 {
        data.count(Split::Validation) as i64
    }

    /// The number of all clips.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example");
    /// data.clips == data.train_clips + data.validation_clips + data.test_clips
    /// ```
    #[rhai_fn(get = "clips", pure)]
    pub fn clips(data: &mut DatasetHandle) -> i64 {
        data.clips.len() as i64
    }

    /// Clips that were listed and left out: missing, or not to be read.
    ///
    /// ```rhai
    /// dataset::esc50("still:example").left_out == 0
    /// ```
    #[rhai_fn(get = "left_out", pure)]
    pub fn left_out(data: &mut DatasetHandle) -> i64 {
        data.left_out.len() as i64
    }

    /// Whether clips may have several classes.
    ///
    /// ```rhai
    /// !dataset::esc50("still:example").is_multi_label
    /// ```
    #[rhai_fn(get = "is_multi_label", pure)]
    pub fn is_multi_label(data: &mut DatasetHandle) -> bool {
        data.labelling == Labelling::Multi
    }

    /// The sample rate in hertz that all clips share; `()` where they do not.
    ///
    /// ```rhai
    /// dataset::esc50("still:example").rate_hz == 16000
    /// ```
    #[rhai_fn(get = "rate_hz", pure)]
    pub fn rate_hz(data: &mut DatasetHandle) -> Dynamic {
        data.rate_hz().map_or(Dynamic::UNIT, |rate| i64::from(rate).into())
    }

    /// How many of the clips that train have each class, `[classes]`; a clip of several classes counts for each.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example");
    /// data.class_counts().shape == [10] && data.class_counts().sum().item() == 400.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn class_counts(data: DatasetHandle) -> Raw<Tensor> {
        let mut counts = vec![0.0f32; data.classes.len()];
        for (class, _) in data.of(Split::Train).flat_map(|clip| &clip.labels) {
            if let Some(count) = counts.get_mut(*class) {
                *count += 1.0;
            }
        }
        let shape = [counts.len()];
        raw(Tensor::from_values(counts, &shape, &Device::default()))
    }

    /// AST's and PSLA's weights for a balanced sampler, one for each clip that trains, `[clips]`: a class weighs
    /// 1000 / (its clips + 0.01), a clip the sum over its classes. For a `sampler` of one's own; "balanced" uses these.
    ///
    /// ```rhai
    /// let weights = dataset::esc50("still:example").balanced_weights();
    /// weights.shape == [400] && (weights - 1000.0 / 40.01).abs().max().item() < 1e-4
    /// ```
    #[rhai_fn(return_raw)]
    pub fn balanced_weights(data: DatasetHandle) -> Raw<Tensor> {
        let clips: Vec<Clip> = data.of(Split::Train).cloned().collect();
        let weights = balanced(&clips, data.classes.len());
        let values: Vec<f32> = weights.into_iter().map(|weight| weight as f32).collect();
        let shape = [values.len()];
        raw(Tensor::from_values(values, &shape, &Device::default()))
    }

    /// The number of clips that test.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.test_clips == 10
    /// ```
    #[rhai_fn(get = "test_clips", pure)]
    pub fn test_clips(data: &mut DatasetHandle) -> i64 {
        data.count(Split::Test) as i64
    }
}
