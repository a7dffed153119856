//! Reports in a browser: no errors, no requests, every figure there, in light and dark, on a desk and on a phone.

use crate::support::browser::Browser;
use crate::support::made::{self, Plan};
use crate::support::{Sandbox, TINY, example};
use serde_json::Value;
use std::path::Path;

/// What is too faint: text, its colour, and what is behind it. Of letters in a figure the shape before them may be behind.
const CONTRAST: &str = r#"
const channels = text => { const all = text.match(/[\d.]+/g).map(Number); return all.length > 3 ? all : [...all, 1]; };
const over = (top, below) => top.slice(0, 3).map((own, at) => own * top[3] + below[at] * (1 - top[3]));
const light = rgb => {
    const [r, g, b] = rgb.map(own => { const c = own / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const covers = (shape, text) => {
    const [a, b] = [shape.getBoundingClientRect(), text.getBoundingClientRect()];
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
};
const behind = element => {
    const layers = [];
    for (let own = element; own; own = own.parentElement) {
        const style = getComputedStyle(own);
        const before = own.previousElementSibling;
        if (own.tagName === 'text' && before && before.tagName === 'rect' && covers(before, own)) {
            const fill = channels(getComputedStyle(before).fill);
            layers.push([fill[0], fill[1], fill[2], Number(getComputedStyle(before).fillOpacity)]);
        }
        const colour = channels(style.backgroundColor);
        if (colour[3] > 0) layers.push(colour);
        if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
};
const faint = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || ['TITLE', 'DESC', 'title', 'desc'].includes(element.tagName)) continue;
    if (!element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const drawn = element.namespaceURI.endsWith('svg');
    const back = behind(element);
    const own = over(channels(drawn ? style.fill : style.color), back);
    const [a, b] = [light(own), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${node.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)} (${own} on ${back})`);
}
return faint;
"#;

/// Opens a report, and looks at all that holds for every one: gives the browser for more.
#[track_caller]
fn opened(file: &Path) -> Option<Browser> {
    let browser = Browser::start(1280, 900)?;
    for (width, dark) in [(1280, false), (1280, true), (390, true), (390, false)] {
        browser.resize(width, 900);
        browser.dark(dark);
        browser.open_file(file);
        let what = format!("{width} pixels, dark: {dark}");
        assert_eq!(browser.console_errors(), Vec::<String>::new(), "{what}");
        let asked = browser.requests();
        assert!(
            asked.iter().all(|url| url.starts_with("file://") && url.ends_with(".html")),
            "{asked:?}"
        );
        let over =
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        assert_eq!(browser.run(over), 0, "{what}: wider than the window");
        assert_eq!(browser.run(CONTRAST), Value::Array(Vec::new()), "{what}: too faint");
        let background = browser.run("return getComputedStyle(document.body).backgroundColor");
        assert_eq!(background == "rgb(21, 22, 24)", dark, "{background}");
        if let Some(folder) = std::env::var_os("STILL_PAGES") {
            let test = std::thread::current().name().unwrap_or("page").replace("::", "_");
            let folder = Path::new(&folder);
            browser.screenshot(
                &folder.join(format!("{test}_{width}_{}.png", if dark { "dark" } else { "light" })),
                true,
            );
            std::fs::copy(file, folder.join(format!("{test}.html"))).expect("a copy");
        }
    }
    assert_eq!(browser.run("return document.scripts.length"), 0);
    Some(browser)
}

/// Every figure is there and has something in it; text in it is text.
#[track_caller]
fn drawn(browser: &Browser, ids: &[&str]) {
    for id in ids {
        let look = format!(
            "const own = document.getElementById('{id}'); if (!own) return null; const box = own.getBoundingClientRect(); \
             return [own.tagName, box.width, box.height, own.querySelectorAll('path, rect, circle').length, \
                     own.querySelectorAll('text').length, own.querySelector('title')?.textContent ?? '']"
        );
        let told = browser.run(&look);
        assert!(told.is_array(), "{id} is not there");
        assert_eq!(told[0], "svg", "{id}");
        let number = |at: usize| told[at].as_f64().expect("a number");
        assert!(number(1) > 150.0 && number(2) > 30.0, "{id}: {told}");
        assert!(number(3) > 3.0 && number(4) > 1.0, "{id} is nearly empty: {told}");
        assert!(told[5].as_str().is_some_and(|title| title.len() > 1), "{id} has no title: {told}");
    }
}

#[track_caller]
fn says(browser: &Browser, id: &str, words: &[&str]) {
    let text = browser.run(&format!("return document.getElementById('{id}')?.textContent ?? ''"));
    let text = text.as_str().expect("a text").to_string();
    words
        .iter()
        .for_each(|word| assert!(text.contains(word), "{id} does not say '{word}': {text}"));
}

/// The report on runs of a sandbox.
#[track_caller]
fn report(sandbox: &Sandbox, arguments: &[&str]) -> std::path::PathBuf {
    let arguments: Vec<&str> =
        ["report"].iter().chain(arguments).copied().chain(["-o", "report.html"]).collect();
    let ran = sandbox.still(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    sandbox.file("report.html")
}

#[test]
fn a_report_on_one_run_has_every_figure() {
    let sandbox = Sandbox::new();
    let edit = Plan::default().recipe.replace("1.0", "2.0");
    made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan { edit: Some(edit), ..Plan::default() });
    let Some(browser) = opened(&report(&sandbox, &["last"])) else { return };
    drawn(
        &browser,
        &[
            "fig-gain",
            "fig-loss",
            "fig-score",
            "fig-lr",
            "fig-lambda",
            "fig-tau",
            "fig-logged-1",
            "fig-class-gain-1",
            "fig-confusion-1",
            "fig-confusion-2",
            "fig-confusion-3",
            "fig-teacher-1",
            "fig-calibration-1",
            "fig-calibration-2",
            "fig-calibration-3",
        ],
    );
    says(
        &browser,
        "verdict",
        &["Supported", "the taught student is better", "McNemar", "One result of each"],
    );
    says(&browser, "curves", &["v1 in “student taught” from step 25: tau"]);
    says(
        &browser,
        "clips",
        &["Right with “student taught”", "clip-0", "it is not known where its audio is"],
    );
    says(
        &browser,
        "recipe",
        &["made.rhai", "− fn tau(ctx) { 1.0 }", "+ fn tau(ctx) { 2.0 }", "in force: version 1"],
    );
    says(&browser, "facts", &["data made", "ef", "2026-01-01 10:00 UTC"]);
    let marks = "return document.querySelectorAll('#fig-tau .edit path').length";
    assert_eq!(browser.run(marks), 1);
    // On a phone each stage is a card, and says beside each number what it is.
    browser.resize(390, 900);
    let shown = "return getComputedStyle(document.querySelector('#stages td'), '::before').content";
    assert_eq!(browser.run(shown), "\"model\"");
}

#[test]
fn a_report_on_three_seeds_is_over_runs() {
    let sandbox = Sandbox::new();
    for seed in 1..=3 {
        let shares = [0.85, 0.5, 0.7 + 0.02 * seed as f64];
        let plan = Plan { seed, shares, ..Plan::default() };
        made::run(&sandbox, &format!("2026-01-0{seed}_10-00-00_made"), &plan);
    }
    let file = report(&sandbox, &["2026-01-01", "2026-01-02", "2026-01-03"]);
    let Some(browser) = opened(&file) else { return };
    drawn(
        &browser,
        &[
            "fig-gain",
            "fig-loss",
            "fig-score",
            "fig-class-gain-1",
            "fig-confusion-1",
            "fig-teacher-1",
        ],
    );
    says(&browser, "stages", &["× 3", "±", "its interval is over these (3)", "paired t test"]);
    says(&browser, "confusion", &["sum of 3 results"]);
    // The mean and each of the three.
    let lines = "return document.querySelectorAll('#fig-score .thin').length";
    assert_eq!(browser.run(lines), 9);
}

#[test]
fn clips_of_several_labels_have_precision_by_class_instead() {
    let sandbox = Sandbox::new();
    made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan { multi: true, ..Plan::default() });
    let Some(browser) = opened(&report(&sandbox, &["last"])) else { return };
    drawn(
        &browser,
        &["fig-gain", "fig-score", "fig-class-gain-1", "fig-teacher-1", "fig-calibration-1"],
    );
    says(&browser, "verdict", &["Tested by mAP", "permutation test"]);
    says(&browser, "confusion", &["clips have several labels"]);
    says(&browser, "classes", &["average precision"]);
    says(&browser, "clips", &["Better with"]);
}

#[test]
fn what_is_missing_is_told() {
    let sandbox = Sandbox::new();
    let folder = made::run(
        &sandbox,
        "2026-01-01_10-00-00_made",
        &Plan { predictions: false, ..Plan::default() },
    );
    std::fs::remove_file(folder.join("metrics.csv")).expect("a file");
    let journal = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    let lacking = journal.lines().filter(|line| !line.contains("\"event\":\"epoch\""));
    let lacking = lacking.collect::<Vec<_>>().join("\n");
    std::fs::write(folder.join("events.jsonl"), lacking).expect("a file");
    std::fs::remove_dir_all(folder.join("recipe")).expect("a folder");
    let Some(browser) = opened(&report(&sandbox, &["last"])) else { return };
    let why = "does not have what it said of each clip";
    for section in ["classes", "confusion", "teacher", "calibration", "clips"] {
        says(&browser, section, &[why]);
    }
    says(&browser, "verdict", &["Not tested", why]);
    says(&browser, "curves", &["no epoch is written down"]);
    says(&browser, "recipe", &["does not have it any more"]);
    says(&browser, "stages", &["student taught", "3,000"]);
}

#[test]
fn two_hundred_classes_stay_small() {
    let sandbox = Sandbox::new();
    let classes =
        (0..200).map(|class| format!("a class with a rather long name, number {class}")).collect();
    made::run(
        &sandbox,
        "2026-01-01_10-00-00_made",
        &Plan { classes, clips: 4000, ..Plan::default() },
    );
    let file = report(&sandbox, &["last"]);
    let bytes = std::fs::metadata(&file).expect("the report").len();
    assert!(bytes < 1_500_000, "{bytes} bytes");
    let Some(browser) = opened(&file) else { return };
    drawn(&browser, &["fig-gain", "fig-class-gain-1", "fig-teacher-1"]);
    says(&browser, "confusion", &["the most frequent mistakes first", "confused pair"]);
    says(&browser, "teacher", &["Of 4,000 clips one in 3 is drawn"]);
}

#[test]
fn names_cannot_be_more_than_names() {
    let sandbox = Sandbox::new();
    let hostile = [
        "<script>document.title = 'gone'</script>",
        "\"><img src=x onerror=\"document.title='gone'\">",
        "</style></svg><script>1</script>",
        "&lt;b&gt; ' \" `",
        "{{ javascript:alert(1) }}",
    ];
    let plan = Plan {
        classes: hostile.map(String::from).to_vec(),
        stages: ["<i>teacher</i>", "alone\" onload=\"document.title='gone'", "<script>taught"].map(String::from),
        recipe: "//! <img src=x>\n//! claim: </p><script>document.title = 'gone'</script>\n// </code></pre><script>1</script>\n"
            .into(),
        set: serde_json::json!({ "<script>": "</dd><script>" }),
        ..Plan::default()
    };
    made::run(&sandbox, "2026-01-01_10-00-00_made", &plan);
    let file = report(&sandbox, &["last"]);
    let text = std::fs::read_to_string(&file).expect("the report");
    for bad in
        ["<script", "<img src=x", "</style></svg>", " onload=\"", " onerror=\"", "<i>teacher"]
    {
        assert!(!text.contains(bad), "{bad}");
    }
    let Some(browser) = opened(&file) else { return };
    assert_eq!(browser.run("return document.title"), "<img src=x>");
    assert_eq!(browser.run("return document.images.length"), 0);
    says(&browser, "confusion", &hostile[..1]);
    says(&browser, "verdict", &["</p><script>document.title = 'gone'</script>"]);
    drawn(&browser, &["fig-gain", "fig-loss", "fig-confusion-1", "fig-class-gain-1"]);
}

/// A run from its beginning: the recipe's own report, with pictures of the clips that changed.
#[test]
fn a_run_ends_with_its_report() {
    let sandbox = Sandbox::new();
    let recipe = TINY
        .replace("net, common + #{ name: \"student\" }", "net, common + #{ name: \"student\", seed: 3 }")
        .replace("let net =", "let lone = train(model::cnn(#{ classes: data.classes, channels: [8] }), common + #{ name: \"lone\", optimizer: optim::adam(#{ lr: 2e-2 }) });\nlet net =")
        .replace("report([teacher, student]);", "report([lone, student], #{ baseline: \"lone\", claim: \"it is <better>\" });");
    let ran = sandbox.run(&recipe, &["--set", "epochs=10"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let line = ran.err.lines().chain(ran.out.lines()).find(|line| line.starts_with("report: "));
    assert!(line.is_some_and(|line| line.ends_with("/report.html")), "{} {}", ran.out, ran.err);
    let runs = std::fs::read_dir(sandbox.file("home/runs")).expect("runs");
    let folder = runs.flatten().next().expect("a run").path();
    let text = std::fs::read_to_string(folder.join("report.html")).expect("a report");
    assert!(
        text.contains("it is &lt;better&gt;") && !text.contains(" teacher</th>"),
        "only these two"
    );
    assert!(example().is_dir());
    let Some(browser) = opened(&folder.join("report.html")) else { return };
    drawn(&browser, &["fig-gain", "fig-loss", "fig-score", "fig-confusion-1", "fig-calibration-1"]);
    let pictures = browser.run(
        "return [...document.images].map(own => [own.complete, own.naturalWidth, own.naturalHeight, own.alt.length])",
    );
    let pictures = pictures.as_array().expect("pictures").clone();
    assert!(!pictures.is_empty(), "no clip changed, or none has a picture");
    for picture in &pictures {
        assert_eq!(
            (&picture[0], &picture[1], &picture[2]),
            (&Value::Bool(true), &40.into(), &16.into())
        );
    }
    // Somebody else's machine does not know where the clips are.
    std::fs::remove_file(folder.join("clips.json")).expect("the places");
    let ran = sandbox.still(&["report", "last", "--all"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = std::fs::read_to_string(folder.join("report.html")).expect("a report");
    assert!(text.contains("it is not known where its audio is") && text.contains("teacher"));
}
