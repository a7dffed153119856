//! How files are saved, moved, linked, and brought back.

use super::runner::{Manner, Run, STAGE, doing, run_in, save, untouched, with_edits};
use crate::support::Sandbox;
use std::os::unix::fs::symlink;
use std::time::Duration;
use stillroom::recipe::Patience;

fn recipe() -> String {
    format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n")
}

fn edited() -> String {
    recipe().replace("0.25", "0.125")
}

fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// One edit after 4 steps, in force at once.
#[track_caller]
fn in_force_from_4(run: Run) {
    let run = run.good();
    assert_eq!(run.outcomes(), [(4, "in force")], "{:?}", run.shown.edits);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

fn one(act: impl Fn(&Sandbox) + Send + 'static) -> Run {
    with_edits(&recipe(), |_| {}, vec![doing(4, act)])
}

/// A recipe that stands in another folder than the link by which it is run.
fn linked(act: impl Fn(&Sandbox) + Send + 'static) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("elsewhere/real.rhai", recipe());
    symlink("elsewhere/real.rhai", sandbox.file("recipe.rhai")).expect("a link");
    run_in(sandbox, Manner::default(), vec![doing(4, act)])
}

#[test]
fn truncated_and_written_in_pieces_with_pauses() {
    use std::io::Write;
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe());
    let pieces = doing(4, |sandbox| {
        let mut file = std::fs::File::create(sandbox.file("recipe.rhai")).expect("a file");
        for piece in edited().as_bytes().chunks(60) {
            file.write_all(piece).expect("a piece");
            file.flush().expect("a piece");
            pause(20);
        }
    });
    // What people have: a piece that is late is waited for.
    let manner = Manner { patience: Patience::default(), ..Manner::default() };
    in_force_from_4(run_in(sandbox, manner, vec![pieces]));
}

#[test]
fn deleted_and_made_again() {
    in_force_from_4(one(|sandbox| {
        std::fs::remove_file(sandbox.file("recipe.rhai")).expect("removed");
        pause(10);
        sandbox.write("recipe.rhai", edited());
    }));
}

#[test]
fn deleted_for_longer_and_made_again() {
    let edits = vec![
        doing(2, |sandbox| std::fs::remove_file(sandbox.file("recipe.rhai")).expect("removed")),
        save(5, "recipe.rhai", edited()),
        doing(8, |sandbox| std::fs::remove_file(sandbox.file("recipe.rhai")).expect("removed")),
        save(10, "recipe.rhai", edited()),
    ];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    let expected = [(2, "refused"), (5, "in force"), (8, "refused"), (10, "unchanged")];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(run.note(3), "as version 1, which is in force");
}

#[test]
fn the_target_of_a_link_is_edited() {
    in_force_from_4(linked(|sandbox| drop(sandbox.write("elsewhere/real.rhai", edited()))));
}

#[test]
fn the_target_of_a_link_is_saved_by_rename() {
    in_force_from_4(linked(|sandbox| {
        let beside = sandbox.write("elsewhere/new", edited());
        std::fs::rename(beside, sandbox.file("elsewhere/real.rhai")).expect("renamed");
    }));
}

#[test]
fn a_link_leads_to_another_file() {
    in_force_from_4(linked(|sandbox| {
        sandbox.write("third/other.rhai", edited());
        symlink("third/other.rhai", sandbox.file("beside")).expect("a link");
        std::fs::rename(sandbox.file("beside"), sandbox.file("recipe.rhai")).expect("renamed");
    }));
}

/// As `kubectl` and `nix` put new files in place: all at once, by one link to a folder.
#[test]
fn a_linked_folder_is_swapped() {
    let sandbox = Sandbox::new();
    let recipe =
        format!("import \"rates\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() * 0.5 }}\n");
    sandbox.write("v1/recipe.rhai", &recipe);
    sandbox.write("v1/rates.rhai", "fn now() { 0.5 }");
    sandbox.write("v2/recipe.rhai", recipe.replace("0.5", "0.25"));
    sandbox.write("v2/rates.rhai", "fn now() { 0.5 }\nfn more() { 1 }");
    symlink("v1", sandbox.file("now")).expect("a link");
    let swap = doing(4, |sandbox| {
        symlink("v2", sandbox.file("next")).expect("a link");
        std::fs::rename(sandbox.file("next"), sandbox.file("now")).expect("swapped");
    });
    let manner = Manner { recipe: "now/recipe.rhai".into(), ..Manner::default() };
    in_force_from_4(run_in(sandbox, manner, vec![swap]));
}

#[test]
fn a_folder_goes_away_and_comes_back() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/recipe.rhai", recipe());
    let away = |sandbox: &Sandbox| {
        std::fs::rename(sandbox.file("folder"), sandbox.file("away")).expect("renamed");
    };
    let back = |sandbox: &Sandbox| {
        std::fs::rename(sandbox.file("away"), sandbox.file("folder")).expect("renamed");
    };
    let new = |sandbox: &Sandbox| {
        std::fs::remove_dir_all(sandbox.file("folder")).expect("removed");
        sandbox.write("folder/recipe.rhai", edited());
    };
    let edits = vec![doing(2, away), doing(4, back), doing(6, new), {
        save(9, "folder/recipe.rhai", recipe())
    }];
    let manner = Manner { recipe: "folder/recipe.rhai".into(), ..Manner::default() };
    let run = run_in(sandbox, manner, edits).good();
    let expected = [(2, "refused"), (4, "unchanged"), (6, "in force"), (9, "in force")];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(run.shown.rates, [vec![0.25; 6], vec![0.125; 3], vec![0.25; 3]].concat());
}

#[test]
fn the_same_size_and_the_same_times() {
    in_force_from_4(one(|sandbox| {
        let file = sandbox.file("recipe.rhai");
        let times = std::fs::metadata(&file).expect("a file").modified().expect("a time");
        // One letter less in the comment, one more in the number.
        sandbox.write("recipe.rhai", recipe().replace("0.25 ", "0.125"));
        let file = std::fs::File::options().write(true).open(file).expect("a file");
        file.set_modified(times).expect("a time");
    }));
}

#[test]
fn a_file_that_is_not_utf8_and_back() {
    let edits = vec![save(3, "recipe.rhai", recipe()), {
        doing(4, |sandbox| drop(sandbox.write("recipe.rhai", [b'/', b'/', 0xff, b'\n'])))
    }];
    let edits = edits.into_iter().chain([save(6, "recipe.rhai", recipe())]).collect();
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(4, "refused"), (6, "unchanged")]);
    run.same_weights(&untouched(&recipe()));
}

#[test]
fn a_mark_before_the_text_is_no_edit() {
    let marked = |text: String| format!("\u{feff}{text}");
    let edits = vec![save(4, "recipe.rhai", recipe()), save(6, "recipe.rhai", marked(edited()))];
    let run = with_edits(&marked(recipe()), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(6, "in force")]);
}

#[test]
fn a_hundred_saves_in_a_second_end_with_the_last_one() {
    let many = doing(4, |sandbox| {
        for count in 0..100 {
            sandbox.write("recipe.rhai", recipe().replace("0.25", &format!("0.{}", 300 + count)));
            pause(10);
        }
        sandbox.write("recipe.rhai", edited());
    });
    in_force_from_4(with_edits(&recipe(), |_| {}, vec![many]));
}

#[test]
fn saves_that_never_rest_end_with_the_last_one() {
    let recipe =
        format!("{}fn lr(ctx) {{ sleep(0.01); 0.25 }}\n", STAGE.replace("epochs: 3", "epochs: 80"));
    let saves = recipe.clone();
    let begin = doing(1, move |sandbox| {
        let (file, text) = (sandbox.file("recipe.rhai"), saves.clone());
        std::thread::spawn(move || {
            for count in 0..200 {
                let rate = format!("0.{}", 300 + count);
                let _ = std::fs::write(&file, text.replace("0.25", &rate));
                pause(10);
            }
        });
    });
    let run = with_edits(&recipe, |_| {}, vec![begin]).good();
    assert_eq!(run.shown.rates.last(), Some(&0.499));
    let last = run.shown.edits.last().expect("an edit");
    assert_eq!(last.outcome, "in force");
    // They never rest, and are taken as they are now and then.
    assert!((2..50).contains(&run.shown.edits.len()), "{}", run.shown.edits.len());
}

#[test]
fn an_edit_equal_to_an_older_version() {
    let edits = vec![save(3, "recipe.rhai", edited()), save(6, "recipe.rhai", recipe())];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "in force"), (6, "in force")]);
    assert_eq!(run.shown.edits[1].version, 2);
    assert_eq!(run.shown.rates, [vec![0.25; 3], vec![0.125; 3], vec![0.25; 6]].concat());
}

#[test]
fn edited_and_put_back_by_hand() {
    // The first is put back before a step sees it, the second afterwards; neither changes a number.
    let same = recipe().replace("0.25", "0.5 / 2");
    let both = doing(3, |sandbox| {
        sandbox.write("recipe.rhai", edited());
        sandbox.write("recipe.rhai", recipe());
    });
    let edits = vec![both, save(5, "recipe.rhai", same), save(8, "recipe.rhai", recipe())];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(5, "in force"), (8, "in force")]);
    run.same_weights(&untouched(&recipe()));
}

#[test]
fn a_syntax_error_and_back() {
    let edits = vec![
        save(3, "recipe.rhai", recipe().replace("0.25", "0.25 +")),
        save(6, "recipe.rhai", recipe()),
    ];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "refused"), (6, "unchanged")]);
    run.same_weights(&untouched(&recipe()));
}

/// From a save to its being in force: one step, and 200 ms at most; here at its tenth save of ten.
#[test]
fn a_save_is_in_force_soon() {
    use std::sync::{Arc, Mutex};
    use std::time::Instant;
    let step = 30;
    let recipe = format!(
        "{}fn lr(ctx) {{ sleep({}); 0.25 }}\n",
        STAGE.replace("epochs: 3", "epochs: 15"),
        f64::from(step) / 1000.0
    );
    let saved: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let (times, text) = (saved.clone(), recipe.clone());
    let begin = doing(1, move |sandbox| {
        let (file, text, times) = (sandbox.file("recipe.rhai"), text.clone(), times.clone());
        std::thread::spawn(move || {
            for count in 0..4u64 {
                // Anywhere within a step.
                pause(350 + 7 * count);
                let rate = format!("print(\"{count}\"); 0.{}", 300 + count);
                let _ = std::fs::write(&file, text.replace("0.25", &rate));
                times.lock().expect("not poisoned").push(Instant::now());
            }
        });
    });
    let seen: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let notes = ["0", "1", "2", "3"].map(|word| {
        let seen = seen.clone();
        doing(super::runner::When::Said(word), move |_| {
            seen.lock().expect("not poisoned").push(Instant::now());
        })
    });
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", &recipe);
    let manner =
        Manner { patience: Patience::default(), settle: Duration::ZERO, ..Manner::default() };
    run_in(sandbox, manner, notes.into_iter().chain([begin]).collect()).good();
    let (saved, seen) = (saved.lock().expect("times"), seen.lock().expect("times"));
    let mut delays: Vec<u128> =
        saved.iter().zip(seen.iter()).map(|(a, b)| (*b - *a).as_millis()).collect();
    delays.sort_unstable();
    assert_eq!(delays.len(), 4, "{delays:?}");
    // The middle one: this machine may have been busy with something else.
    assert!(delays[1] <= u128::from(step as u32) + 200, "{delays:?}");
}
