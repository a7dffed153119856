//! `dataset::…`: readers of the published layouts, and of one's own.

use super::DatasetHandle;
use super::reading::{
    read_audioset, read_commands, read_csv, read_esc50, read_fetched, read_folders, read_fsd50k,
    read_json, read_urban,
};
use crate::script::Host;
use crate::script::register::namespaced;
use rhai::{Map, Module};
use std::sync::Arc;

/// Readers of sets that many have.
pub(super) fn published(module: &mut Module, host: &Arc<dyn Host>) {
    let hosts: [Arc<dyn Host>; 10] = std::array::from_fn(|_| host.clone());
    let [a, b, c, d, e, f, g, h, i, j] = hosts;
    namespaced! { module;
        /// Reads a data set in ESC-50's layout: `audio/*.wav` and `meta/esc50.csv`.
        ///
        /// "still:example" is a small set of synthesised sounds that Stillroom makes itself. Options: `fold` (5): the
        /// fold that tests, the others train; `validation_fold`: one that chooses between epochs; `esc10` (false): only
        /// the rows of ESC-10; `per_class`: at most so many clips of each class in each split, for a quick try;
        /// `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: a folder that nobody allowed (`--data-root`, or the value of a `--set`), a missing folder or
        /// table, a damaged row, a missing, empty or cut-off file.
        ///
        /// ```rhai
        /// dataset::esc50("still:example", #{ fold: 1 }).classes == 10
        /// ```
        fn "esc50"(folder: &str, options: Map) -> DatasetHandle { read_esc50(&a, folder, options) }

        /// As `esc50(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").test_clips > 10
        /// ```
        fn "esc50"(folder: &str) -> DatasetHandle { read_esc50(&b, folder, Map::new()) }

        /// Reads FSD50K as published: `FSD50K.dev_audio`, `FSD50K.eval_audio`, `FSD50K.ground_truth`. Clips have any
        /// number of the 200 classes; development clips train or validate, evaluation clips test.
        ///
        /// Options: `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; a label that is not in the vocabulary.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::fsd50k("no/such/folder", #{ on_bad: "skip" }); } catch { failed = true; }
        /// failed
        /// ```
        fn "fsd50k"(folder: &str, options: Map) -> DatasetHandle { read_fsd50k(&c, folder, options) }

        /// As `fsd50k(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::fsd50k("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "fsd50k"(folder: &str) -> DatasetHandle { read_fsd50k(&d, folder, Map::new()) }

        /// Reads AudioSet: the lists of segments, `class_labels_indices.csv`, and clips anywhere below the folder, found
        /// by the video's id (`ID.wav`, `YID.wav`, `ID_30000.flac`). Clips that are not there are counted and told.
        ///
        /// Options: `train` ("balanced", "unbalanced" or "full"); `audio`: the folder of the clips, where it is another
        /// one; `strong`: a table of strong labels, which replace the weak ones; `propagate` (false): `ontology.json`
        /// adds the classes above a clip's; `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; a label that is not in the table; no clip at all.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::audioset("no/such/folder", #{ train: "full" }); } catch { failed = true; }
        /// failed
        /// ```
        fn "audioset"(folder: &str, options: Map) -> DatasetHandle { read_audioset(&e, folder, options) }

        /// As `audioset(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::audioset("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "audioset"(folder: &str) -> DatasetHandle { read_audioset(&f, folder, Map::new()) }

        /// Reads Speech Commands: a folder a word, `validation_list.txt`, `testing_list.txt`; all other clips train.
        ///
        /// Options: `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; a listed file that is not there.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::speech_commands("no/such/folder", #{ per_class: 9 }); } catch { failed = true; }
        /// failed
        /// ```
        fn "speech_commands"(folder: &str, options: Map) -> DatasetHandle { read_commands(&g, folder, options) }

        /// As `speech_commands(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::speech_commands("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "speech_commands"(folder: &str) -> DatasetHandle { read_commands(&h, folder, Map::new()) }

        /// Reads UrbanSound8K: `audio/fold1` to `fold10` and `metadata/UrbanSound8K.csv`.
        ///
        /// Options: `fold` (10): the fold that tests; `validation_fold`: one that chooses between epochs; `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::urbansound8k("no/such/folder", #{ fold: 3 }); } catch { failed = true; }
        /// failed
        /// ```
        fn "urbansound8k"(folder: &str, options: Map) -> DatasetHandle { read_urban(&i, folder, options) }

        /// As `urbansound8k(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::urbansound8k("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "urbansound8k"(folder: &str) -> DatasetHandle { read_urban(&j, folder, Map::new()) }
    }
}

/// The same sets without a folder, as `still data fetch` puts them in place.
pub(super) fn fetched(module: &mut Module, host: &Arc<dyn Host>) {
    let hosts: [Arc<dyn Host>; 8] = std::array::from_fn(|_| host.clone());
    let [a, b, c, d, e, f, g, h] = hosts;
    namespaced! { module;
        /// ESC-50 as `still data fetch esc50` put it in place, with the options of `esc50(folder, options)`.
        ///
        /// Errors: it was not fetched; a link that leads out of it.
        ///
        /// ```rhai
        /// let told = "";
        /// try { dataset::esc50(#{ zzz: 1 }); } catch (error) { told = error.to_string(); }
        /// told.contains("zzz")
        /// ```
        fn "esc50"(options: Map) -> DatasetHandle { read_fetched(&a, "esc50", options) }

        /// As `esc50(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let told = "still data fetch esc50";
        /// try { dataset::esc50(); } catch (error) { told = error.to_string(); }
        /// told.contains("esc50")
        /// ```
        fn "esc50"() -> DatasetHandle { read_fetched(&b, "esc50", Map::new()) }

        /// FSD50K as `still data fetch fsd50k` put it in place, with the options of `fsd50k(folder, options)`.
        ///
        /// Errors: it was not fetched; a link that leads out of it.
        ///
        /// ```rhai
        /// let told = "";
        /// try { dataset::fsd50k(#{ zzz: 1 }); } catch (error) { told = error.to_string(); }
        /// told.contains("zzz")
        /// ```
        fn "fsd50k"(options: Map) -> DatasetHandle { read_fetched(&c, "fsd50k", options) }

        /// As `fsd50k(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let told = "still data fetch fsd50k";
        /// try { dataset::fsd50k(); } catch (error) { told = error.to_string(); }
        /// told.contains("fsd50k")
        /// ```
        fn "fsd50k"() -> DatasetHandle { read_fetched(&d, "fsd50k", Map::new()) }

        /// Speech Commands as `still data fetch speech_commands` put it in place, with the options of `speech_commands(folder, options)`.
        ///
        /// Errors: it was not fetched; a link that leads out of it.
        ///
        /// ```rhai
        /// let told = "";
        /// try { dataset::speech_commands(#{ zzz: 1 }); } catch (error) { told = error.to_string(); }
        /// told.contains("zzz")
        /// ```
        fn "speech_commands"(options: Map) -> DatasetHandle { read_fetched(&e, "speech_commands", options) }

        /// As `speech_commands(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let told = "still data fetch speech_commands";
        /// try { dataset::speech_commands(); } catch (error) { told = error.to_string(); }
        /// told.contains("speech_commands")
        /// ```
        fn "speech_commands"() -> DatasetHandle { read_fetched(&f, "speech_commands", Map::new()) }

        /// UrbanSound8K as `still data fetch urbansound8k` put it in place, with the options of `urbansound8k(folder, options)`.
        ///
        /// Errors: it was not fetched; a link that leads out of it.
        ///
        /// ```rhai
        /// let told = "";
        /// try { dataset::urbansound8k(#{ zzz: 1 }); } catch (error) { told = error.to_string(); }
        /// told.contains("zzz")
        /// ```
        fn "urbansound8k"(options: Map) -> DatasetHandle { read_fetched(&g, "urbansound8k", options) }

        /// As `urbansound8k(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let told = "still data fetch urbansound8k";
        /// try { dataset::urbansound8k(); } catch (error) { told = error.to_string(); }
        /// told.contains("urbansound8k")
        /// ```
        fn "urbansound8k"() -> DatasetHandle { read_fetched(&h, "urbansound8k", Map::new()) }
    }
}

/// Readers of sets of one's own.
pub(super) fn own(module: &mut Module, host: &Arc<dyn Host>) {
    let hosts: [Arc<dyn Host>; 4] = std::array::from_fn(|_| host.clone());
    let [a, b, c, d] = hosts;
    namespaced! { module;
        /// Reads a folder a class: `CLASS/clip.wav`; or `train/CLASS/clip.wav`, `validation/…`, `test/…`. Without such
        /// folders all clips train: `split` or `k_fold` make the rest.
        ///
        /// Options: `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; no folder with audio files.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::folders("no/such/folder", #{ per_class: 9 }); } catch { failed = true; }
        /// failed
        /// ```
        fn "folders"(folder: &str, options: Map) -> DatasetHandle { read_folders(&a, folder, options) }

        /// As `folders(folder, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::folders("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "folders"(folder: &str) -> DatasetHandle { read_folders(&b, folder, Map::new()) }

        /// Reads any table of clips with a header.
        ///
        /// Options, columns by the names that the header has: `file` ("filename"); `label` for one class a clip, or
        /// `labels` for any number, with `label_separator` (",") between them; `classes`: their names in order (those
        /// that occur); `audio`: the folder where files' names begin (the table's); `ending`: what is put after a
        /// file's name (""); `split`: what a clip is for, and `splits`: what the table calls that,
        /// `#{ dev: "validation" }`; `fold_column` ("fold"), `fold`: the fold that tests;
        /// `validation_fold`: one that chooses between epochs; `id`: a clip's name (the
        /// file's, with `@0.000-0.500` for a part of it); `group`: what clips of one recording share (the file, for parts of it); `start`: where a clip begins in its file, in seconds; `end`: where it ends; `separator` (",");
        /// `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; a missing column, a label that is not among `classes`.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::csv("no/such/table.csv", #{ label: "category" }); } catch { failed = true; }
        /// failed
        /// ```
        fn "csv"(table: &str, options: Map) -> DatasetHandle { read_csv(&c, table, options) }

        /// Reads lists as AST's and PSLA's scripts write them: `{"data": [{"wav": …, "labels": "mid,mid"}]}`.
        ///
        /// Options: `train`: a list; `validation`: another; `test`: another; `labels`: the table with index, mid and display_name;
        /// `labelling` ("multi", or "single"); `audio`: the folder where paths begin (the list's); `per_class`: at most so many clips of each class in each
        /// split, for a quick try; `on_bad` ("error", or "skip": clips that cannot be read are left out and counted).
        /// Errors: as of `esc50`; a label that is not in the table.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { dataset::json(#{ train: "no.json", labels: "no.csv" }); } catch { failed = true; }
        /// failed
        /// ```
        fn "json"(options: Map) -> DatasetHandle { read_json(&d, options) }
    }
}
