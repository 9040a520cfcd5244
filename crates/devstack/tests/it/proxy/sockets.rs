//! What each side of the proxy sees of its socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use devstack::proxy::Proxy;

/// A proxy before a server that this test plays, with one connection through it.
struct Pair {
    proxy: Proxy,
    client: TcpStream,
    server: TcpStream,
}

impl Pair {
    fn connect() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
        let client = connect(proxy.address());
        let server = listener.accept().unwrap().0;
        server.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self { proxy, client, server }
    }

    /// Passes bytes both ways, after which both sides of the connection are known to work.
    fn exchange(&mut self) {
        self.client.write_all(b"question").unwrap();
        assert_eq!(read_text(&mut self.server, 8), "question");
        self.server.write_all(b"answer").unwrap();
        assert_eq!(read_text(&mut self.client, 6), "answer");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    client
}

fn read_text(stream: &mut TcpStream, length: usize) -> String {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// How a read ends that gets no bytes.
fn end_of(stream: &mut TcpStream) -> Option<ErrorKind> {
    match stream.read(&mut [0; 1]) {
        Ok(0) => None,
        Ok(_) => panic!("a byte came"),
        Err(error) => Some(error.kind()),
    }
}

#[test]
fn a_cut_resets_both_sides() {
    let mut pair = Pair::connect();
    pair.exchange();
    pair.proxy.cut_connections();
    assert_eq!(end_of(&mut pair.client), Some(ErrorKind::ConnectionReset));
    assert_eq!(end_of(&mut pair.server), Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_connection_after_a_cut_is_not_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
    proxy.cut_connections();
    let client = connect(proxy.address());
    let server = listener.accept().unwrap().0;
    Pair { proxy, client, server }.exchange();
}

#[test]
fn a_side_that_ends_its_stream_still_gets_the_answer() {
    let mut pair = Pair::connect();
    pair.client.write_all(b"question").unwrap();
    pair.client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut pair.server, 8), "question");
    assert_eq!(end_of(&mut pair.server), None);
    pair.server.write_all(b"answer").unwrap();
    drop(pair.server);
    assert_eq!(read_text(&mut pair.client, 6), "answer");
    assert_eq!(end_of(&mut pair.client), None);
}

#[test]
fn a_half_open_connection_that_lost_no_bytes_goes_on() {
    let mut pair = Pair::connect();
    pair.exchange();
    pair.proxy.half_open();
    pair.proxy.forward();
    pair.exchange();
}

#[test]
fn a_half_open_connection_that_lost_bytes_is_reset_on_both_sides() {
    let mut pair = Pair::connect();
    pair.exchange();
    pair.proxy.half_open();
    pair.client.write_all(b"lost").unwrap();
    pair.server.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(end_of(&mut pair.server), Some(ErrorKind::WouldBlock));
    pair.server.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    pair.proxy.forward();
    assert_eq!(end_of(&mut pair.client), Some(ErrorKind::ConnectionReset));
    assert_eq!(end_of(&mut pair.server), Some(ErrorKind::ConnectionReset));
}

#[test]
fn abandoned_connections_stay_silent_while_new_ones_are_forwarded() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
    let mut abandoned = connect(proxy.address());
    let _server = listener.accept().unwrap().0;
    proxy.abandon_connections();
    abandoned.write_all(b"question").unwrap();
    let mut new = Pair { client: connect(proxy.address()), server: listener.accept().unwrap().0, proxy };
    new.exchange();
    new.proxy.forward();
    new.exchange();
    abandoned.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(end_of(&mut abandoned), Some(ErrorKind::WouldBlock), "neither an answer nor an end");
    new.proxy.cut_connections();
    assert_eq!(end_of(&mut abandoned), Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_server_that_is_not_there_resets_the_client() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(address).unwrap();
    assert_eq!(end_of(&mut connect(proxy.address())), Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_port_that_refused_connections_accepts_them_again() {
    let mut pair = Pair::connect();
    for _ in 0..3 {
        pair.proxy.refuse_connections();
        let error = TcpStream::connect(pair.proxy.address()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        pair.proxy.forward();
        drop(connect(pair.proxy.address()));
    }
    pair.exchange();
}

#[test]
fn the_proxy_ends_with_its_handle() {
    let mut pair = Pair::connect();
    pair.exchange();
    let address = pair.proxy.address();
    drop(pair.proxy);
    assert_eq!(end_of(&mut pair.client), None);
    assert_eq!(end_of(&mut pair.server), None);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
