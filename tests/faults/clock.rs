//! A clock that was set back: there are runs and files of a time to come.

use super::actor::Scene;
use super::lab::{Lab, undisturbed};
use std::fs::{File, rename};
use std::time::{Duration, SystemTime};

#[test]
fn the_run_that_was_cut_off_last_goes_on_whatever_the_clock_says() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    let future = lab.last().with_file_name("2999-01-01_00-00-00_lab");
    rename(lab.last(), &future).expect("a folder");
    let changed = super::lab::THREE.replace("* 0.01 *", "* 0.02 *");
    lab.sandbox.write("lab.rhai", &changed);
    Scene::new().checkpoints(1).kill("teacher 4").play(&lab);
    assert_eq!(lab.name(), "2999-01-01_00-00-01_lab");
    // Everything that was written is of a time to come.
    let root = lab.sandbox.file("home");
    let then = SystemTime::now() + Duration::from_secs(400 * 24 * 3600);
    for name in stillroom::disk::files_in(&root) {
        let file = File::options().append(true).open(root.join(name)).expect("a file");
        file.set_modified(then).expect("mine");
    }
    let ran = lab.run(1, &[]).good();
    assert!(ran.err.contains("going on with run 2999-01-01_00-00-01_lab"), "{}", ran.err);
    assert_eq!(lab.runs().len(), 2);
    lab.sandbox.write("lab.rhai", super::lab::THREE);
    lab.run(3, &[]).good();
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());
    assert_eq!(lab.outcome().hits(), [true; 3]);
    assert_eq!(lab.still(&["runs", "ls"]).code, 0);
    assert_eq!(lab.still(&["gc", "--dry-run"]).code, 0);
}
