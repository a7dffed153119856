//! Whole screens, drawn into memory.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, SystemTime};
use stillroom::cli::inside::{Asked, Seen, View, draw};
use stillroom::run::{Live, Picture, State};

const THEN: &str = "2026-01-01T10:00:00.000Z";

fn now() -> SystemTime {
    let then = humantime::parse_rfc3339(THEN).unwrap_or(SystemTime::UNIX_EPOCH);
    then + Duration::from_secs(75)
}

fn take(picture: &mut Picture, event: Value) {
    let mut event = event;
    event["at"] = json!(THEN);
    picture.take(&event);
}

/// A run whose teacher is done and whose student is at its fourth epoch.
fn running() -> Picture {
    let mut picture = Picture::default();
    let mut add = |event| take(&mut picture, event);
    add(json!({ "event": "run", "recipe": "quickstart.rhai", "seed": 3 }));
    let stage = |name: &str, teacher: Value, model: &str| {
        json!({ "event": "stage", "stage": name, "kind": "distill", "teacher": teacher,
                "spec": { "model": model }, "parameters": 18482, "epochs": 8, "steps": 80,
                "clips": { "train": 320, "test": 80 }, "step": 0 })
    };
    let epoch = |stage: &str, epoch: i32, lambda: Value| {
        let at = f64::from(epoch);
        json!({ "event": "epoch", "stage": stage, "epoch": epoch, "step": 10 * epoch,
                "loss": 2.0 / at, "test_loss": 2.2 / at, "accuracy": 0.9 - 0.6 / at,
                "lr": 0.005 / at, "lambda": lambda, "tau": lambda, "clips_per_second": 85.2,
                "waiting": 0.012, "seconds": 3.8, "logged": [] })
    };
    add(stage("teacher", Value::Null, "cnn"));
    (1..=8).for_each(|at| add(epoch("teacher", at, Value::Null)));
    add(json!({ "event": "stage_end", "name": "teacher", "kind": "train", "model": "cnn",
                "accuracy": 0.825, "best_accuracy": 0.85, "test_clips": 80, "seconds": 31.2,
                "steps": 80, "waiting": 0.01 }));
    add(stage("student taught", json!("teacher"), "ast"));
    (1..=3).for_each(|at| add(epoch("student taught", at, json!(0.5))));
    add(json!({ "event": "edit", "stage": "student taught", "step": 14, "version": 1,
                "outcome": "in_force", "functions": ["lambda", "tau"], "note": null }));
    add(json!({ "event": "edit", "stage": "student taught", "step": 22, "version": 1,
                "outcome": "rejected", "functions": [],
                "message": "error[script]: 'lambdda' is not known\n  --> quickstart.rhai:41:5\n  hint: did you mean 'lambda'?" }));
    add(json!({ "event": "warning", "message": "the disk is nearly full" }));
    picture
}

fn live() -> Live {
    Live {
        at: Some(now()),
        stage: "student taught".into(),
        step: 34,
        steps: 80,
        epoch: 4,
        epochs: 8,
        loss: Some(0.612),
        lr: Some(0.0012),
        lambda: Some(0.5),
        tau: Some(0.5),
        clips_per_second: Some(85.2),
        waiting: Some(0.012),
        seconds_left: Some(18.0),
        from: 0,
        every: 1,
        losses: (0..34).map(|step| 2.0 / (1.0 + f64::from(step) / 10.0)).collect(),
    }
}

fn drawn(width: u16, height: u16, seen: &Seen, view: &View) -> String {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| draw(frame, seen, view));
    let text = terminal.backend().to_string();
    // Each line stands in quotes, so that none is trimmed by an editor.
    text.lines().map(|line| line.trim_matches('"').trim_end()).collect::<Vec<_>>().join("\n")
}

fn seen<'a>(picture: &'a Picture, state: State, live: Option<&'a Live>) -> Seen<'a> {
    let name = "2026-01-01_10-00-00_quickstart";
    Seen {
        name,
        path: Path::new("nowhere"),
        picture,
        state,
        live,
        trail: live,
        is_gone: false,
        now: now(),
    }
}

fn unicode() -> View {
    View { unicode: true, ..View::default() }
}

#[test]
fn a_run_at_80_by_24() {
    let (picture, live) = (running(), live());
    let seen = seen(&picture, State::Running, Some(&live));
    insta::assert_snapshot!(drawn(80, 24, &seen, &unicode()), @r"
     2026-01-01_10-00-00_quickstart  running  1 min 15 s  seed 3  version 1
     ✓ teacher 82.5 %   ▸ student taught 70.0 %
     epoch 4/8  step 34/80 ━━━━━━━━━━━━━━━━━━━━━━───────────────────────────── 42 %
     loss 0.612  ·  85 clips/s  ·  1.2 % waiting for data  ·  18.0 s left
     lr 1.2e-3 █▃▂▁            λ 0.50 ▄▄▄▄               τ 0.50 ▄▄▄▄
    ┌ loss 0.612 test 0.733 ───────────────┐┌ accuracy 70.0 % best 70.0 % ─────────┐
    │2.200│    ⢆⢈  ⢈                       ││70.0 %│     ⢀  ⢀ ⢀⠔                   │
    │     │⢠   ⢆⢆  ⠐                       ││      │     ⠐  ⡠⠒⠁                    │
    │     │⠈⡆  ⠈⢆⡆ ⠨                       ││      │     ⠨ ⡜⠨                      │
    │     │ ⠱⡀  ⠈⢆⡄⠐                       ││      │     ⢐⢰⠁⢐                      │
    │     │  ⠈⢆ ⠨⠈⢆⡄                       ││      │     ⠠⡇ ⠠                      │
    │     │   ⠈⠱⣀ ⠈⠢⢄⡀⡀                    ││      │     ⡸  ⢐                      │
    │     │     ⠠⠑⠢⢄⣀⠈⠒⠄                   ││      │    ⢠⠃  ⠠                      │
    │0.471│     ⢈  ⢈ ⠉⠑⠒⠄                  ││30.0 %│    ⠎⢈  ⢈                      │
    │     └────────────────────────────────││      └───────────────────────────────│
    │     0                        80 steps││      0                       80 steps│
    └──────────────────────────────────────┘└──────────────────────────────────────┘
    ┌ what happened ───────────────────────────────────────────────────────────────┐
    │  error[script]: 'lambdda' is not known                                       │
    │    --> quickstart.rhai:41:5                                                  │
    │    hint: did you mean 'lambda'?                                              │
    │warning: the disk is nearly full                                              │
    └──────────────────────────────────────────────────────────────────────────────┘
     q leave   ? help   Tab, arrows another stage
    ");
}

#[test]
fn a_run_at_120_by_40() {
    let (picture, live) = (running(), live());
    let seen = seen(&picture, State::Running, Some(&live));
    insta::assert_snapshot!(drawn(120, 40, &seen, &unicode()), @r"
     2026-01-01_10-00-00_quickstart  running  1 min 15 s  seed 3  version 1
     ✓ teacher 82.5 %   ▸ student taught 70.0 %
     epoch 4/8  step 34/80 ━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────────────────────── 42 %
     loss 0.612  ·  85 clips/s  ·  1.2 % waiting for data  ·  18.0 s left
     lr 1.2e-3 █▃▂▁                          λ 0.50 ▄▄▄▄                             τ 0.50 ▄▄▄▄
    ┌ loss 0.612 test 0.733 ───────────────────────────────────┐┌ accuracy 70.0 % best 70.0 % ─────────────────────────────┐
    │2.200│      ⢀  ⠁    ⠁                                     ││70.0 %│                   ⡀                               │
    │     │      ⠈⡆ ⠄    ⠄                                     ││      │         ⠄    ⠄  ⢀⠎                                │
    │     │      ⢀⢱                                            ││      │                ⡰⠁                                 │
    │     │⢀     ⠈⡆⢇⠂    ⠂                                     ││      │         ⠂    ⢀⠎                                   │
    │     │⠘⡄     ⠸⡀⡀    ⡀                                     ││      │         ⡀   ⡰⠁                                    │
    │     │ ⢣      ⢣⢣                                          ││      │            ⡸                                      │
    │     │ ⠘⡄     ⠈⡆⡄   ⠂                                     ││      │         ⠂ ⢀⠇ ⠂                                    │
    │     │  ⢣      ⢸⢱   ⡀                                     ││      │         ⡀ ⡸  ⡀                                    │
    │     │  ⠘⡄      ⢇⡇                                        ││      │           ⡇                                       │
    │     │   ⢣     ⠄⠘⡄⡀ ⠄                                     ││      │         ⠂⢸   ⠂                                    │
    │     │    ⠣⡀     ⢱⢣                                       ││      │          ⡇                                        │
    │     │     ⠱⡀  ⠁  ⢇⡄⠁                                     ││      │         ⢸    ⠁                                    │
    │     │      ⠱⡀ ⠄  ⠘⡄⠢⡀                                    ││      │         ⡎    ⠄                                    │
    │     │       ⠑⢄    ⠈⠢⡀⢆                                   ││      │        ⢰⠁                                         │
    │     │         ⠣⣀   ⠁⠈⠢⡀⢄                                 ││      │        ⡎⠁    ⠁                                    │
    │     │         ⡀ ⠑⢄⡀⡀  ⠈⠢⡀                                ││      │       ⢠⠃⡀    ⡀                                    │
    │     │             ⠈⠒⠤⡀  ⠈                                ││      │       ⡜                                           │
    │     │         ⠂    ⠂ ⠈⠑⠢⢄⣀                               ││      │      ⢠⠃ ⠂    ⠂                                    │
    │0.471│         ⡀    ⡀      ⠁                              ││30.0 %│      ⠈  ⡀    ⡀                                    │
    │     └────────────────────────────────────────────────────││      └───────────────────────────────────────────────────│
    │     0                                            80 steps││      0                                           80 steps│
    └──────────────────────────────────────────────────────────┘└──────────────────────────────────────────────────────────┘
    ┌ what happened ───────────────────────────────────────────────────────────────────────────────────────────────────────┐
    │teacher: train cnn, 18,482 parameters, 320 clips, 80 steps                                                            │
    │teacher: trained, 82.5 %, 31.2 s, 1.0 % of it waiting for data                                                        │
    │student taught: distill ast, taught by 'teacher', 18,482 parameters, 320 clips, 80 steps                              │
    │edit: version 1 in force from step 14: lambda, tau                                                                    │
    │edit: refused at step 22                                                                                              │
    │  error[script]: 'lambdda' is not known                                                                               │
    │    --> quickstart.rhai:41:5                                                                                          │
    │    hint: did you mean 'lambda'?                                                                                      │
    │warning: the disk is nearly full                                                                                      │
    └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
     q leave   ? help   Tab, arrows another stage
    ");
}

#[test]
fn where_only_ascii_can_be_shown() {
    let (picture, live) = (running(), live());
    let seen = seen(&picture, State::Running, Some(&live));
    let shown = drawn(80, 20, &seen, &View::default());
    let odd: Vec<char> = shown.chars().filter(|letter| !letter.is_ascii()).collect();
    assert!(odd.is_empty(), "{odd:?}\n{shown}");
    insta::assert_snapshot!(shown, @r"
     2026-01-01_10-00-00_quickstart  running  1 min 15 s  seed 3  version 1
     + teacher 82.5 %   > student taught 70.0 %
     epoch 4/8  step 34/80 ######################----------------------------- 42 %
     loss 0.612  85 clips/s  1.2 % waiting for data  18.0 s left
     lr 1.2e-3 #:._            lambda 0.50 ----          tau 0.50 ----
    + loss 0.612 test 0.733 ---------------++ accuracy 70.0 % best 70.0 % ---------+
    |2.200|    oo   :                      ||70.0 %|     :  : **                   |
    |     |..  **oo :                      ||      |     :  **                     |
    |     |  .. :**ooo                     ||      |     : *:                      |
    |     |   .....*****                   ||      |     ** :                      |
    |0.471|     :   .....                  ||30.0 %|    *:  :                      |
    |     +--------------------------------||      +-------------------------------|
    |     0                        80 steps||      0                       80 steps|
    +--------------------------------------++--------------------------------------+
    + what happened ---------------------------------------------------------------+
    |    --> quickstart.rhai:41:5                                                  |
    |    hint: did you mean 'lambda'?                                              |
    |warning: the disk is nearly full                                              |
    +------------------------------------------------------------------------------+
     q leave   ? help   Tab, arrows another stage
    ");
}

#[test]
fn small_windows_show_what_has_room() {
    let (picture, live) = (running(), live());
    let seen = seen(&picture, State::Running, Some(&live));
    insta::assert_snapshot!(drawn(40, 12, &seen, &unicode()), @r"
     2026-01-01_10-00-00_quickstart  running
    ‹ ▸ student taught 70.0 %
     epoch 4/8  step 34/80 ━━━━━────── 42 %
     loss 0.612  ·  85 clips/s  ·  1.2 % wai
     lr 1.2e-3    λ 0.50       τ 0.50
    ┌ what happened ───────────────────────┐
    │  known                               │
    │    --> quickstart.rhai:41:5          │
    │    hint: did you mean 'lambda'?      │
    │warning: the disk is nearly full      │
    └──────────────────────────────────────┘
     q leave   ? help   Tab, arrows another
    ");
    insta::assert_snapshot!(drawn(30, 4, &seen, &unicode()), @r"
     2026-01-01_10-00-00_quickstar
    ‹ ▸ student taught 70.0 %
     epoch 4/8  step 34/80  42 %
     loss 0.612  ·  85 clips/s  ·
    ");
}

#[test]
fn a_run_that_waits_says_why() {
    let mut picture = running();
    take(
        &mut picture,
        json!({ "event": "paused", "stage": "student taught", "step": 34,
        "message": "error[script]: no more\n  --> quickstart.rhai:7:3\n 7 | throw \"no more\"" }),
    );
    let live = live();
    let seen = seen(&picture, State::Paused, Some(&live));
    insta::assert_snapshot!(drawn(80, 20, &seen, &unicode()), @r#"
     2026-01-01_10-00-00_quickstart  paused  1 min 15 s  seed 3  version 1
     ✓ teacher 82.5 %   ▸ student taught 70.0 %
     epoch 4/8  step 34/80 ━━━━━━━━━━━━━━━━━━━━━━───────────────────────────── 42 %
     loss 0.612  ·  85 clips/s  ·  1.2 % waiting for data
     lr 1.2e-3 █▃▂▁            λ 0.50 ▄▄▄▄               τ 0.50 ▄▄▄▄





    ┌ what happened ───────────────────────────────────────────────────────────────┐
    │    --> quickstart.rhai:41:5                                                  │
    │    hint: did you mean 'lambda'?                                              │
    │warning: the disk is nearly full                                              │
    │student taught: paused at step 34, waiting for an edit                        │
    │  error[script]: no more                                                      │
    │    --> quickstart.rhai:7:3                                                   │
    │   7 | throw "no more"                                                        │
    └──────────────────────────────────────────────────────────────────────────────┘
     q leave   ? help   Tab, arrows another stage
    "#);
}

#[test]
fn a_run_that_has_ended_shows_its_table() {
    let mut picture = running();
    take(
        &mut picture,
        json!({ "event": "stage_end", "name": "student taught", "kind": "distill",
        "model": "ast", "accuracy": 0.8625, "best_accuracy": 0.875, "test_clips": 80,
        "seconds": 40.5, "steps": 80, "waiting": 0.02 }),
    );
    take(&mut picture, json!({ "event": "end" }));
    let seen = seen(&picture, State::Ended, None);
    insta::assert_snapshot!(drawn(80, 24, &seen, &unicode()), @r"
     2026-01-01_10-00-00_quickstart  ended  0.0 s  seed 3  version 1
     ✓ teacher 82.5 %   ✓ student taught 86.2 %
     epoch 3/8  step 80/80 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %
     done: 86.2 %  ·  40.5 s  ·  85 clips/s  ·  2.0 % waiting for data
     lr 1.7e-3 █▃▁             λ 0.50 ▄▄▄                τ 0.50 ▄▄▄
    ┌ loss 0.667 test 0.733 ───────────────┐┌ accuracy 70.0 % best 70.0 % ─────────┐
    │2.200│    ⢆⢈  ⢈                       ││70.0 %│     ⢀  ⢀ ⢀⠔                   │
    │     │    ⢆⡆  ⠐                       ││      │     ⠐  ⡠⠒⠁                    │
    │     │    ⠈⢆⡀ ⠨                       ││      │     ⠨ ⡜⠨                      │
    │     │     ⠈⡆ ⠐                       ││      │     ⢐⢰⠁⢐                      │
    │     │     ⠨⠘⡄⠨                       ││      │     ⠠⡇ ⠠                      │
    │     │     ⢐ ⠘⡄⡀                      ││      │     ⡸  ⢐                      │
    │     │     ⠠  ⠈⠢⢄⢄                    ││      │    ⢠⠃  ⠠                      │
    │0.667│     ⢈  ⢈  ⠑⠄                   ││30.0 %│    ⠎⢈  ⢈                      │
    │     └────────────────────────────────││      └───────────────────────────────│
    │     0                        80 steps││      0                       80 steps│
    └──────────────────────────────────────┘└──────────────────────────────────────┘
    ┌ result ──────────────────────────────────────────────────────────────────────┐
    │stage           kind     model  accuracy  95 %            best    time        │
    │teacher         train    cnn      82.5 %  [72.7, 89.3]  85.0 %  31.2 s  done  │
    │student taught  distill  ast      86.2 %  [77.0, 92.1]  87.5 %  40.5 s  done  │
    │95 %: Wilson's interval of the accuracy, from the number of test clips.       │
    └──────────────────────────────────────────────────────────────────────────────┘
     q leave   ? help   Tab, arrows another stage   1 min ago
    ");
}

#[test]
fn a_run_that_failed_or_vanished() {
    let mut picture = running();
    let message = "error[script]: it threw\n  --> quickstart.rhai:9:1";
    take(&mut picture, json!({ "event": "failed", "message": message }));
    let mut failed = seen(&picture, State::Failed, None);
    let shown = drawn(80, 24, &failed, &unicode());
    assert!(shown.contains("failed") && shown.contains("quickstart.rhai:9:1"), "{shown}");
    failed.is_gone = true;
    assert!(drawn(80, 24, &failed, &unicode()).contains("its folder is gone"));
    let stopped = seen(&picture, State::Stopped, None);
    assert!(drawn(80, 24, &stopped, &unicode()).contains("still resume"));
}

#[test]
fn no_size_is_too_small() {
    let (full, live) = (running(), live());
    let mut paused = running();
    take(
        &mut paused,
        json!({ "event": "paused", "stage": "student taught", "step": 34,
        "message": "a\n".repeat(100) }),
    );
    let mut odd = Picture::default();
    take(&mut odd, json!({ "event": "stage", "stage": "\u{1b}[31m\n宽字".repeat(40), "steps": 0 }));
    let values = [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0];
    for (step, value) in values.into_iter().enumerate() {
        take(
            &mut odd,
            json!({ "event": "epoch", "stage": "\u{1b}[31m\n宽字".repeat(40),
            "step": step, "epoch": u64::MAX, "loss": value, "accuracy": value, "lr": value,
            "lambda": "inf", "tau": "NaN", "logged": [] }),
        );
    }
    let none = Picture::default();
    for picture in [&full, &paused, &odd, &none] {
        for state in [State::Running, State::Paused, State::Ended, State::Failed, State::Stopped] {
            for view in [unicode(), View { help: true, colours: true, ..View::default() }] {
                let seen = seen(picture, state, Some(&live));
                for height in [1, 2, 3, 5, 6, 8, 12, 21] {
                    for width in [1, 2, 5, 23, 24, 25, 50, 81] {
                        let shown = drawn(width, height, &seen, &view);
                        assert!(!shown.contains('\u{1b}'), "{shown}");
                    }
                }
            }
        }
    }
}

#[test]
fn keys_change_the_stage_and_leave() {
    let picture = running();
    let mut view = View::default();
    let mut press = |code: KeyCode, modifiers: KeyModifiers| {
        let asked = view.key(KeyEvent::new(code, modifiers), &picture);
        (asked, view.stage(&picture), view.help)
    };
    let plain = KeyModifiers::NONE;
    let draws = |stage: usize, help: bool| (Asked::Draw, Some(stage), help);
    assert_eq!(press(KeyCode::Char('x'), plain), (Asked::Nothing, Some(1), false));
    assert_eq!(press(KeyCode::Tab, plain), draws(0, false));
    assert_eq!(press(KeyCode::Right, plain), draws(1, false));
    assert_eq!(press(KeyCode::Left, plain), draws(0, false));
    assert_eq!(press(KeyCode::BackTab, plain), draws(1, false));
    assert_eq!(press(KeyCode::Up, plain), draws(0, false));
    assert_eq!(press(KeyCode::Char('f'), plain), draws(1, false));
    assert_eq!(press(KeyCode::Char('?'), plain), draws(1, true));
    assert_eq!(press(KeyCode::Esc, plain), draws(1, false));
    for (code, modifiers) in [
        (KeyCode::Esc, plain),
        (KeyCode::Char('q'), plain),
        (KeyCode::Char('c'), KeyModifiers::CONTROL),
    ] {
        assert_eq!(press(code, modifiers).0, Asked::Leave);
    }
    // Nothing to turn to.
    let mut view = View::default();
    let empty = Picture::default();
    assert_eq!(view.key(KeyEvent::new(KeyCode::Tab, plain), &empty), Asked::Draw);
    assert_eq!(view.stage(&empty), None);
}
