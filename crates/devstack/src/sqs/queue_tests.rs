//! Tests of the state machine, with a clock that the test moves.

use std::collections::BTreeMap;

use super::*;
use crate::sqs::attributes::Settings;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn queue(fifo: bool) -> Queue {
    Queue::new(7, QueueAttributes::defaults(fifo), at(0))
}

fn content(body: &str, group: Option<&str>) -> Content {
    Content {
        message_id: body.to_owned(),
        body: body.to_owned(),
        body_md5: String::new(),
        attributes: BTreeMap::new(),
        attributes_md5: None,
        trace_header: None,
        group: group.map(Arc::from),
        deduplication_id: None,
    }
}

fn receive(queue: &mut Queue, now: u64, visibility: u32) -> Vec<Delivered> {
    queue.receive(at(now), 10, visibility, None).delivered
}

fn bodies(delivered: &[Delivered]) -> Vec<&str> {
    delivered.iter().map(|delivered| delivered.content.body.as_str()).collect()
}

#[test]
fn a_received_message_is_hidden_until_its_timeout_then_counted_again() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 0);
    let first = receive(&mut queue, 0, 30);
    assert_eq!(first[0].receive_count, 1);
    assert!(receive(&mut queue, 29_999, 30).is_empty());
    let second = receive(&mut queue, 30_000, 30);
    assert_eq!((second[0].receive_count, second[0].first_received_at), (2, at(0)));
}

#[test]
fn ended_visibility_timeouts_show_what_is_in_flight_in_its_order() {
    let mut queue = queue(true);
    for body in ["a", "b", "c"] {
        queue.send(at(0), content(body, Some("g")), 0);
    }
    assert_eq!(bodies(&queue.receive(at(0), 2, 3600, None).delivered), ["a", "b"]);
    queue.end_visibility_timeouts(at(1));
    assert_eq!(queue.counts(), Counts { visible: 3, in_flight: 0, delayed: 0 });
    assert_eq!(bodies(&receive(&mut queue, 1, 30)), ["a", "b", "c"]);
}

#[test]
fn a_stale_receipt_deletes_nothing_and_succeeds() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 0);
    let stale = receive(&mut queue, 0, 1)[0].receipt.encode();
    let fresh = receive(&mut queue, 2000, 30)[0].receipt.encode();
    queue.delete(at(2000), &stale).unwrap();
    assert_eq!(queue.counts().in_flight, 1);
    queue.delete(at(2000), &fresh).unwrap();
    queue.delete(at(2000), &fresh).unwrap();
    assert_eq!(queue.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn an_expired_receipt_still_deletes_a_message_nobody_else_received() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 0);
    let receipt = receive(&mut queue, 0, 1)[0].receipt.encode();
    queue.delete(at(5000), &receipt).unwrap();
    assert!(receive(&mut queue, 5000, 1).is_empty());
}

#[test]
fn a_fifo_queue_refuses_an_expired_receipt() {
    let mut queue = queue(true);
    queue.send(at(0), content("a", Some("g")), 0);
    let receipt = receive(&mut queue, 0, 1)[0].receipt.encode();
    let error = queue.delete(at(5000), &receipt).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidParameterValue);
}

#[test]
fn a_receipt_of_another_queue_is_invalid() {
    let mut queue = queue(false);
    let receipt = Receipt { queue: 8, message: 0, receive: 1 }.encode();
    let error = queue.delete(at(0), &receipt).unwrap_err();
    assert_eq!(error.code, ErrorCode::ReceiptHandleIsInvalid);
}

#[test]
fn visibility_can_be_extended_given_up_and_not_beyond_twelve_hours() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 0);
    let receipt = receive(&mut queue, 0, 1)[0].receipt.encode();
    queue.change_visibility(at(500), &receipt, 60).unwrap();
    assert!(receive(&mut queue, 30_000, 1).is_empty());
    let error = queue.change_visibility(at(30_000), &receipt, 43_200).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidParameterValue);
    queue.change_visibility(at(30_000), &receipt, 0).unwrap();
    let error = queue.change_visibility(at(30_000), &receipt, 10).unwrap_err();
    assert_eq!(error.code, ErrorCode::MessageNotInflight);
    assert_eq!(receive(&mut queue, 30_000, 1).len(), 1);
}

#[test]
fn a_delayed_message_comes_when_its_delay_is_over() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 5);
    assert_eq!(queue.counts().delayed, 1);
    assert_eq!(queue.next_due(), Some(at(5000)));
    assert!(receive(&mut queue, 4999, 30).is_empty());
    assert_eq!(receive(&mut queue, 5000, 30).len(), 1);
}

#[test]
fn a_message_received_too_often_leaves_the_queue_at_the_next_receive() {
    let mut queue = queue(false);
    queue.send(at(0), content("a", None), 0);
    for now in 0..2 {
        assert_eq!(queue.receive(at(now), 10, 0, Some(2)).delivered.len(), 1);
    }
    let received = queue.receive(at(2), 10, 0, Some(2));
    assert!(received.delivered.is_empty());
    assert_eq!(received.received_too_often[0].receive_count, 2);
    assert_eq!(queue.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn a_message_received_too_often_frees_its_group() {
    let mut queue = queue(true);
    queue.send(at(0), content("a", Some("g")), 0);
    queue.send(at(0), content("b", Some("g")), 0);
    assert_eq!(bodies(&queue.receive(at(0), 1, 1, Some(1)).delivered), ["a"]);
    let received = queue.receive(at(1000), 1, 1, Some(1));
    assert_eq!((received.received_too_often.len(), bodies(&received.delivered)), (1, vec!["b"]));
}

#[test]
fn messages_expire_after_the_retention_period_wherever_they_are() {
    let mut queue = queue(false);
    let settings = Settings::from([("MessageRetentionPeriod".to_owned(), "60".to_owned())]);
    queue.attributes = queue.attributes.with(&settings).unwrap();
    for (body, delay) in [("visible", 0), ("received", 0), ("delayed", 900)] {
        queue.send(at(0), content(body, None), delay);
    }
    queue.send(at(10_000), content("younger", None), 0);
    queue.receive(at(10_000), 1, 3600, None);
    queue.advance(at(60_000));
    assert_eq!(queue.counts(), Counts { visible: 1, in_flight: 0, delayed: 0 });
    assert_eq!(bodies(&receive(&mut queue, 60_000, 30)), ["younger"]);
}

#[test]
fn sequence_numbers_grow() {
    let mut queue = queue(true);
    let first = queue.send(at(0), content("a", Some("g")), 0).unwrap();
    let second = queue.send(at(0), content("b", Some("h")), 0).unwrap();
    assert!(second > first);
    assert_eq!(first.to_string().len(), 20);
}

#[test]
fn purge_leaves_nothing() {
    let mut queue = queue(true);
    for body in ["a", "b", "c"] {
        queue.send(at(0), content(body, Some(body)), u32::from(body == "c"));
    }
    queue.receive(at(0), 1, 30, None);
    queue.purge();
    assert_eq!(queue.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
    assert!(receive(&mut queue, 100_000, 30).is_empty());
}

/// What a call visits must not grow with the backlog: ids left behind by deleted messages are
/// bounded by the messages that are there.
#[test]
fn bookkeeping_stays_in_proportion_to_the_messages_there() {
    let mut queue = queue(false);
    for _ in 0..50_000 {
        queue.send(at(0), content("a", None), 0);
        let receipt = receive(&mut queue, 0, 30)[0].receipt.encode();
        queue.delete(at(0), &receipt).unwrap();
    }
    assert!(queue.timers.is_empty());
    assert!(queue.ages.len() <= 1025);
    assert!(matches!(&queue.line, Line::Standard(ids) if ids.is_empty()));
}

/// With a scan anywhere this would last for hours.
#[test]
fn a_backlog_of_200_000_messages_is_worked_off_each_message_once() {
    let mut queue = queue(false);
    for index in 0..200_000 {
        queue.send(at(0), content(&index.to_string(), None), 0);
    }
    let mut seen = std::collections::HashSet::new();
    loop {
        let delivered = receive(&mut queue, 0, 30);
        if delivered.is_empty() {
            break;
        }
        for message in delivered {
            queue.delete(at(0), &message.receipt.encode()).unwrap();
            assert!(seen.insert(message.content.message_id.clone()));
        }
    }
    assert_eq!(seen.len(), 200_000);
}
