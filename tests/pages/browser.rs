//! The client of the browser sees what tests of pages look for.

use crate::support::Sandbox;
use crate::support::browser::Browser;
use std::time::Duration;

#[test]
fn errors_requests_size_and_scheme_of_a_page_are_seen() {
    let Some(browser) = Browser::start(390, 800) else { return };
    let sandbox = Sandbox::new();
    let good = sandbox.write("good.html", "<!doctype html><title>good</title><p id=p>fine</p>");
    browser.open_file(&good);
    assert_eq!(browser.console_errors(), Vec::<String>::new());
    let requests = browser.requests();
    assert!(requests.iter().all(|url| url.ends_with("/good.html")), "{requests:?}");
    assert_eq!(browser.run("return document.getElementById('p').textContent"), "fine");
    let bad = "<!doctype html><title>bad</title><div style='width:900px'>x</div>\
               <img src='http://127.0.0.1:9/none.png'><script>nothing()</script>";
    let bad = sandbox.write("bad.html", bad);
    browser.open_file(&bad);
    // A page may be loaded before the browser has told all of it.
    let (mut told, mut asked) = (String::new(), Vec::new());
    for _ in 0..50 {
        told.push_str(&browser.console_errors().join("\n"));
        asked.extend(browser.requests());
        if told.contains("nothing is not defined")
            && asked.iter().any(|url: &String| url.ends_with("none.png"))
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(told.contains("nothing is not defined"), "{told}");
    assert!(asked.iter().any(|url| url.ends_with("none.png")), "{asked:?}");
    let wide = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
    assert!(browser.run(wide).as_f64().is_some_and(|over| over > 500.0));
    browser.resize(1280, 800);
    assert_eq!(browser.run(wide), 0);
    for on in [true, false] {
        browser.dark(on);
        let scheme = "return matchMedia('(prefers-color-scheme: dark)').matches";
        assert_eq!(browser.run(scheme), on);
    }
    let picture = sandbox.file("page.png");
    browser.screenshot(&picture, true);
    assert!(std::fs::read(&picture).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG")));
}
