//! A Postfix of the test's own: its queue, configuration and mailboxes in one folder, its port on a loopback address
//! that nobody else uses. It never touches the machine's own Postfix.
//!
//! What telepost needs in it comes from `contrib/postfix/`, word for word but for port and path.

use std::fs;
use std::net::{SocketAddr, SocketAddrV4, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{own_loopback, programs, wait_for};

/// The site's own mail domain; all mail for it lands in one mailbox.
pub const SITE: &str = "site.example";

/// By which of its programs it hands mail to telepost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// smtp(8), as `contrib/postfix` sets it up.
    Smtp,
    /// lmtp(8).
    Lmtp,
}

/// A Postfix, prepared or running.
pub struct Postfix {
    folder: TempDir,
    address: SocketAddrV4,
    road: Road,
    /// More lines of main.cf.
    more: String,
    is_running: bool,
}

/// A user and group by number.
type Owner = (u32, u32);

impl Postfix {
    /// Chooses folder and address, so that others can be told where it will be.
    pub fn prepare() -> Postfix {
        Postfix::prepare_with(Road::Smtp, "")
    }

    /// As [`Postfix::prepare`], with its road to telepost and more lines of main.cf.
    pub fn prepare_with(road: Road, more: &str) -> Postfix {
        let folder = tempfile::Builder::new().prefix("telepost-postfix-").tempdir().expect("a temporary folder");
        // Its processes run as several users.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let ip = own_loopback();
        let port = TcpListener::bind((ip, 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        Postfix { folder, address: SocketAddrV4::new(ip, port), road, more: more.to_owned(), is_running: false }
    }

    /// Where it takes mail.
    pub fn address(&self) -> SocketAddr {
        self.address.into()
    }

    /// Starts it with telepost at `telepost` behind it.
    #[track_caller]
    pub fn start(&mut self, telepost: SocketAddr) {
        self.start_with(telepost, "");
    }

    /// As [`Postfix::start`], and telepost's milter listener is asked at `milter`.
    #[track_caller]
    pub fn start_with_milter(&mut self, telepost: SocketAddr, milter: SocketAddr) {
        let lines = contrib("milter.cf").replace("inet:127.0.0.1:2526", &format!("inet:{milter}"));
        self.start_with(telepost, &lines);
    }

    #[track_caller]
    fn start_with(&mut self, telepost: SocketAddr, more: &str) {
        let mail_owner = owner_of("postfix");
        self.make_folder("data", mail_owner);
        self.make_folder("queue", (0, 0));
        self.make_folder("mail", mail_owner);
        self.make_folder("etc", (0, 0));
        fs::write(self.etc("main.cf"), self.main_cf(mail_owner) + more).unwrap();
        fs::write(self.etc("master.cf"), self.master_cf()).unwrap();
        let place = format!("[{}]:{}", telepost.ip(), telepost.port());
        let (transport, place) = match self.road {
            Road::Smtp => (contrib("transport"), place),
            Road::Lmtp => (contrib("transport").replace("telepost:", "lmtp:"), format!("inet:{place}")),
        };
        let transport = transport.replace("[127.0.0.1]:2525", &place);
        fs::write(self.etc("telepost_transport"), transport).unwrap();
        self.is_running = true;
        self.control("start").unwrap_or_else(|reason| panic!("{reason}"));
        wait_for("Postfix to listen", || std::net::TcpStream::connect(self.address).ok());
    }

    /// A `sendmail` command that hands its input to this Postfix.
    pub fn sendmail(&self) -> Command {
        let mut command = programs::command("sendmail");
        command.arg("-C").arg(self.folder.path().join("etc"));
        command
    }

    /// Tries at once what waits in its queue.
    pub fn flush(&self) {
        let mut command = programs::command("postqueue");
        assert!(command.arg("-c").arg(self.folder.path().join("etc")).arg("-f").status().unwrap().success());
    }

    /// The mails in the site's mailbox, oldest first.
    pub fn mailbox(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail/box/new")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    }

    /// Waits until the mailbox holds a mail that `is_it` recognises.
    #[track_caller]
    pub fn wait_for_mail(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        wait_for(what, || self.mailbox().into_iter().find(|mail| is_it(mail)))
    }

    /// Waits until nothing is in its queue any more.
    #[track_caller]
    pub fn wait_until_empty(&self) {
        wait_for("Postfix to have handed over everything", || {
            let listed = programs::command("postqueue")
                .arg("-c")
                .arg(self.folder.path().join("etc"))
                .arg("-j")
                .output()
                .unwrap();
            (listed.status.success() && listed.stdout.is_empty()).then_some(())
        });
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn etc(&self, name: &str) -> PathBuf {
        self.folder.path().join("etc").join(name)
    }

    fn make_folder(&self, name: &str, (user, group): Owner) {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        chown(&folder, Some(user), Some(group)).unwrap();
    }

    /// Runs `postfix start` or the like; gives what it said when it fails.
    fn control(&self, verb: &str) -> Result<(), String> {
        // A file and not a pipe: the daemons inherit it, and the end of a pipe would never come.
        let said = self.folder.path().join("control");
        let file = fs::File::create(&said).expect("a file");
        let mut command = programs::command("postfix");
        command.arg("-c").arg(self.folder.path().join("etc")).arg(verb);
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a file")).stderr(file);
        let status = command.status().expect("postfix runs");
        let reason =
            || format!("postfix {verb}: {status}\n{}\n{}", fs::read_to_string(said).unwrap_or_default(), self.log());
        if status.success() { Ok(()) } else { Err(reason()) }
    }

    fn main_cf(&self, (user, group): Owner) -> String {
        let folder = self.folder.path().display();
        let contrib = contrib("main.cf").replace("/etc/postfix", &format!("{folder}/etc"));
        format!(
            "compatibility_level = 3.6\n\
             queue_directory = {folder}/queue\ndata_directory = {folder}/data\n\
             maillog_file = {folder}/log\nmaillog_file_prefixes = {folder}\n\
             inet_protocols = ipv4\ninet_interfaces = loopback-only\nmynetworks = 127.0.0.0/8\n\
             myhostname = mx.{SITE}\nmyorigin = {SITE}\nmydestination =\nlocal_recipient_maps =\nalias_maps =\n\
             virtual_mailbox_domains = {SITE}\nvirtual_mailbox_maps = static:box/\nvirtual_mailbox_base = {folder}/mail\n\
             virtual_minimum_uid = 1\nvirtual_uid_maps = static:{user}\nvirtual_gid_maps = static:{group}\n\
             # What it is not told about goes nowhere: no test sends mail to the outside.\n\
             default_transport = error:no way out of this test\n\
             smtp_host_lookup = native\nsmtputf8_enable = no\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\n\n\
             {contrib}\n{}\n",
            self.more
        )
    }

    fn master_cf(&self) -> String {
        let address = self.address;
        let contrib = contrib("master.cf");
        format!(
            "{address} inet n - n - - smtpd\n\
             pickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n\
             rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
             trace unix - - n - 0 bounce\nverify unix - - n - 1 verify\nflush unix n - n 1000? 0 flush\n\
             proxymap unix - - n - - proxymap\nsmtp unix - - n - - smtp\nshowq unix n - n - - showq\n\
             error unix - - n - - error\nretry unix - - n - - error\nvirtual unix - n n - - virtual\n\
             lmtp unix - - n - - lmtp\n\
             anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n\n\
             {contrib}"
        )
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- Postfix\n{}\n---", self.log());
        }
        if self.is_running
            && let Err(reason) = self.control("stop")
        {
            eprintln!("{reason}");
        }
    }
}

fn contrib(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/postfix").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The numbers of a user of the system.
fn owner_of(user: &str) -> Owner {
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let line = users.lines().find(|line| line.split(':').next() == Some(user));
    let fields: Vec<&str> = line.unwrap_or_else(|| panic!("no user {user}")).split(':').collect();
    (fields[2].parse().unwrap(), fields[3].parse().unwrap())
}
