//! System calls that lead out of a cell, or into the kernel.

use super::AttackError;
use super::ground::{Ground, limits};
use super::row::{Fared, Row};

const C: &str = "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\n";

/// Each says `won` on success, in two parts so that the script itself does not hold the word.
const CALLS: [(&str, &str); 5] = [
    (
        "ptrace of the parent",
        "r = c.ptrace(16, os.getppid(), 0, 0)\nprint('wo' + 'n' if r == 0 else os.strerror(ctypes.get_errno()))\n\
         if r == 0:\n    os.waitpid(os.getppid(), 0x40000000)\n    c.ptrace(17, os.getppid(), 0, 0)\n",
    ),
    (
        "io_uring",
        "r = c.syscall(425, 1, ctypes.create_string_buffer(120))\nprint('wo' + 'n' if r >= 0 else os.strerror(ctypes.get_errno()))\n",
    ),
    (
        "keyctl: a key in the session's keyring",
        "r = c.syscall(248, b'user', b'fairtrial-attack', b'x', 1, -3)\nprint('wo' + 'n' if r > 0 else os.strerror(ctypes.get_errno()))\n\
         c.syscall(250, 3, r)\n",
    ),
    (
        "unshare: a user namespace with every right",
        "r = c.unshare(0x10000000)\nprint('wo' + 'n' if r == 0 else os.strerror(ctypes.get_errno()))\n",
    ),
    (
        "mknod: a device that overlays take for a removal",
        "try:\n    os.mknod('gone', 0o020644, os.makedev(0, 0))\n    print('wo' + 'n')\nexcept OSError as error:\n    print(error)\n",
    ),
];

/// Types into the terminal of whoever started it.
const TYPES: &str = "import fcntl, os, termios
for where in ('/dev/tty', '/dev/stdin', '/dev/stdout', '/dev/stderr'):
    try:
        fd = os.open(where, os.O_RDWR | os.O_NOCTTY)
        for letter in b'echo typ' + b'ed\\n':
            fcntl.ioctl(fd, termios.TIOCSTI, bytes([letter]))
        print('wo' + 'n')
        break
    except OSError as error:
        print(where, error)
";

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let mut rows = Vec::new();
    let calls = if ground.quick { &CALLS[4..] } else { &CALLS };
    for (attack, call) in calls {
        let script = format!("python3 -c \"{C}{call}\"");
        let baseline = plain(ground, &script)?;
        let worked = ground.work(&script, limits())?;
        rows.push(row(attack, baseline, fared(&worked.stream, worked.closed())));
    }
    if !ground.quick {
        rows.push(typing(ground)?);
    }
    Ok(rows)
}

fn row(attack: &str, baseline: Fared, cell: Fared) -> Row {
    Row { group: "calls".to_owned(), attack: attack.to_owned(), baseline, cell }
}

/// Without walls an attempt that fails is the machine's doing: its kernel or its settings forbid it to everybody.
fn plain(ground: &Ground, script: &str) -> Result<Fared, AttackError> {
    let tree = ground.fresh("tree")?;
    // The shell between keeps a parent of our own for what attacks its parent.
    let output = ground.plain(&tree, &format!("sh -c '{}; :'; :", script.replace('\'', "'\\''")))?;
    Ok(match fared(&String::from_utf8_lossy(&output.stdout), true) {
        Fared::Failed(why) => Fared::Skipped(format!("this machine lets nobody: {why}")),
        other @ (Fared::Succeeded(_) | Fared::Skipped(_)) => other,
    })
}

fn fared(said: &str, whole: bool) -> Fared {
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said");
    match (said.contains("won"), whole) {
        (true, _) => Fared::Succeeded("the kernel let it".to_owned()),
        (false, true) => Fared::Failed(last.to_owned()),
        (false, false) => Fared::Succeeded(format!("the journal is not whole; {last}")),
    }
}

fn typing(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let python = tree.join("types.py");
    std::fs::write(&python, TYPES).map_err(|source| AttackError::Access { path: python.clone(), source })?;
    let pty = format!("timeout 10 script -qec 'python3 {}' /dev/null < /dev/null", python.display());
    let baseline = match fared(&String::from_utf8_lossy(&ground.plain(&tree, &pty)?.stdout), true) {
        Fared::Failed(why) => Fared::Skipped(format!("this machine lets nobody: {why}")),
        other @ (Fared::Succeeded(_) | Fared::Skipped(_)) => other,
    };
    let script = format!("python3 - <<'E'\n{TYPES}E\n");
    let worked = ground.work_under(&script, limits(), "script -qec 'CELL' /dev/null < /dev/null")?;
    let cell = fared(&worked.stream, worked.closed());
    Ok(row("TIOCSTI: typing into the user's terminal", baseline, cell))
}
