//! Ways to carry something out, or to reach what listens on the host. All traffic is loopback.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::Duration;

use super::AttackError;
use super::ground::{Ground, limits};
use super::row::{Fared, Row};

const SERVICE: &[u8] = b"planted-service-1\n";

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let mut rows = vec![service(ground)?, name_server(ground)?];
    if !ground.quick {
        rows.push(abstract_socket(ground)?);
        rows.push(metadata(ground)?);
    }
    Ok(rows)
}

fn row(attack: &str, baseline: Fared, cell: Fared) -> Row {
    Row { group: "network".to_owned(), attack: attack.to_owned(), baseline, cell }
}

fn socket(source: std::io::Error) -> AttackError {
    AttackError::Start { program: "a server on loopback".to_owned(), source }
}

/// Runs a script on both sides; it succeeds by saying what a service of the host says.
fn asks(ground: &Ground, script: &str) -> Result<(Fared, Fared), AttackError> {
    let tree = ground.fresh("tree")?;
    let plain = String::from_utf8_lossy(&ground.plain(&tree, script)?.stdout).into_owned();
    let worked = ground.work(script, limits())?;
    let fared = |said: &str| {
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said");
        Fared::when(said.contains("planted-service-1"), last)
    };
    Ok((fared(&plain), fared(&worked.stream)))
}

fn service(ground: &Ground) -> Result<Row, AttackError> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(socket)?;
    let port = listener.local_addr().map_err(socket)?.port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(SERVICE);
        }
    });
    let script = format!(
        "python3 -c \"import socket; print(socket.create_connection(('127.0.0.1', {port}), 3).recv(99))\" 2>&1"
    );
    let (baseline, cell) = asks(ground, &script)?;
    Ok(row("a service on the host's loopback", baseline, cell))
}

fn abstract_socket(ground: &Ground) -> Result<Row, AttackError> {
    let name = format!("fairtrial-attack-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).map_err(socket)?;
    let listener = UnixListener::bind_addr(&address).map_err(socket)?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(SERVICE);
        }
    });
    let script = format!(
        "python3 -c \"import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0{name}'); print(s.recv(99))\" 2>&1"
    );
    let (baseline, cell) = asks(ground, &script)?;
    Ok(row("a socket of the host without a file", baseline, cell))
}

/// Whether a question about a name reached a server on the host.
fn name_server(ground: &Ground) -> Result<Row, AttackError> {
    let server = UdpSocket::bind("127.0.0.1:0").map_err(socket)?;
    server.set_read_timeout(Some(Duration::from_millis(300))).map_err(socket)?;
    let port = server.local_addr().map_err(socket)?.port();
    let script = format!(
        "python3 -c \"import socket; q = b'\\x00\\x07\\x01\\x00\\x00\\x01' + bytes(6) + b'\\x0dplanted-exfil\\x07example\\x00\\x00\\x01\\x00\\x01'; \
         socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(q, ('127.0.0.1', {port}))\" 2>&1"
    );
    let heard = || {
        let mut question = [0; 512];
        let heard = server
            .recv(&mut question)
            .is_ok_and(|n| question[..n].windows(13).any(|w| w == b"planted-exfil"));
        Fared::when(heard, if heard { "the server was asked" } else { "no question arrived" })
    };
    let tree = ground.fresh("tree")?;
    ground.plain(&tree, &script)?;
    let baseline = heard();
    ground.work(&script, limits())?;
    Ok(row("a question to a name server", baseline, heard()))
}

/// The address at which clouds give credentials away, in a network namespace where something listens there.
fn metadata(ground: &Ground) -> Result<Row, AttackError> {
    let place = ground.fresh("metadata")?;
    let log = place.join("asked");
    let server = "import socket\ns = socket.socket()\ns.setsockopt(1, 2, 1)\ns.bind(('169.254.169.254', 8080))\ns.listen()\n\
                  open('up', 'w').close()\nwhile True:\n    s.accept()[0].sendall(b'planted-service-1')\n    open('asked', 'a').write('x')\n";
    let write = |name: &str, text: &str| {
        let path = place.join(name);
        fs::write(&path, text).map_err(|source| AttackError::Access { path, source })
    };
    write("server.py", server)?;
    let around = format!(
        "cd {} && rm -f up && exec unshare -Urn sh -c 'ip link set lo up && ip addr add 169.254.169.254/32 dev lo && \
         {{ timeout 60 python3 server.py & s=$!; while ! [ -e up ]; do sleep 0.05; done; \
         unshare -U --map-user=1000 --map-group=1000 sh inside.sh; kill $s; }}'",
        place.display()
    );
    let script = "python3 -c \"import socket; print(socket.create_connection(('169.254.169.254', 8080), 3).recv(99))\" 2>&1";
    write("inside.sh", script)?;
    let output = ground.plain(&place, &around)?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let baseline = if place.join("up").exists() {
        Fared::when(said.contains("planted-service-1"), said)
    } else {
        Fared::Skipped(format!("no namespace with that address: {said}"))
    };
    let _ = fs::remove_file(&log);
    write("inside.sh", "")?;
    let under = format!("printf '%s' 'CELL' > {}; {around}", place.join("inside.sh").display());
    let worked = ground.work_under(script, limits(), &under)?;
    let mut asked = String::new();
    let _ = fs::File::open(&log).and_then(|mut file| file.read_to_string(&mut asked));
    let fell = !asked.is_empty() || worked.stream.contains("planted-service-1");
    let last =
        worked.stream.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
    Ok(row("the metadata address 169.254.169.254", baseline, Fared::when(fell, last)))
}
