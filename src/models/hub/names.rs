//! What weights are called: short names of published ones, and any file of any repository.

use crate::error::{Error, Kind, Result};
use std::fmt;

/// The file that most repositories have.
const FILE: &str = "model.safetensors";
/// The branch that is meant where none is named.
const BRANCH: &str = "main";
/// The longest part of a name.
const LONGEST: usize = 200;

/// Published weights with a short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The short name.
    pub name: &'static str,
    /// The repository.
    pub repository: &'static str,
    /// What it was trained on.
    pub about: &'static str,
}

const fn of(name: &'static str, repository: &'static str, about: &'static str) -> Published {
    Published { name, repository, about }
}

/// All published weights with a short name; the repositories are those of timm's registry, and AST's.
pub const PUBLISHED: [Published; 18] = [
    of("efficientnet_b0", "timm/efficientnet_b0.ra_in1k", "ImageNet-1k"),
    of("efficientnet_b1", "timm/efficientnet_b1.ft_in1k", "ImageNet-1k"),
    of("efficientnet_b2", "timm/efficientnet_b2.ra_in1k", "ImageNet-1k"),
    of("efficientnet_b3", "timm/efficientnet_b3.ra2_in1k", "ImageNet-1k"),
    of("efficientnet_b4", "timm/efficientnet_b4.ra2_in1k", "ImageNet-1k"),
    of("tf_efficientnet_b0", "timm/tf_efficientnet_b0.aa_in1k", "ImageNet-1k"),
    of("tf_efficientnet_b2", "timm/tf_efficientnet_b2.aa_in1k", "ImageNet-1k"),
    of("resnet18", "timm/resnet18.a1_in1k", "ImageNet-1k"),
    of("resnet34", "timm/resnet34.a1_in1k", "ImageNet-1k"),
    of("resnet50", "timm/resnet50.a1_in1k", "ImageNet-1k"),
    of("densenet121", "timm/densenet121.ra_in1k", "ImageNet-1k"),
    of("convnext_tiny", "timm/convnext_tiny.fb_in1k", "ImageNet-1k"),
    of(
        "deit_tiny_224",
        "timm/deit_tiny_distilled_patch16_224.fb_in1k",
        "ImageNet-1k, for AST tiny",
    ),
    of(
        "deit_small_224",
        "timm/deit_small_distilled_patch16_224.fb_in1k",
        "ImageNet-1k, for AST small",
    ),
    of(
        "deit_base_224",
        "timm/deit_base_distilled_patch16_224.fb_in1k",
        "ImageNet-1k, for AST base",
    ),
    of(
        "deit_base_384",
        "timm/deit_base_distilled_patch16_384.fb_in1k",
        "ImageNet-1k, for AST base",
    ),
    of("vit_base_224", "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k", "ImageNet-21k and 1k"),
    of("ast_audioset", "MIT/ast-finetuned-audioset-10-10-0.4593", "AudioSet"),
];

/// A file on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `owner/name`.
    pub repository: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// The file's path in the repository.
    pub file: String,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.repository)?;
        if self.revision != BRANCH {
            write!(out, "@{}", self.revision)?;
        }
        if self.file != FILE { write!(out, ":{}", self.file) } else { Ok(()) }
    }
}

impl Source {
    /// Reads a short name, or `owner/repository[@revision][:file]`.
    ///
    /// # Errors
    /// A name that is neither; one whose parts could lead out of a folder.
    pub fn named(doing: &str, name: &str) -> Result<Self> {
        if let Some(own) = PUBLISHED.iter().find(|own| own.name == name) {
            let (revision, file) = (BRANCH.to_string(), FILE.to_string());
            return Ok(Source { repository: own.repository.to_string(), revision, file });
        }
        let (whole, file) = name.split_once(':').unwrap_or((name, FILE));
        let (repository, revision) = whole.split_once('@').unwrap_or((whole, BRANCH));
        let names = PUBLISHED.map(|own| own.name);
        if !name.contains(['/', ':', '@']) {
            return Err(crate::error::unknown(doing, "weights", name, &names));
        }
        let mut owners = repository.split('/');
        let fits = owners.next().is_some_and(is_plain)
            && owners.next().is_some_and(is_plain)
            && owners.next().is_none()
            && is_plain(revision)
            && file.split('/').all(is_plain);
        if !fits {
            return Err(Error::new(Kind::Name, doing, "that is no name of weights")
                .expected("a name that `still models fetch --list` shows, or owner/repository[@revision][:file]")
                .received(format!("'{name}'")));
        }
        let (repository, revision) = (repository.to_string(), revision.to_string());
        Ok(Source { repository, revision, file: file.to_string() })
    }
}

/// Whether a part of a name is what hubs allow, and leads nowhere else in a folder or an address.
fn is_plain(part: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    !part.is_empty() && part.len() <= LONGEST && !part.starts_with('.') && part.chars().all(letter)
}
