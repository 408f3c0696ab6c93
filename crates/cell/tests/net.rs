//! Ways out of a room: what the list names is reached, nothing else is, and every host and byte is counted.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use fairtrial_cell::net::{Names, Policy, Proxy, serve};
use fairtrial_cell::process::{Cancel, Continue, Happening, Job, Stdin, Stream};
use fairtrial_cell::room::{Room, RoomError, RoomSpec};
use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::network::{Allowed, Contact, ContactVerdict, Network};
use fairtrial_domain::task::Limits;

/// Hosts of the tests: all of them lie on this machine's loopback.
struct Table(BTreeMap<&'static str, IpAddr>);

impl Names for Table {
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![*self.0.get(host).ok_or(io::ErrorKind::NotFound)?])
    }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A room with one door.
#[derive(Debug)]
struct Place {
    dir: tempfile::TempDir,
    room: Room,
}

impl Place {
    fn new(network: Network) -> Place {
        Place::of(TierChoice::Best, network).unwrap()
    }

    /// One of every tier with walls that there is here.
    fn walled(network: &Network) -> Vec<Place> {
        let all = [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Container];
        let all = all.map(|tier| Place::of(tier, network.clone()));
        let there = |place: Result<Place, RoomError>| match place {
            Err(refused @ RoomError::NoTier { .. }) => {
                // Written past the test harness, so that it is seen although the test counts as passed.
                io::stderr().write_all(format!("SKIPPED: {refused}\n").as_bytes()).unwrap();
                None
            }
            place => Some(place.unwrap()),
        };
        all.into_iter().filter_map(there).collect()
    }

    fn of(tier: TierChoice, network: Network) -> Result<Place, RoomError> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("base/tree")).unwrap();
        let limits = Limits::default();
        let room = Room::open(&RoomSpec {
            scratch: &dir.path().join("room"),
            base: &dir.path().join("base"),
            tier,
            network,
            doors: 1,
            readable: &[],
            own: &[],
            limits: &limits,
            marker: &dir.path().display().to_string(),
            cancel: Cancel::new(),
        })?;
        let wanted = tier.only().unwrap_or(Tier::Full);
        assert_eq!(room.tier().0, wanted, "{:?}", room.tier());
        Ok(Place { dir, room })
    }

    /// Starts a proxy that lets `allowed` through, each on the loopback.
    fn proxy(&mut self, allowed: &[String]) -> Proxy {
        let table = Table(BTreeMap::from([
            ("a.org", LOOPBACK),
            ("sub.b.org", LOOPBACK),
            ("b.org", LOOPBACK),
            ("rebound.org", IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))),
        ]));
        // The loopback is named too, or no name may lead there.
        let allowed = allowed.iter().map(|text| Allowed::parse(text).unwrap()).collect();
        let listener = self.room.take_doors().remove(0);
        Proxy::start(listener, Policy::new(allowed, Arc::new(table))).unwrap()
    }

    /// Runs Python in the room and returns what it printed.
    fn python(&mut self, env: Vec<(String, String)>, script: &str) -> String {
        let job = Job {
            argv: ["sh", "-c", "python3 - 2>&1"].map(str::to_owned).to_vec(),
            env: self.room.env(&[]).into_iter().chain(env).collect(),
            cwd: std::path::PathBuf::new(),
            stdin: Stdin::Text(script.to_owned()),
            timeout: Duration::from_secs(60),
            stall: None,
            grace: Duration::from_secs(1),
        };
        let mut said = Vec::new();
        self.room
            .run(&job, &mut |happening| {
                if let Happening::Output(output) = happening
                    && output.stream == Stream::Stdout
                {
                    said.extend_from_slice(output.bytes);
                }
                Continue::Yes
            })
            .unwrap();
        String::from_utf8(said).unwrap()
    }

    fn end(self) {
        self.room.close().unwrap();
        drop(self.dir);
    }
}

/// A server on the loopback that answers `connections` connections one after another.
fn server(connections: usize, answer: impl Fn(TcpStream) + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = socket.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        for _ in 0..connections {
            answer(socket.accept().unwrap().0);
        }
    });
    (at, thread)
}

/// Says `hello` and the head of what it got.
fn hello(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    let text = format!("hello\n{}", String::from_utf8(head).unwrap());
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).unwrap();
}

fn find<'a>(contacts: &'a [Contact], host: &str, port: u16) -> &'a Contact {
    contacts
        .iter()
        .find(|c| c.host == host && c.port == port)
        .unwrap_or_else(|| panic!("{host}:{port} is not in {contacts:#?}"))
}

/// Talks raw bytes to the proxy and returns the answer; from within the room.
const TALK: &str = r#"
import os, socket
from urllib.parse import urlparse
proxy = urlparse(os.environ["HTTP_PROXY"])
def talk(data, then=b"", shut=False):
    s = socket.create_connection((proxy.hostname, proxy.port), timeout=20)
    s.sendall(data)
    if then:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        s.sendall(then)
    if shut:
        s.shutdown(socket.SHUT_WR)
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more
    except OSError:
        return got
"#;

#[test]
fn what_the_list_names_is_reached_by_an_ordinary_program_and_counted() {
    Place::walled(&Network::Allow(vec![])).into_iter().for_each(reached_by_list);
}

fn reached_by_list(mut place: Place) {
    let (at, served) = server(3, hello);
    let port = at.port();
    let proxy =
        place.proxy(&[format!("a.org:{port}"), format!("*.b.org:{port}"), format!("127.0.0.1:{port}")]);
    let script = format!(
        "import urllib.request, urllib.error\n\
         def get(url):\n\
         \x20   try:\n\
         \x20       print(urllib.request.urlopen(url, timeout=20).read().split(b'\\n')[0].decode())\n\
         \x20   except urllib.error.HTTPError as e:\n\
         \x20       print(e.code, e.read().decode().strip())\n\
         for host in ['a.org', 'sub.b.org', 'b.org', 'c.org', 'evil-b.org']:\n\
         \x20   get(f'http://{{host}}:{port}/x')\n\
         get('http://a.org:22/')\n"
    );
    let said = place.python(proxy.env(), &script);
    let no = |host: &str, port: u16| {
        format!("403 fairtrial: {host}:{port}: not allowed in this cell: the list does not name it")
    };
    let expected =
        ["hello", "hello", &no("b.org", port), &no("c.org", port), &no("evil-b.org", port), &no("a.org", 22)];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);

    let tunnel = format!(
        "{TALK}print(talk(b'CONNECT a.org:{port} HTTP/1.1\\r\\n\\r\\n', b'GET / HTTP/1.1\\r\\n\\r\\n'))"
    );
    assert!(place.python(proxy.env(), &tunnel).contains("hello"), "through a tunnel");
    served.join().unwrap();
    let contacts = proxy.end();
    let allowed = find(&contacts, "a.org", port);
    assert_eq!((&allowed.verdict, allowed.count), (&ContactVerdict::Allowed, 2));
    assert!(allowed.up > 18 && allowed.down > 40, "{allowed:?}");
    assert_eq!(find(&contacts, "sub.b.org", port).count, 1);
    let refused = ContactVerdict::Refused { because: "the list does not name it".to_owned() };
    for (host, port) in [("b.org", port), ("c.org", port), ("evil-b.org", port), ("a.org", 22)] {
        let contact = find(&contacts, host, port);
        assert_eq!((&contact.verdict, contact.up, contact.down), (&refused, 0, 0));
    }
    place.end();
}

#[test]
fn a_room_with_a_list_has_no_other_way_out() {
    Place::walled(&Network::Allow(vec![])).into_iter().for_each(no_way_out);
}

fn no_way_out(mut place: Place) {
    let (at, _served) = server(1, hello);
    let proxy = place.proxy(&[format!("127.0.0.1:{}", at.port())]);
    let script = format!(
        "import socket\n\
         for host, port in [('127.0.0.1', {}), ('1.1.1.1', 53), ('169.254.169.254', 80)]:\n\
         \x20   try:\n\
         \x20       socket.create_connection((host, port), timeout=5)\n\
         \x20       print('reached', host)\n\
         \x20   except OSError as e:\n\
         \x20       print('no', host)\n\
         try:\n\
         \x20   socket.getaddrinfo('a.org', 80)\n\
         \x20   print('looked up')\n\
         except OSError:\n\
         \x20   print('no names')\n",
        at.port()
    );
    let said = place.python(proxy.env(), &script);
    assert_eq!(said, "no 127.0.0.1\nno 1.1.1.1\nno 169.254.169.254\nno names\n");
    assert_eq!(proxy.end(), []);
    place.end();
}

#[test]
fn a_name_that_leads_to_this_machine_is_refused_where_only_the_name_is_allowed() {
    let mut place = Place::new(Network::Allow(vec![]));
    let proxy = place.proxy(&["rebound.org".to_owned(), "127.0.0.1".to_owned()]);
    let script = format!(
        "{TALK}print(talk(b'CONNECT rebound.org:80 HTTP/1.1\\r\\n\\r\\n').split(b'\\r\\n')[0].decode())"
    );
    assert_eq!(place.python(proxy.env(), &script), "HTTP/1.1 403 Forbidden\n");
    let contacts = proxy.end();
    let because = "it leads to 127.0.0.2, which is no public address: name that too to allow it".to_owned();
    assert_eq!(find(&contacts, "rebound.org", 80).verdict, ContactVerdict::Refused { because });
    place.end();
}

#[test]
fn one_request_goes_on_and_nothing_is_smuggled_behind_it() {
    let (at, served) = server(3, hello);
    let port = at.port();
    let mut place = Place::new(Network::Allow(vec![]));
    let proxy = place.proxy(&[format!("a.org:{port}"), format!("127.0.0.1:{port}")]);
    let script = format!(
        r#"{TALK}
a = b"http://a.org:{port}/"
evil = b"GET http://c.org/ HTTP/1.1\r\nHost: c.org\r\n\r\n"
# A second request behind the first, and behind a body of either kind.
for first in [b"GET " + a + b" HTTP/1.1\r\nHost: c.org\r\n\r\n",
              b"POST " + a + b" HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"]:
    got = talk(first + evil)
    print(got.count(b"hello"), b"c.org" in got)
for bad in [b"POST " + a + b" HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET " + a + b" HTTP/1.1\r\nX: a\nHost: c.org\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a.org\r\n\r\n",
            b"nonsense\r\n\r\n"]:
    print(talk(bad).split(b"\r\n")[0].decode())
# What comes with a CONNECT goes to the checked host alone.
got = talk(b"CONNECT a.org:{port} HTTP/1.1\r\nHost: c.org\r\n\r\nGET /inner HTTP/1.1\r\n\r\n")
print(got.count(b"HTTP/1.1 200"), b"GET /inner" in got)
"#
    );
    let said = place.python(proxy.env(), &script);
    let expected = "1 False\n1 False\nHTTP/1.1 400 Bad Request\nHTTP/1.1 400 Bad Request\nHTTP/1.1 400 Bad Request\n\
                    HTTP/1.1 400 Bad Request\n2 True\n";
    assert_eq!(said, expected);
    served.join().unwrap();
    let contacts = proxy.end();
    assert!(contacts.iter().all(|c| c.host == "a.org" || c.host == "-"), "{contacts:#?}");
    place.end();
}

#[test]
fn slow_half_closed_and_large_streams_come_through_whole() {
    const LARGE: usize = 10 << 20;
    let (at, served) = server(1, |mut stream| {
        // Everything up to the other's end, then as much back.
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        stream.write_all(&got).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    });
    let (slow_at, slow) = server(1, |mut stream| {
        for byte in b"slowly" {
            std::thread::sleep(Duration::from_millis(60));
            stream.write_all(&[*byte]).unwrap();
        }
    });
    let mut place = Place::new(Network::Allow(vec![]));
    let ports = [at.port(), slow_at.port()];
    let proxy = place.proxy(&ports.map(|port| format!("127.0.0.1:{port}")));
    let script = format!(
        "{TALK}import hashlib, threading\n\
         data = bytes(range(256)) * ({LARGE} // 256)\n\
         got = []\n\
         one = threading.Thread(target=lambda: got.append(talk(b'CONNECT 127.0.0.1:{} HTTP/1.1\\r\\n\\r\\n', data, True)))\n\
         one.start()\n\
         print(talk(b'CONNECT 127.0.0.1:{} HTTP/1.1\\r\\n\\r\\n')[-6:].decode())\n\
         one.join()\n\
         print(got[0] == data)\n",
        ports[0], ports[1]
    );
    assert_eq!(place.python(proxy.env(), &script), "slowly\nTrue\n");
    served.join().unwrap();
    slow.join().unwrap();
    let contacts = proxy.end();
    let large = find(&contacts, "127.0.0.1", ports[0]);
    assert_eq!((large.up, large.down), (LARGE as u64, LARGE as u64));
    assert_eq!(find(&contacts, "127.0.0.1", ports[1]).down, 6);
    place.end();
}

#[test]
fn a_door_leads_to_whoever_answers_there() {
    let mut place = Place::new(Network::Model);
    let listener = place.room.take_doors().remove(0);
    let port = listener.inside.port();
    let door = serve(listener, |mut stream, _| {
        let mut four = [0; 4];
        stream.read_exact(&mut four).unwrap();
        stream.write_all(&[&four[..], b"!"].concat()).unwrap();
    })
    .unwrap();
    let script = format!(
        "import socket\ns = socket.create_connection(('127.0.0.1', {port}), timeout=5)\ns.sendall(b'ping')\nprint(s.recv(9).decode())\n"
    );
    assert_eq!(place.python(vec![], &script), "ping!\n");
    door.close();
    place.end();
}
