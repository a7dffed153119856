//! The list of the models, and one of them looked at closely.

use crate::cli::words::{columns, count, grouped, plain};
use crate::cli::{note, out};
use crate::error::Result;
use crate::models::{InputShape, Model};
use crate::nn::{Mode, pass};
use crate::recipe::{assignment, named_model, named_models};
use crate::tensor::{Device, Tensor, words, work};
use clap::Args;
use serde_json::json;

#[derive(Args)]
pub(super) struct List {
    /// A model to look at: its options, and the names and shapes of its inner outputs.
    name: Option<String>,
    /// Give the model an option, as in `model::NAME(#{ … })`; can be repeated.
    #[arg(long, value_name = "OPTION=VALUE", requires = "name")]
    set: Vec<String>,
    /// Classes to tell apart.
    #[arg(long, default_value_t = 527)]
    classes: usize,
    /// Mel bins of a clip.
    #[arg(long, default_value_t = 128)]
    mels: usize,
    /// Frames of a clip.
    #[arg(long, default_value_t = 512)]
    frames: usize,
    /// Count the multiply-adds of each model in the list, too; that takes a while.
    #[arg(long)]
    work: bool,
    /// Print one JSON object a model.
    #[arg(long)]
    json: bool,
}

/// What a pass over one clip tells of a model.
struct Seen {
    parameters: usize,
    multiply_adds: u64,
    output: Vec<usize>,
    taps: Vec<(String, Vec<usize>)>,
}

impl List {
    pub(super) fn run(self) -> Result<()> {
        match &self.name {
            Some(name) => self.one(name),
            None => self.all(),
        }
    }

    fn input(&self) -> InputShape {
        InputShape { frames: self.frames, mels: self.mels }
    }

    fn options(&self) -> Result<Vec<(String, String)>> {
        let mut all = vec![("classes".to_string(), self.classes.to_string())];
        for text in &self.set {
            let (name, value) = assignment(text)?;
            all.retain(|(known, _)| *known != name);
            all.push((name, value));
        }
        Ok(all)
    }

    fn built(&self, name: &str) -> Result<Model> {
        let spec = named_model(name, &self.options()?)?;
        pass::without_weights(|| spec.build(self.input(), 0, &Device::default()))
    }

    fn all(&self) -> Result<()> {
        let mut rows = Vec::new();
        for model in named_models() {
            let built = self.built(&model.name)?;
            let parameters = built.network().parameter_count();
            let counted =
                if self.work { Some(self.seen(&built, false)?.multiply_adds) } else { None };
            if self.json {
                let line = json!({
                    "name": model.name,
                    "about": sentence(&model.about),
                    "parameters": parameters,
                    "multiply_adds": counted,
                });
                out(&line.to_string());
                continue;
            }
            let mut row = vec![model.name.clone(), count(parameters as u64)];
            row.extend(counted.map(count));
            row.push(plain(&sentence(&model.about)));
            rows.push(row);
        }
        if self.json {
            return Ok(());
        }
        match self.work {
            true => out(&columns(&["MODEL", " PARAMETERS", " MULTIPLY-ADDS", "WHAT"], &rows)),
            false => out(&columns(&["MODEL", " PARAMETERS", "WHAT"], &rows)),
        }
        note(&format!(
            "for {} classes and clips of {} mels and {} frames; `still models NAME` tells more of one",
            self.classes, self.mels, self.frames
        ));
        Ok(())
    }

    fn one(&self, name: &str) -> Result<()> {
        let built = self.built(name)?;
        let seen = self.seen(&built, true)?;
        let known = named_models().into_iter().find(|model| model.name == name);
        let about = known.map(|model| model.about).unwrap_or_default();
        if self.json {
            let taps: Vec<_> = seen.taps.iter().map(|(name, shape)| json!([name, shape])).collect();
            let line = json!({
                "name": name,
                "about": about,
                "parameters": seen.parameters,
                "multiply_adds": seen.multiply_adds,
                "input": [1, self.frames, self.mels],
                "output": seen.output,
                "taps": taps,
            });
            out(&line.to_string());
            return Ok(());
        }
        let about = about.split("\n```").next().unwrap_or("").trim();
        let lines: Vec<String> = about.lines().map(plain).collect();
        out(&format!("model::{name}\n\n{}\n", lines.join("\n")));
        let input = [1, self.frames, self.mels];
        out(&format!("parameters     {}", grouped(seen.parameters as u64)));
        out(&format!("multiply-adds  {} for {}", grouped(seen.multiply_adds), words(&input)));
        out(&format!("output         {}\n", words(&seen.output)));
        let rows = seen.taps.iter().map(|(name, shape)| vec![name.clone(), words(shape)]);
        out(&columns(&["TAP", "SHAPE"], &rows.collect::<Vec<_>>()));
        Ok(())
    }

    /// One clip of zeros through a model.
    fn seen(&self, model: &Model, with_taps: bool) -> Result<Seen> {
        let clip = Tensor::full(&[1, self.frames, self.mels], 0.0, &Device::default())?;
        let net = model.net();
        let names = if with_taps { net.taps() } else { Vec::new() };
        let (forward, multiply_adds) =
            work::counting(|| net.forward_taps(&clip, Mode::Eval, &names));
        let (output, taps) = forward?;
        Ok(Seen {
            parameters: model.network().parameter_count(),
            multiply_adds,
            output: output.shape(),
            taps: taps.into_iter().map(|(name, tap)| (name, tap.shape())).collect(),
        })
    }
}

/// What a text in Markdown says first, on one line: up to the end of a sentence, a colon or a semicolon.
fn sentence(text: &str) -> String {
    let paragraph =
        text.split("\n\n").next().unwrap_or_default().replace('\n', " ").replace('`', "");
    let ends = |(at, pair): (usize, &[u8])| match pair {
        b": " | b"; " => Some(at),
        // "et al. 2021" goes on.
        b". " => paragraph[at + 2..].starts_with(|c: char| c.is_uppercase()).then_some(at),
        _ => None,
    };
    let end = paragraph.as_bytes().windows(2).enumerate().find_map(ends);
    paragraph[..end.unwrap_or(paragraph.len())].trim_end_matches('.').to_string()
}
