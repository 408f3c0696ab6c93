//! Measures what the meter adds to a request, and to a stream of 10 MB, beside the same without it. Prints JSON in
//! milliseconds, one number a round. `cargo xtask bench meter` starts it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use fairtrial_wire::meter::{Meter, Settings};

const ROUNDS: usize = 300;
const STREAMS: usize = 8;
const STREAM_BYTES: usize = 10_000_000;

/// Answers each request on one connection: a small answer, or a long stream where the path says so.
fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        let text = "x".repeat(400);
        let delta = format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\
             \"text_delta\",\"text\":\"{text}\"}}}}\n\n"
        );
        let times = if first.contains("/long/") { STREAM_BYTES / delta.len() } else { 3 };
        for _ in 0..times {
            write!(stream, "{:x}\r\n{delta}\r\n", delta.len())?;
        }
        let stop = "data: {\"type\":\"message_stop\"}\n\n";
        write!(stream, "{:x}\r\n{stop}\r\n0\r\n\r\n", stop.len())?;
    }
}

async fn ask(client: &reqwest::Client, url: &str, body: &str) -> Result<f64, reqwest::Error> {
    let started = Instant::now();
    let mut response = client.post(url).body(body.to_owned()).send().await?;
    while response.chunk().await?.is_some() {}
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let upstream = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    let meter = Meter::start(Settings { upstream: upstream.clone(), ..Settings::default() })?;
    let metered = meter.base_url();
    let client = fairtrial_wire::client(&upstream, Some(Duration::from_secs(60)))?;
    // As large as a real first request.
    let body = serde_json::json!({ "model": "m", "messages": [{ "role": "user", "content": "word ".repeat(10_000) }] });
    let body = body.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures = std::collections::BTreeMap::from([
        ("direct", vec![]),
        ("metered", vec![]),
        ("direct_stream", vec![]),
        ("metered_stream", vec![]),
    ]);
    runtime.block_on(async {
        for round in 0..ROUNDS + 20 {
            for (name, base) in [("direct", &upstream), ("metered", &metered)] {
                let ms = ask(&client, &format!("{base}/v1/messages"), &body).await?;
                // The first ones warm up.
                if round >= 20 {
                    figures.entry(name).or_default().push(ms);
                }
            }
        }
        for _ in 0..STREAMS {
            for (name, base) in [("direct_stream", &upstream), ("metered_stream", &metered)] {
                figures
                    .entry(name)
                    .or_default()
                    .push(ask(&client, &format!("{base}/long/v1/messages"), &body).await?);
            }
        }
        Ok::<(), reqwest::Error>(())
    })?;
    let traffic = meter.finish(None);
    if traffic.exchanges.iter().any(|exchange| exchange.fault.is_some()) {
        return Err("an exchange failed".into());
    }
    serde_json::to_writer(io::stdout(), &figures)?;
    Ok(())
}
