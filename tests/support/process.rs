//! A program that runs beside the test: what it says is collected, and it ends with this value at the latest.
//!
//! Signals go to the id of the process that was started here and to nothing else.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use super::{PATIENCE, wait_for};

/// A running program.
pub struct Process {
    name: String,
    child: Child,
    heard: Arc<Heard>,
    readers: Vec<JoinHandle<()>>,
}

/// What both streams said, line by line in the order of arrival.
#[derive(Default)]
struct Heard {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    streams_at_end: usize,
}

impl Process {
    /// Starts a program without standard input.
    pub fn start(command: &mut Command) -> Process {
        let name = format!("{command:?}");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let heard = Arc::new(Heard::default());
        let stdout = child.stdout.take().map(|stream| listen(stream, heard.clone()));
        let stderr = child.stderr.take().map(|stream| listen(stream, heard.clone()));
        Process { name, child, heard, readers: stdout.into_iter().chain(stderr).collect() }
    }

    /// Waits for a line in which `find` finds something. Panics when the program ends before, or says nothing such in
    /// time.
    #[track_caller]
    pub fn wait_for_line<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.heard.lines.lock().unwrap();
        let mut looked_at = 0;
        loop {
            if let Some(found) = lines.all[looked_at..].iter().find_map(|line| find(line)) {
                return found;
            }
            looked_at = lines.all.len();
            let left = deadline.saturating_duration_since(Instant::now());
            let at_end = lines.streams_at_end == self.readers.len();
            assert!(!at_end && !left.is_zero(), "no {what} from {}:\n{}", self.name, lines.all.join("\n"));
            lines = self.heard.more.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything said so far.
    pub fn said(&self) -> String {
        self.heard.lines.lock().unwrap().all.join("\n")
    }

    /// Ends the program at once, as a crash would: SIGKILL.
    pub fn kill(&mut self) {
        // An error means that it has ended already; either way it is waited for.
        self.child.kill().ok();
        self.child.wait().expect("a child can be waited for");
    }

    /// Sends the program a signal, such as `HUP`.
    #[track_caller]
    pub fn send(&self, signal_name: &str) {
        signal(signal_name, self.child.id());
    }

    /// Asks the program to end by a signal, `TERM` or `INT`, and waits for it and for its last words.
    #[track_caller]
    pub fn end_by(&mut self, signal_name: &str) -> ExitStatus {
        signal(signal_name, self.child.id());
        let end = || self.child.try_wait().expect("a child can be waited for");
        let status = wait_for(&format!("the end of {}", self.name), end);
        self.readers.drain(..).for_each(|reader| reader.join().expect("a reader does not panic"));
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        for reader in self.readers.drain(..) {
            reader.join().ok();
        }
        if std::thread::panicking() {
            eprintln!("--- {}\n{}\n---", self.name, self.said());
        }
    }
}

/// What a process has in memory (resident), in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: u64,
    /// The most since it started.
    pub peak: u64,
}

/// Asks the system about a process that was started here.
#[track_caller]
pub fn memory_of(id: u32) -> Memory {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process is alive");
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells it");
        line.trim_start_matches(':').trim_end_matches("kB").trim().parse().expect("a number")
    };
    Memory { now: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 }
}

/// Sends a signal by the shell's own `kill`: the standard library can only send SIGKILL, and a program of that name is
/// not on every machine.
fn signal(name: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid.to_string()]).status();
    assert!(sent.expect("sh runs").success(), "{name} could not be sent to {pid}");
}

fn listen(stream: impl Read + Send + 'static, heard: Arc<Heard>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            heard.lines.lock().unwrap().all.push(String::from_utf8_lossy(&line).into_owned());
            heard.more.notify_all();
        }
        heard.lines.lock().unwrap().streams_at_end += 1;
        heard.more.notify_all();
    })
}
