//! A root folder of its own for a mail server whose package would take another's place: unpacked and not installed, it
//! finds there its configuration, its users, its spool and its libraries, and nothing of the machine.
//!
//! Without it the server would look for its system users, and for a spool whose path is compiled in. Known limit: names
//! are looked up in files only, as the C library does since glibc 2.34 without a module.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::programs;

/// Whose files these are, and what others may do with them.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// User and group at once.
    pub owner: u32,
    pub mode: u32,
}

/// The folder.
pub struct Jail {
    root: TempDir,
}

impl Jail {
    /// A jail for a program from the folder of [`programs::unpacked`], with users of these names and numbers in it.
    pub fn build(unpacked: &Path, program: &str, users: &[(&str, u32)]) -> Jail {
        let root = tempfile::Builder::new().prefix("telepost-jail-").tempdir().expect("a temporary folder");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let jail = Jail { root };
        jail.copy(&unpacked.join(program), program);
        for library in libraries(unpacked, program) {
            let inside = library.strip_prefix(unpacked).unwrap_or(&library);
            jail.copy(&library, inside.to_str().expect("a path in UTF-8"));
        }
        let lines = |line: &dyn Fn(&str, u32) -> String| -> String {
            let root = std::iter::once(&("root", 0));
            root.chain(users).map(|(name, number)| line(name, *number)).collect()
        };
        jail.write("etc/passwd", &lines(&|name, number| format!("{name}:x:{number}:{number}::/:/bin/false\n")));
        jail.write("etc/group", &lines(&|name, number| format!("{name}:x:{number}:\n")));
        jail.write("etc/hosts", "127.0.0.1 localhost\n");
        // A file does: what goes there is not read, and a device would take one more privilege.
        jail.write("dev/null", "");
        fs::set_permissions(jail.place("dev/null"), fs::Permissions::from_mode(0o666)).unwrap();
        jail.make_folder("tmp", Access { owner: 0, mode: 0o1777 });
        jail
    }

    /// A command within the jail, with nothing of our environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = programs::command("chroot");
        command.env_clear().arg(self.root.path()).arg(Path::new("/").join(program));
        command
    }

    pub fn write(&self, path: &str, text: &str) {
        let file = self.place(path);
        fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// The text of a file; empty when there is none yet.
    pub fn read(&self, path: &str) -> String {
        fs::read(self.root.path().join(path))
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    }

    pub fn make_folder(&self, path: &str, Access { owner, mode }: Access) {
        let folder = self.root.path().join(path);
        fs::create_dir_all(&folder).unwrap();
        chown(&folder, Some(owner), Some(owner)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn copy(&self, from: &Path, inside: &str) {
        fs::copy(from, self.place(inside)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    /// Where a file goes, in a folder that is there.
    fn place(&self, path: &str) -> PathBuf {
        let file = self.root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().expect("a folder")).unwrap();
        file
    }
}

/// The shared libraries that a program needs, and what loads them.
fn libraries(unpacked: &Path, program: &str) -> Vec<PathBuf> {
    let own = unpacked.join(format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH));
    let listed = programs::command("ldd").env("LD_LIBRARY_PATH", own).arg(unpacked.join(program)).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(!listed.contains("not found"), "{program} lacks libraries:\n{listed}");
    listed.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}
