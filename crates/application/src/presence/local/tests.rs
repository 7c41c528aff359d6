use uuid::Uuid;

use super::*;

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000)
}

/// Says all that is to be said, and is heard.
fn says(local: &mut Local) -> Vec<(UserId, Here)> {
    let edges = local.take();
    local.heard(&edges);
    assert!(local.take().is_empty());
    edges
}

#[test]
fn only_the_first_and_the_last_connection_are_said() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    assert_eq!(says(&mut local), [(user(1), Here::Active)]);
    local.connect(user(1), "laptop", at(1));
    local.disconnect("phone", Departure::Lost);
    local.disconnect("phone", Departure::Lost);
    assert_eq!(says(&mut local), []);
    local.disconnect("laptop", Departure::Lost);
    assert_eq!(says(&mut local), [(user(1), Here::Gone)]);
    assert!(local.people.is_empty() && local.connections.is_empty());
}

#[test]
fn who_comes_and_goes_before_anything_was_said_is_not_mentioned() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    local.disconnect("phone", Departure::Lost);
    assert_eq!(says(&mut local), []);
    assert!(local.people.is_empty());
}

#[test]
fn signing_out_is_said_wherever_there_is_no_other_connection() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    local.connect(user(1), "laptop", at(0));
    says(&mut local);
    local.disconnect("phone", Departure::SignedOut);
    local.sign_out(user(1));
    assert_eq!(says(&mut local), []);
    local.disconnect("laptop", Departure::Lost);
    assert_eq!(
        says(&mut local),
        [(user(1), Here::Gone)],
        "the laptop did not sign out"
    );
    local.sign_out(user(1));
    assert_eq!(says(&mut local), [(user(1), Here::SignedOut)], "now it did");
    assert!(local.people.is_empty());
}

#[test]
fn five_minutes_without_input_on_every_device_are_away() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    local.connect(user(1), "laptop", at(0));
    says(&mut local);
    local.input("laptop", true, at(200));
    local.look_for_idle(at(300));
    assert_eq!(says(&mut local), []);
    local.look_for_idle(at(499));
    assert_eq!(says(&mut local), []);
    local.look_for_idle(at(500));
    assert_eq!(says(&mut local), [(user(1), Here::Away)]);
    assert!(local.input("phone", true, at(501)));
    assert!(!local.input("phone", true, at(502)), "no news");
    assert_eq!(says(&mut local), [(user(1), Here::Active)]);
    local.look_for_idle(at(802));
    assert_eq!(says(&mut local), [(user(1), Here::Away)]);
}

#[test]
fn a_device_can_say_that_nobody_is_at_it() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    says(&mut local);
    local.input("phone", false, at(1));
    assert_eq!(says(&mut local), [(user(1), Here::Away)]);
    local.look_for_idle(at(10_000));
    assert_eq!(says(&mut local), []);
}

#[test]
fn what_may_not_have_been_heard_is_said_again_as_it_is_then() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    local.connect(user(2), "tablet", at(0));
    let edges = local.take();
    local.disconnect("phone", Departure::Lost);
    local.unsure(&edges);
    assert_eq!(
        says(&mut local),
        [(user(1), Here::Gone), (user(2), Here::Active)]
    );
}

#[test]
fn a_store_that_forgot_is_told_of_everybody_who_is_here() {
    let mut local = Local::default();
    local.connect(user(1), "phone", at(0));
    local.connect(user(2), "tablet", at(0));
    says(&mut local);
    local.input("tablet", false, at(1));
    local.say_all();
    assert_eq!(
        says(&mut local),
        [(user(1), Here::Active), (user(2), Here::Away)]
    );
}
