//! What a step of a recipe's own gets.

#[rhai::export_module]
pub(super) mod bindings {
    use super::super::batches::BatchList;
    use crate::data::Batch;
    use crate::tensor::Tensor;

    /// The features of the clips, `[batch, frames, mels]`.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let shapes = [];
    /// for batch in batches { shapes.push(batch.input.shape); }
    /// shapes[0][0] == 4 && shapes[0][2] == 16
    /// ```
    #[rhai_fn(get = "input", pure)]
    pub fn input(batch: &mut Batch) -> Tensor {
        batch.input.clone()
    }

    /// What a teacher sees: the same as `input`, unless the stage's option `teaching` says otherwise.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let same = true;
    /// for batch in batches { same = same && (batch.teacher_input == batch.input).all().item(); }
    /// same
    /// ```
    #[rhai_fn(get = "teacher_input", pure)]
    pub fn teacher_input(batch: &mut Batch) -> Tensor {
        batch.teacher_input.as_ref().unwrap_or(&batch.input).clone()
    }

    /// Who sees it: 0 for the student, 1 where it is what a teacher with draws of its own sees (`teaching: "independent"`).
    ///
    /// For draws of the hook `augment`: `tensor::normal(batch.input.shape, "noise", [ctx.step, batch.view])`.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let views = [];
    /// for batch in data.batches(#{ batch: 10, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) }) { views.push(batch.view); }
    /// views == [0]
    /// ```
    #[rhai_fn(get = "view", pure)]
    pub fn view(batch: &mut Batch) -> i64 {
        batch.view as i64
    }

    /// The labels of the clips, `[batch, classes]`; soft where clips were mixed.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let shapes = [];
    /// for batch in batches { shapes.push(batch.target.shape); }
    /// shapes[0] == [4, data.classes]
    /// ```
    #[rhai_fn(get = "target", pure)]
    pub fn target(batch: &mut Batch) -> Tensor {
        batch.target.clone()
    }

    /// The number of clips.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let clips = 0;
    /// for batch in batches { clips += batch.clips; }
    /// clips == data.train_clips
    /// ```
    #[rhai_fn(get = "clips", pure)]
    pub fn clips(batch: &mut Batch) -> i64 {
        batch.clips as i64
    }

    /// The number of batches.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// batches.count * 4 >= data.train_clips
    /// ```
    #[rhai_fn(get = "count", pure)]
    pub fn count(batches: &mut BatchList) -> i64 {
        batches.loader.batches() as i64
    }
}
