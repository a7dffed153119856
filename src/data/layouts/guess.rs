//! Which layout a folder or a table has, by what is in it.

use super::tree::{is_audio, listed};
use std::path::Path;

/// Files that only one layout has, and the layout's name in recipes.
const SIGNS: [(&str, &str); 5] = [
    ("meta/esc50.csv", "esc50"),
    ("FSD50K.ground_truth/vocabulary.csv", "fsd50k"),
    ("metadata/UrbanSound8K.csv", "urbansound8k"),
    ("eval_segments.csv", "audioset"),
    ("validation_list.txt", "speech_commands"),
];

/// The reader for what is at `path`: `esc50`, `fsd50k`, `urbansound8k`, `audioset`, `speech_commands`, or `folders` where
/// folders hold audio. `None` where nothing is known of it, a table among it: its columns must be told.
pub fn layout_of(path: &Path) -> Option<&'static str> {
    if let Some((_, name)) = SIGNS.iter().find(|(sign, _)| path.join(sign).is_file()) {
        return Some(name);
    }
    let (folders, _) = listed(path).ok()?;
    let holds = |folder: &std::path::PathBuf| -> bool {
        let Ok((inner, files)) = listed(folder) else { return false };
        files.iter().any(|file| is_audio(file))
            || inner.iter().any(|one| {
                listed(one).is_ok_and(|(_, files)| files.iter().any(|file| is_audio(file)))
            })
    };
    folders.iter().any(holds).then_some("folders")
}
