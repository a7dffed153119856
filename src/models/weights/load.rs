//! Taking weights over: a plan of what goes where, what is wrong with it, and then the numbers, all or none.

use super::adapt::adapted;
use super::checkpoint::{Checkpoint, Entry};
use super::fit::{Fit, Patches, fit};
use super::head::head_of;
use super::layouts::{self, Place, Targets};
use super::options::{Head, LoadOptions};
use super::report::{Adapted, Report, few};
use crate::error::{Error, Kind, Result};
use crate::nn::{Net, Network, Parameter};
use crate::tensor::{Device, Tensor, words};

/// What a parameter is to be made of.
struct Source {
    /// Entries of the file, to be joined along the first dimension.
    entries: Vec<usize>,
    shape: Vec<usize>,
    fit: Fit,
}

/// A network's parameters, and what is known of each.
struct Wanted {
    names: Vec<String>,
    shapes: Vec<Vec<usize>>,
    parameters: Vec<Parameter>,
}

/// Gives a network the weights of a file, by the file's names or those that the options give them. Either all of it
/// is done, or nothing.
///
/// # Errors
/// What is missing, has another shape, is unexpected or is no finite number, where the options do not allow it; a
/// file of another network; one that is damaged.
pub fn load(net: &Net, file: &Checkpoint, options: &LoadOptions, on: &Device) -> Result<Report> {
    let doing = format!("loading {}", file.path().display());
    let (names, parameters): (Vec<String>, Vec<Parameter>) = net.parameters().into_iter().unzip();
    let shapes = parameters.iter().map(|parameter| parameter.value().shape()).collect();
    let wanted = Wanted { names, shapes, parameters };
    let mut plan = Plan::of(&doing, net, file, options, &wanted)?;
    plan.settle_head(options, &wanted);
    plan.check(&doing, options, &wanted)?;
    plan.carry_out(&doing, file, options, wanted, on)
}

struct Plan {
    report: Report,
    /// What each parameter is made of.
    sources: Vec<Option<Source>>,
    /// For each parameter, what is wrong with what the file has for it.
    unfit: Vec<Option<String>>,
}

impl Plan {
    fn of(
        doing: &str,
        net: &Net,
        file: &Checkpoint,
        options: &LoadOptions,
        wanted: &Wanted,
    ) -> Result<Plan> {
        let entries = file.entries();
        let called = |entry: &Entry| {
            let own = options.map.iter().find_map(|renaming| renaming.of(&entry.name));
            own.unwrap_or_else(|| entry.name.clone())
        };
        let called: Vec<String> = entries.iter().map(called).collect();
        let assignment = layouts::assign(&called, &Targets::of(&wanted.names));
        let mut parts: Vec<Vec<Option<usize>>> = vec![Vec::new(); wanted.names.len()];
        let (mut ignored, mut unexpected) = (0, Vec::new());
        for (index, (place, called)) in assignment.places.iter().zip(&called).enumerate() {
            match place {
                Place::To { target, index: part, of } => {
                    parts[*target].resize(*of, None);
                    parts[*target][*part] = Some(index);
                }
                Place::Ignored(_) => ignored += 1,
                Place::Unexpected if called.is_empty() => ignored += 1,
                Place::Unexpected => unexpected.push(entries[index].name.clone()),
            }
        }
        if parts.iter().all(Vec::is_empty) {
            return Err(foreign(doing, file, wanted));
        }
        let patches = patches(net, entries, &parts, wanted);
        let (mut sources, mut unfit) = (Vec::new(), Vec::new());
        for (index, parts) in parts.iter().enumerate() {
            let found: Vec<usize> = parts.iter().flatten().copied().collect();
            let (source, problem) = match found.is_empty() || found.len() < parts.len() {
                true => (None, None),
                false => source(
                    &wanted.names[index],
                    &wanted.shapes[index],
                    &found,
                    entries,
                    options,
                    patches,
                ),
            };
            sources.push(source);
            unfit.push(problem);
        }
        let name = file.path().file_name().unwrap_or_default().to_string_lossy().to_string();
        let report = Report {
            file: name,
            format: file.format().name().to_string(),
            layout: match assignment.wrapper.trim_end_matches('.') {
                "" => assignment.layout.to_string(),
                wrapper => format!("{}, under '{wrapper}'", assignment.layout),
            },
            loaded: 0,
            of: wanted.names.len(),
            adapted: Vec::new(),
            fresh: Vec::new(),
            missing: Vec::new(),
            mismatched: Vec::new(),
            unexpected,
            ignored,
        };
        Ok(Plan { report, sources, unfit })
    }

    /// Leaves heads as they are that are to be new.
    fn settle_head(&mut self, options: &LoadOptions, wanted: &Wanted) {
        if options.head == Head::Keep {
            return;
        }
        for members in head_of(&wanted.names, &wanted.shapes) {
            let differs = members.iter().any(|index| self.sources[*index].is_none());
            if options.head == Head::Auto && !differs {
                continue;
            }
            for index in members {
                self.sources[index] = None;
                self.unfit[index] = None;
                self.report.fresh.push(wanted.names[index].clone());
            }
        }
    }

    /// Refuses what the options do not allow.
    fn check(&mut self, doing: &str, options: &LoadOptions, wanted: &Wanted) -> Result<()> {
        for (index, name) in wanted.names.iter().enumerate() {
            let report = &mut self.report;
            match (&self.sources[index], &self.unfit[index]) {
                (Some(_), _) => {}
                (None, Some(problem)) => report.mismatched.push(format!("{name} {problem}")),
                (None, None) if report.fresh.contains(name) => {}
                (None, None) => report.missing.push(name.clone()),
            }
        }
        if !options.strict {
            return Ok(());
        }
        let refused = |names: &[String]| -> Vec<String> {
            let allowed = |name: &&String| {
                let own = name.split(' ').next().unwrap_or(name);
                !options.allow.iter().any(|pattern| pattern.matches(own))
            };
            names.iter().filter(allowed).cloned().collect()
        };
        let report = &self.report;
        let all = [
            ("missing", refused(&report.missing)),
            ("another shape", refused(&report.mismatched)),
            ("unexpected", refused(&report.unexpected)),
        ];
        let told: Vec<String> = all
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what} {}: {}", names.len(), few(names)))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let first = all.iter().find_map(|(_, names)| names.first()).cloned().unwrap_or_default();
        let first = first.split(' ').next().unwrap_or_default().to_string();
        let start = first.split('.').next().unwrap_or(&first);
        Err(Error::new(Kind::Data, doing, "the file does not fit the network")
            .expected(format!("{} parameters, by the names of {}", report.of, report.layout))
            .received(told.join("; "))
            .hint(format!(
                "allow: \"{start}.*\" lets these be, strict: false lets all be, map: #{{ … }} gives names"
            )))
    }

    fn carry_out(
        mut self,
        doing: &str,
        file: &Checkpoint,
        options: &LoadOptions,
        wanted: Wanted,
        on: &Device,
    ) -> Result<Report> {
        let mut ready: Vec<(usize, Tensor)> = Vec::new();
        let mut broken = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            let Some(source) = source else { continue };
            let (name, shape) = (&wanted.names[index], &wanted.shapes[index]);
            let mut values = Vec::new();
            for entry in &source.entries {
                let entry = &file.entries()[*entry];
                let own = entry.read(doing)?;
                let allowed = || {
                    let names = [name, &entry.name];
                    options.allow.iter().any(|pattern| names.iter().any(|own| pattern.matches(own)))
                };
                if own.iter().any(|value| !value.is_finite()) && !allowed() {
                    broken.push(entry.name.clone());
                }
                match values.is_empty() {
                    true => values = own,
                    false => values.extend(own),
                }
            }
            if !broken.is_empty() {
                continue;
            }
            let (tensor, how) = adapted(values, &source.shape, shape, &source.fit, on)?;
            let joined = source.entries.len();
            let how = match (how, joined) {
                (None, 0 | 1) => None,
                (None, _) => Some(format!("{joined} tensors joined")),
                (how, _) => how,
            };
            self.report.adapted.extend(how.map(|how| Adapted { name: name.clone(), how }));
            ready.push((index, tensor));
        }
        if !broken.is_empty() {
            return Err(Error::new(Kind::Number, doing, "weights are NaN or infinite")
                .received(few(&broken))
                .hint("the network that they come from is broken; allow: \"NAME\" takes them all the same"));
        }
        self.report.loaded = ready.len();
        for (index, tensor) in ready {
            wanted.parameters[index].set(tensor)?;
        }
        Ok(self.report)
    }
}

/// What a parameter is made of, or why it is not.
fn source(
    name: &str,
    shape: &[usize],
    found: &[usize],
    entries: &[Entry],
    options: &LoadOptions,
    patches: Patches,
) -> (Option<Source>, Option<String>) {
    let mut own = entries[found[0]].shape.clone();
    let tail = |index: &usize| entries[*index].shape.get(1..).map(<[usize]>::to_vec);
    if found.len() > 1 {
        if found.iter().any(|index| tail(index).is_none() || tail(index) != tail(&found[0])) {
            let all: Vec<String> = found.iter().map(|index| entries[*index].describe()).collect();
            return (None, Some(format!("of {} that do not fit each other", all.join(", "))));
        }
        own[0] = found.iter().map(|index| entries[*index].shape[0]).fold(0, usize::saturating_add);
    }
    match fit(name, &own, shape, options, patches) {
        Some(fit) => (Some(Source { entries: found.to_vec(), shape: own, fit }), None),
        None => (None, Some(format!("{} for {}", words(&own), words(shape)))),
    }
}

/// What is known of patches and their positions, on both sides.
fn patches(net: &Net, entries: &[Entry], parts: &[Vec<Option<usize>>], wanted: &Wanted) -> Patches {
    let mut own = Patches { grid: net.position_grid(), ..Patches::default() };
    for (name, parts) in wanted.names.iter().zip(parts) {
        let entry = parts.first().copied().flatten().map(|index| &entries[index]);
        match name.rsplit('.').next() {
            Some("cls_token" | "dist_token") => {
                own.tokens[0] += usize::from(entry.is_some());
                own.tokens[1] += 1;
            }
            _ if name.ends_with("patch_embed.proj.weight") => {
                own.channels = entry.and_then(|entry| entry.shape.get(1).copied());
            }
            _ => {}
        }
    }
    // A token that the file has and the network has not.
    let has = |token: &str| entries.iter().any(|entry| entry.name.ends_with(token));
    let wants = |token: &str| wanted.names.iter().any(|name| name.ends_with(token));
    let extra = (has("dist_token") || has("distillation_token")) && !wants("dist_token");
    own.tokens[0] += usize::from(extra);
    own
}

fn foreign(doing: &str, file: &Checkpoint, wanted: &Wanted) -> Error {
    let theirs: Vec<String> = file.entries().iter().map(|entry| entry.name.clone()).collect();
    Error::new(Kind::Data, doing, "the file is of another network: no name is the same")
        .expected(few(&wanted.names))
        .received(few(&theirs))
        .hint("map: #{ \"theirs.*\": \"ours.*\" } says what its tensors are called here")
}
