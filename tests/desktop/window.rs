//! A window of ours with a driver behind it: open, look, press, take a picture.
//!
//! **Invariant:** the driver and the window end with the test, by their own ids, whatever happens in it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fairtrial_tests::{Home, program, skip};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// The longest that anything is waited for: a whole sample comparison on a slow machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// The key, as a driver names it.
const ESCAPE: &str = "\u{e00c}";
/// Two windows at once would slow each other down.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The window, driven.
pub(crate) struct Window {
    client: Client,
    driver: Driver,
    _alone: MutexGuard<'static, ()>,
}

/// Why no window can be driven here, if so.
pub(crate) fn skipped() -> bool {
    let no_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none());
    skip("the window: there is no display; scripts/with-display gives one", no_display)
        || skip(
            "the window: WebKitWebDriver is missing; install webkit2gtk-driver",
            find("WebKitWebDriver").is_none(),
        )
}

fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

impl Window {
    /// Opens the window on a data folder and waits for its first screen.
    pub(crate) async fn open(home: &Home) -> Window {
        let alone = ONE_AT_A_TIME.lock().await;
        let mut driver = Driver::start(home);
        let wanted =
            json!({ "webkitgtk:browserOptions": { "binary": program("fairtrial-desktop"), "args": [] } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("a session with the window");
        driver.window = child_of(driver.process.id());
        let window = Window { client, driver, _alone: alone };
        window.see("[data-testid=start-sample]").await;
        window
    }

    /// Waits for an element and returns it.
    pub(crate) async fn see(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(Duration::from_secs(60)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("waited in vain for {css}: {error}\n{}", self.words("body").await),
        }
    }

    /// Waits for an element that stays where it is, and presses it. A live screen may move an element under the
    /// pointer, or draw it anew, between the look and the press.
    pub(crate) async fn press(&self, css: &str) {
        let started = Instant::now();
        loop {
            let element = self.see(css).await;
            let hindrance = match self.is_still(&element).await {
                Ok(true) => match element.click().await {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                },
                Ok(false) => "it moves".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(started.elapsed() < Duration::from_secs(20), "{css} cannot be pressed: {hindrance}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Brings an element into view and tells whether it is at the same place four frames later.
    async fn is_still(&self, element: &Element) -> Result<bool, CmdError> {
        let js = "const [element, done] = arguments; element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
            const place = () => JSON.stringify(element.getBoundingClientRect());
            const first = place();
            let frames = 4;
            const next = () => frames-- ? requestAnimationFrame(next) : done(element.isConnected && place() === first);
            next();";
        Ok(self.client.execute_async(js, vec![serde_json::to_value(element)?]).await? == json!(true))
    }

    /// Types into a field.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.see(css).await.send_keys(text).await.unwrap();
    }

    /// Brings an element into view.
    pub(crate) async fn show(&self, css: &str) {
        self.see(css).await;
        self.script("document.querySelector(arguments[0]).scrollIntoView()", &[json!(css)]).await;
    }

    /// Returns the text of an element as its reader sees it; nothing when it is not there.
    pub(crate) async fn words(&self, css: &str) -> String {
        let js = "return document.querySelector(arguments[0])?.innerText ?? ''";
        self.script(js, &[json!(css)]).await.as_str().unwrap_or_default().to_owned()
    }

    /// Returns an attribute of each element, in the order of the page.
    pub(crate) async fn each(&self, css: &str, attribute: &str) -> Vec<String> {
        let js = "return [...document.querySelectorAll(arguments[0])].map(e => e.getAttribute(arguments[1]) ?? '')";
        serde_json::from_value(self.script(js, &[json!(css), json!(attribute)]).await).unwrap()
    }

    /// Closes what lies over the screen.
    pub(crate) async fn dismiss(&self) {
        self.client.active_element().await.unwrap().send_keys(ESCAPE).await.unwrap();
        let gone = async |window: &Window| window.words("dialog[open]").await.is_empty().then_some(());
        self.until("the dialog to go", gone).await;
    }

    /// Runs a script in the page and returns its value.
    pub(crate) async fn script(&self, js: &str, arguments: &[Value]) -> Value {
        self.client.execute(js, arguments.to_vec()).await.unwrap_or_else(|error| panic!("{error} in: {js}"))
    }

    /// Runs a script that calls its last argument with its value.
    pub(crate) async fn later(&self, js: &str, arguments: &[Value]) -> Value {
        self.client
            .execute_async(js, arguments.to_vec())
            .await
            .unwrap_or_else(|error| panic!("{error} in: {js}"))
    }

    /// Waits until `seen` gives something.
    pub(crate) async fn until<T>(&self, what: &str, mut seen: impl AsyncFnMut(&Window) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = seen(self).await {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}\n{}", self.words("body").await);
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Where the window is.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Takes a picture, after fonts and two frames: one may still show what was there before.
    pub(crate) async fn picture(&self, name: &str) {
        let js = "const done = arguments[arguments.length - 1];
            document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))";
        self.later(js, &[]).await;
        let shell = self.script("return document.scrollingElement.scrollTop", &[]).await;
        assert_eq!(shell.as_f64(), Some(0.0), "the shell of {name} is scrolled away");
        let png = self.client.screenshot().await.unwrap();
        let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((size(16), size(20)), (1280, 800), "the window's size");
        let folder = shots();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// How many windows there are.
    pub(crate) async fn count(&self) -> usize {
        self.client.windows().await.unwrap().len()
    }

    /// Closes the window through its driver whatever is going on in it, and waits for its process to end.
    pub(crate) async fn close_amid_work(self) {
        let window = self.driver.window.expect("the driver started the window");
        let _ = self.client.close_window().await;
        fairtrial_tests::wait_for("the window's process to end", || {
            (parent_of(window) != Some(self.driver.process.id())).then_some(())
        });
    }

    /// Ends the session; the window closes with it.
    pub(crate) async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

fn shots() -> PathBuf {
    let target = || program("fairtrial-desktop").ancestors().nth(2).unwrap().join("screenshots");
    std::env::var_os("FAIRTRIAL_SHOTS").map_or_else(target, PathBuf::from)
}

/// `WebKitWebDriver`, and the window that it starts.
struct Driver {
    process: Child,
    port: u16,
    window: Option<Pid>,
}

impl Driver {
    fn start(home: &Home) -> Driver {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .env("FAIRTRIAL_HOME", home.path())
            // What the engine keeps between two starts, the reader's preferences among it.
            .env("XDG_DATA_HOME", home.path().join("window/data"))
            .env("XDG_CACHE_HOME", home.path().join("window/cache"))
            .env("XDG_CONFIG_HOME", home.path().join("window/config"))
            .env("LC_ALL", "C.UTF-8")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let driver = Driver { process: command.spawn().expect("WebKitWebDriver starts"), port, window: None };
        fairtrial_tests::wait_for("WebKitWebDriver to listen", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        driver
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(window) = self.window.filter(|window| parent_of(*window) == Some(self.process.id())) {
            let _ = kill_process(window, Signal::KILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Finds the process that `parent` started.
fn child_of(parent: u32) -> Option<Pid> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let ids = processes.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    ids.into_iter().find(|id| parent_of(*id) == Some(parent))
}

fn parent_of(process: Pid) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}
