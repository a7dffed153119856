//! Bindings of `model`: specifications that a stage builds.

#[rhai::export_module]
pub(super) mod bindings {
    use crate::models::{AstOptions, CnnOptions, Spec};
    use crate::script::options::Options;
    use crate::script::raise::{Raw, raise, raw};
    use crate::script::value;
    use rhai::Map;

    /// A plain CNN: for each number in `channels` two 3×3 convolutions with batch normalisation and ReLU
    /// and an average pooling by 2; then the mean over frequency, the mean over time, a linear layer.
    ///
    /// Options: `classes` (required, e.g. `data.classes`), `channels` ([16, 32, 64, 128]).
    ///
    /// ```rhai
    /// model::cnn(#{ classes: 10 }).name == "cnn"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cnn(options: Map) -> Raw<Spec> {
        let options = raw(Options::new("model::cnn", options, &["classes", "channels"]))?;
        let mut own = CnnOptions::default();
        raw(options.count("classes", &mut own.classes))?;
        if let Some(channels) = raw(options.list("channels", value::count_of))? {
            own.channels = channels;
        }
        match options.get("classes") {
            Some(_) => Ok(Spec::Cnn(own)),
            None => Err(raise(options.missing("classes", "a whole number: data.classes"))),
        }
    }

    /// An audio spectrogram transformer: square patches, a CLS token, trained positions, pre-norm blocks.
    ///
    /// Options: `classes` (required, e.g. `data.classes`), `width` (192), `depth` (12), `heads` (3),
    /// `patch` (16), `stride` (10), `mlp_ratio` (4).
    ///
    /// ```rhai
    /// model::ast(#{ classes: 10, depth: 4 }).name == "ast"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn ast(options: Map) -> Raw<Spec> {
        let known = ["classes", "width", "depth", "heads", "patch", "stride", "mlp_ratio"];
        let options = raw(Options::new("model::ast", options, &known))?;
        let mut own = AstOptions::default();
        let into = [
            ("classes", &mut own.classes),
            ("width", &mut own.width),
            ("depth", &mut own.depth),
            ("heads", &mut own.heads),
            ("patch", &mut own.patch),
            ("stride", &mut own.stride),
            ("mlp_ratio", &mut own.mlp_ratio),
        ];
        for (name, place) in into {
            raw(options.count(name, place))?;
        }
        match options.get("classes") {
            Some(_) => Ok(Spec::Ast(own)),
            None => Err(raise(options.missing("classes", "a whole number: data.classes"))),
        }
    }

    /// The model's name: "cnn", "ast".
    #[rhai_fn(get = "name", pure)]
    pub fn name(spec: &mut Spec) -> String {
        spec.name().to_string()
    }
}
